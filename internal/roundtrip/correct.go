package roundtrip

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// correction mends what was read of a key that differs, and takes what is mended off what the key lacks. It gives what
// it has done in a sentence, "" where the key's difference is not its business.
type correction func(c *convention.Convention, k *Key) string

var corrections = []correction{
	dropElement, dropOtherType, dropManySwitch, dropBlock, dropName, followHosts, numberPort, dropLabel,
}

// Correct mends the convention where it is known how, and completes it anew. The keys that it has mended have a note.
func Correct(c *convention.Convention, keys []Key) error {
	isMended := false
	for i := range keys {
		k := &keys[i]
		for _, correct := range corrections {
			if k.Result != Differs {
				break
			}
			if k.Note = correct(c, k); k.Note != "" {
				k.Result, isMended = Corrected, true
				break
			}
		}
	}
	if !isMended {
		return nil
	}
	return c.Complete()
}

// IsKept reports whether the convention still has a corrected key where it was.
func (k Key) IsKept(c *convention.Convention) bool {
	return k.Result == Corrected && c.Values[k.Key].Path == k.Path
}

// Again puts the outcome of another comparison beside that of the first, for keys that have been corrected.
func Again(keys, again []Key) []Key {
	out := slices.Clone(keys)
	for _, now := range again {
		i := slices.IndexFunc(out, func(k Key) bool { return k.Key == now.Key })
		out[i].Here, out[i].Lacks = now.Here, now.Lacks
	}
	return out
}

// drop takes back that a key has its path, and that its relatives follow it there.
func drop(c *convention.Convention, k *Key) {
	path := yamldoc.SplitPath(k.Path)
	beside := "beside " + yamldoc.JoinPath(path[:len(path)-1]...)
	delete(c.Values, k.Key)
	k.Lacks = nil
	maps.DeleteFunc(c.Values, func(_ string, v convention.Value) bool {
		return v.Confidence == convention.Default && v.Evidence == beside
	})
}

// dropElement leaves alone what lies in a list that is empty by default: one element there is not the key's place.
func dropElement(c *convention.Convention, k *Key) string {
	if !k.there.IsOptional {
		return ""
	}
	drop(c, k)
	return fmt.Sprintf("%s is an element of a list that is empty in %s, and is not taken for %s.",
		k.Path, k.Chart, k.Key)
}

// dropOtherType leaves alone a text or a number where the new chart needs a map or a list: a part of it at most.
func dropOtherType(c *convention.Convention, k *Key) string {
	isMany := k.here.Type == typeMap || k.here.Type == typeList
	if !k.hasOtherType() || !isMany || c.Sheet.Of(k.Key).Shapes != nil {
		return ""
	}
	drop(c, k)
	return fmt.Sprintf("%s is a %s in %s, and not all of %s, which keeps its own place.",
		k.Path, k.there.Type, k.Chart, k.Key)
}

// dropManySwitch leaves alone a switch that takes the workload away too: it is not that of the object alone.
func dropManySwitch(c *convention.Convention, k *Key) string {
	if k.there.Type != typeBool || !slices.Contains(k.Lacks, "workload") {
		return ""
	}
	drop(c, k)
	there := slices.DeleteFunc(slices.Clone(k.There), func(move string) bool { return !isObject(move) })
	return fmt.Sprintf("%s switches %s in %s, and is not taken for %s.",
		k.Path, strings.Join(there, ", "), k.Chart, k.Key)
}

// dropBlock leaves alone a block that holds settings of other objects too, and so is not that of the variables.
func dropBlock(c *convention.Convention, k *Key) string {
	others := slices.DeleteFunc(slices.Clone(k.Lacks), func(move string) bool {
		return strings.HasPrefix(move, "container ") || strings.HasPrefix(move, "ConfigMap ") ||
			strings.HasPrefix(move, "Secret ")
	})
	if k.Key != "env" || len(others) == 0 {
		return ""
	}
	drop(c, k)
	return fmt.Sprintf("%s moves %s too in %s, and is not taken for the variables.",
		k.Path, strings.Join(others, ", "), k.Chart)
}

// dropName leaves alone a value that names the workload: what else has it is called like that.
func dropName(c *convention.Convention, k *Key) string {
	if !slices.Contains(k.Lacks, "workload metadata.name") {
		return ""
	}
	drop(c, k)
	return fmt.Sprintf("%s names the workload in %s, and is not taken for %s.", k.Path, k.Chart, k.Key)
}

// tlsHosts are the hosts that a certificate of the Ingress is for.
const tlsHosts = "Ingress spec.tls[*].hosts[*]"

// followHosts lets the hosts of certificates be those of the Ingress, where one value is both.
func followHosts(c *convention.Convention, k *Key) string {
	tls := c.Values["ingress.tls"]
	isHost := k.Key == "ingress.hosts" || k.Key == "ingress.domain"
	if !isHost || !slices.Contains(k.Lacks, tlsHosts) || tls.Shape != "" && tls.Shape != convention.TLSList {
		return ""
	}
	c.Values["ingress.tls"] = convention.Value{
		Path: c.PathOf("ingress.tls"), Shape: convention.TLSFollows,
		Fact: convention.Fact{
			Evidence:   fmt.Sprintf("%s: %s moves %s", k.Chart, k.Path, tlsHosts),
			Confidence: convention.Probed,
		},
	}
	k.Lacks = slices.DeleteFunc(k.Lacks, func(move string) bool { return move == tlsHosts })
	return fmt.Sprintf("The certificate's hosts follow %s, as in %s.", k.Path, k.Chart)
}

// numberPort gives the container's port a number where the sibling has one.
func numberPort(c *convention.Convention, k *Key) string {
	if k.Key != "service.targetPort" || k.there.Type != typeNumber || k.here.Type != typeText {
		return ""
	}
	v := c.Values[k.Key]
	v.Shape = convention.PortNumber
	c.Values[k.Key], k.Lacks = v, nil
	return fmt.Sprintf("%s is a number, as in %s: the server listens on it.", k.Path, k.Chart)
}

// dropLabel leaves out a label that a value decides. The selector keeps at least one.
func dropLabel(c *convention.Convention, k *Key) string {
	name, isLabel := strings.CutPrefix(k.Key, labelWord)
	without := func(labels []convention.Label) []convention.Label {
		return slices.DeleteFunc(slices.Clone(labels), func(l convention.Label) bool { return l.Name == name })
	}
	selector := without(c.Labels.Selector)
	if !isLabel || len(selector) == 0 {
		return ""
	}
	c.Labels.Set, c.Labels.Selector = without(c.Labels.Set), selector
	c.Labels.ServiceSelector, k.Lacks = without(c.Labels.ServiceSelector), nil
	return fmt.Sprintf("The label %s is the value %s in %s, and is left out.", name, k.Path, k.Chart)
}

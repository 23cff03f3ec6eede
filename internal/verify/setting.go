package verify

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	sigsjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// setting is a text that a container is given, as far as the chart shows it.
type setting struct {
	text    string
	isKnown bool
	field   string // the pod's field that the text is ("status.hostIP")
	from    string // where the text comes from, for findings
	isOpen  bool   // whoever may read the pod or a ConfigMap reads the text
	missing bool   // the chart makes the object that the text comes from, without the entry
	// maker is the chart's object from which an operator makes the Secret that
	// the text comes from ("ExternalSecret calls-keys").
	maker string
}

// entry reads one entry of a ConfigMap or a Secret.
func (in *input) entry(kind, name, key string) setting {
	out := setting{from: fmt.Sprintf("entry %s of %s %s", key, kind, name), isOpen: kind == "ConfigMap"}
	if o := find(in.objects, kind, name); o != nil {
		out.text, out.isKnown = dataOf(*o)[key]
		out.missing = !out.isKnown
	} else if kind == "Secret" {
		out.maker, out.missing = in.madeEntry(name, key)
	}
	return out
}

// dataOf gives the texts of the chart's ConfigMap or Secret of a name.
func (in *input) dataOf(kind, name string) map[string]string {
	return dataOf(ptr.Deref(find(in.objects, kind, name), manifest.Object{}))
}

// dataOf gives the texts of a ConfigMap or a Secret.
func dataOf(o manifest.Object) map[string]string {
	out := o.TextMap("data")
	for k, v := range out {
		text, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(v), ""))
		if err == nil && o.Kind() == "Secret" {
			out[k] = string(text)
		}
	}
	maps.Copy(out, o.TextMap("stringData"))
	return out
}

// environmentOf gives a container's variables.
func (in *input) environmentOf(c *corev1.Container) map[string]setting {
	env := map[string]setting{}
	for _, from := range c.EnvFrom {
		kind, name := "Secret", ptr.Deref(from.SecretRef, corev1.SecretEnvSource{}).Name
		if from.ConfigMapRef != nil {
			kind, name = "ConfigMap", from.ConfigMapRef.Name
		}
		for key := range in.dataOf(kind, name) {
			env[from.Prefix+key] = in.entry(kind, name, key)
		}
	}
	for _, e := range c.Env {
		env[e.Name] = in.variable(e, env)
	}
	return env
}

// variable resolves one variable by those before it.
func (in *input) variable(e corev1.EnvVar, before map[string]setting) setting {
	from := e.ValueFrom
	switch {
	case from == nil:
		out := expand(e.Value, before)
		out.from = cmp.Or(out.from, "variable "+e.Name)
		return out
	case from.ConfigMapKeyRef != nil:
		return in.entry("ConfigMap", from.ConfigMapKeyRef.Name, from.ConfigMapKeyRef.Key)
	case from.SecretKeyRef != nil:
		return in.entry("Secret", from.SecretKeyRef.Name, from.SecretKeyRef.Key)
	case from.FieldRef != nil && from.FieldRef.FieldPath == "metadata.labels['"+podIndex+"']":
		// The first pod stands for all of them.
		return setting{text: "0", isKnown: true, isOpen: true, from: "the pod's number"}
	case from.FieldRef != nil:
		return setting{field: from.FieldRef.FieldPath, from: "the pod's " + from.FieldRef.FieldPath}
	}
	return setting{from: "variable " + e.Name}
}

var reference = regexp.MustCompile(`\$\$|\$\([^)]*\)`)

// expand puts variables into $(NAME), as Kubernetes does it in env and args.
func expand(text string, env map[string]setting) setting {
	out := setting{isKnown: true, isOpen: true}
	var from []string
	if v, ok := env[strings.TrimSuffix(strings.TrimPrefix(text, "$("), ")")]; ok && reference.FindString(text) == text {
		return v
	}
	out.text = reference.ReplaceAllStringFunc(text, func(ref string) string {
		v, ok := env[strings.Trim(ref, "$()")]
		switch {
		case ref == "$$":
			return "$"
		case !ok:
			return ref
		}
		out.isKnown = out.isKnown && v.isKnown
		out.missing = out.missing || v.missing
		out.isOpen = out.isOpen && v.isOpen
		out.maker = cmp.Or(v.maker, out.maker)
		if v.from != "" {
			from = append(from, v.from)
		}
		return v.text
	})
	out.from = strings.Join(slices.Compact(from), " and ")
	return out
}

// file gives what stands in a file of the container, and the mode of the file.
func (s *server) file(name string) (setting, int32) {
	var mount corev1.VolumeMount // the deepest one above the file
	within := ""
	for _, m := range s.container.VolumeMounts {
		rest, isBelow := strings.CutPrefix(name+"/", strings.TrimSuffix(m.MountPath, "/")+"/")
		if isBelow && len(m.MountPath) > len(mount.MountPath) {
			mount, within = m, strings.Trim(m.SubPath+"/"+rest, "/")
		}
	}
	if mount.Name == "" {
		return setting{from: "a file that no volume holds", missing: true}, 0
	}
	volume := first(s.pod.Volumes, func(v corev1.Volume) bool { return v.Name == mount.Name })
	return s.in.volumeFile(ptr.Deref(volume, corev1.Volume{Name: mount.Name}), within)
}

// fileSource is an object whose entries are files of a volume.
type fileSource struct {
	kind, name string
	items      []corev1.KeyToPath // none for all entries by their names
}

func sourcesOf(v corev1.Volume) (sources []fileSource, mode *int32) {
	if m := v.ConfigMap; m != nil {
		return []fileSource{{"ConfigMap", m.Name, m.Items}}, m.DefaultMode
	}
	if s := v.Secret; s != nil {
		return []fileSource{{"Secret", s.SecretName, s.Items}}, s.DefaultMode
	}
	projected := ptr.Deref(v.Projected, corev1.ProjectedVolumeSource{})
	for _, p := range projected.Sources {
		if m := p.ConfigMap; m != nil {
			sources = append(sources, fileSource{"ConfigMap", m.Name, m.Items})
		} else if s := p.Secret; s != nil {
			sources = append(sources, fileSource{"Secret", s.Name, s.Items})
		}
	}
	return sources, projected.DefaultMode
}

// volumeFile gives a file of a volume: of several sources, the first that has it.
func (in *input) volumeFile(v corev1.Volume, name string) (content setting, mode int32) {
	sources, defaultMode := sourcesOf(v)
	content.from = "volume " + v.Name
	for _, source := range sources {
		key := name
		mode = ptr.Deref(defaultMode, 0o644)
		if len(source.items) > 0 {
			item := first(source.items, func(item corev1.KeyToPath) bool { return item.Path == name })
			if item == nil {
				content = setting{from: fmt.Sprintf("volume %s, which has no file %s", v.Name, name), missing: true}
				continue
			}
			key, mode = item.Key, ptr.Deref(item.Mode, mode)
		}
		if content = in.entry(source.kind, source.name, key); !content.missing {
			break
		}
	}
	return content, mode
}

// parseYAML reads a map as the objects' own are read: whole numbers are int64.
func parseYAML(text string) (map[string]any, error) {
	out := map[string]any{}
	raw, err := yaml.YAMLToJSONStrict([]byte(text))
	if err != nil || string(raw) == "null" {
		return out, err
	}
	if err := sigsjson.UnmarshalCaseSensitivePreserveInts(raw, &out); err != nil {
		return out, errors.New("it is no mapping of keys to values")
	}
	return out, nil
}

// madeEntry looks for the object of the chart from which an operator makes a Secret, and reports whether the Secret
// will lack an entry, as far as the object says which ones it has.
func (in *input) madeEntry(secret, key string) (maker string, lacks bool) {
	for _, o := range in.ofKind("ExternalSecret", "SealedSecret", "OnePasswordItem") {
		// External Secrets alone can give the Secret another name.
		if cmp.Or(o.Text("spec", "target", "name"), o.Name()) == secret {
			return o.Kind() + " " + o.Name(), !mayMake(o, key)
		}
	}
	return "", false
}

// mayMake reports whether the Secret that is made from an object can have an entry: an item of 1Password, a whole
// secret of a store (dataFrom) and a template give more than the object shows.
func mayMake(o manifest.Object, key string) bool {
	switch o.Kind() {
	case "SealedSecret":
		_, isSealed := o.TextMap("spec", "encryptedData")[key]
		_, isPlain := o.TextMap("spec", "template", "data")[key]
		return isSealed || isPlain
	case "ExternalSecret":
		return len(o.List("spec", "dataFrom")) > 0 || o.Get("spec", "target", "template") != nil ||
			o.Text("spec", "target", "creationPolicy") == "Merge" ||
			slices.ContainsFunc(o.List("spec", "data"), func(item any) bool {
				entry, _ := item.(map[string]any)
				return entry["secretKey"] == key
			})
	}
	return true
}

package verify

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	sigsjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// setting is a text that a container is given, as far as the chart shows it.
type setting struct {
	text    string
	isKnown bool
	// field is the pod's field that the text is ("status.hostIP").
	field string
	// from says where the text comes from, for findings.
	from string
	// isOpen says that whoever may read the pod or a ConfigMap reads the text.
	isOpen bool
	// missing says that the chart makes the object that the text comes from
	// without the entry.
	missing bool
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

// dataOf gives the texts of a ConfigMap or a Secret.
func dataOf(o manifest.Object) map[string]string {
	out := o.TextMap("data")
	if o.Kind() != "Secret" {
		return out
	}
	for k, v := range out {
		text, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(v), ""))
		if err == nil {
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
		kind, name := "Secret", ""
		switch {
		case from.ConfigMapRef != nil:
			kind, name = "ConfigMap", from.ConfigMapRef.Name
		case from.SecretRef != nil:
			name = from.SecretRef.Name
		}
		if o := find(in.objects, kind, name); o != nil {
			for key := range dataOf(*o) {
				env[from.Prefix+key] = in.entry(kind, name, key)
			}
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
	case from.FieldRef != nil:
		return setting{field: from.FieldRef.FieldPath, from: "the pod's " + from.FieldRef.FieldPath}
	}
	return setting{from: "variable " + e.Name}
}

var reference = regexp.MustCompile(`\$\$|\$\([^)]*\)`)

// expand puts variables into $(NAME), as Kubernetes does it in env and args.
func expand(text string, env map[string]setting) setting {
	out := setting{isKnown: true, isOpen: true}
	if name, ok := strings.CutPrefix(text, "$("); ok && strings.HasSuffix(name, ")") && !strings.Contains(name, "$") {
		if v, ok := env[strings.TrimSuffix(name, ")")]; ok {
			return v
		}
	}
	var from []string
	out.text = reference.ReplaceAllStringFunc(text, func(ref string) string {
		if ref == "$$" {
			return "$"
		}
		v, ok := env[ref[2:len(ref)-1]]
		if !ok {
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
			mount, within = m, strings.TrimSuffix(rest, "/")
		}
	}
	if mount.Name == "" {
		return setting{from: "a file that no volume holds", missing: true}, 0
	}
	if mount.SubPath != "" {
		within = strings.TrimSuffix(mount.SubPath+"/"+within, "/")
	}
	volume := first(s.pod.Volumes, func(v corev1.Volume) bool { return v.Name == mount.Name })
	if volume == nil {
		return setting{from: "volume " + mount.Name}, 0
	}
	return s.in.volumeFile(*volume, within)
}

// fileSource is an object whose entries are files of a volume.
type fileSource struct {
	kind, name string
	items      []corev1.KeyToPath // none for all entries by their names
}

func sourcesOf(v corev1.Volume) (sources []fileSource, mode *int32) {
	switch {
	case v.ConfigMap != nil:
		return []fileSource{{"ConfigMap", v.ConfigMap.Name, v.ConfigMap.Items}}, v.ConfigMap.DefaultMode
	case v.Secret != nil:
		return []fileSource{{"Secret", v.Secret.SecretName, v.Secret.Items}}, v.Secret.DefaultMode
	case v.Projected == nil:
		return nil, nil
	}
	for _, p := range v.Projected.Sources {
		switch {
		case p.ConfigMap != nil:
			sources = append(sources, fileSource{"ConfigMap", p.ConfigMap.Name, p.ConfigMap.Items})
		case p.Secret != nil:
			sources = append(sources, fileSource{"Secret", p.Secret.Name, p.Secret.Items})
		}
	}
	return sources, v.Projected.DefaultMode
}

// volumeFile gives a file of a volume: of several sources, the first that has it.
func (in *input) volumeFile(v corev1.Volume, name string) (content setting, mode int32) {
	sources, defaultMode := sourcesOf(v)
	if len(sources) == 0 {
		return setting{from: "volume " + v.Name}, 0
	}
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
	raw, err := yaml.YAMLToJSONStrict([]byte(text))
	if err != nil {
		return nil, err
	}
	var v any
	if err := sigsjson.UnmarshalCaseSensitivePreserveInts(raw, &v); err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case nil:
		return map[string]any{}, nil
	case map[string]any:
		return v, nil
	}
	return nil, fmt.Errorf("it is no mapping of keys to values")
}

// lookup follows a dotted path.
func lookup(m map[string]any, path string) any { return livekit.Lookup(m, path) }

// madeEntry looks for the object of the chart from which an operator makes a
// Secret, and reports whether the Secret will lack an entry, as far as the
// object says which ones it has.
func (in *input) madeEntry(secret, key string) (maker string, lacks bool) {
	for _, o := range in.ofKind("ExternalSecret", "SealedSecret", "OnePasswordItem") {
		// External Secrets alone can give the Secret another name.
		if cmp.Or(o.Text("spec", "target", "name"), o.Name()) == secret {
			return o.Kind() + " " + o.Name(), !mayMake(o, key)
		}
	}
	return "", false
}

// mayMake reports whether the Secret that is made from an object can have an
// entry: an item of 1Password, a whole secret of a store (dataFrom) and a
// template give more than the object shows.
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

// origin says of a text that the chart does not show when it is there.
func (v setting) origin() string {
	if v.maker != "" {
		return fmt.Sprintf("%s, which an operator makes from %s", v.from, v.maker)
	}
	return v.from + ", which must be there before the install"
}

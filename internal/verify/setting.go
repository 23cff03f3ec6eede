package verify

import (
	"encoding/base64"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	sigsjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

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
func (s *subject) entry(kind, name, key string) setting {
	out := setting{from: fmt.Sprintf("entry %s of %s %s", key, kind, name), isOpen: kind == "ConfigMap"}
	o, ok := s.find(kind, name)
	if !ok && kind == "Secret" {
		out.maker, out.missing = s.madeEntry(name, key)
	}
	if !ok {
		return out
	}
	text, ok := dataOf(o)[key]
	out.text, out.isKnown, out.missing = text, ok, !ok
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
func (s *subject) environmentOf(c corev1.Container) map[string]setting {
	env := map[string]setting{}
	for _, from := range c.EnvFrom {
		kind, name := "Secret", ""
		switch {
		case from.ConfigMapRef != nil:
			kind, name = "ConfigMap", from.ConfigMapRef.Name
		case from.SecretRef != nil:
			name = from.SecretRef.Name
		}
		if o, ok := s.find(kind, name); ok {
			for key := range dataOf(o) {
				env[from.Prefix+key] = s.entry(kind, name, key)
			}
		}
	}
	for _, e := range c.Env {
		env[e.Name] = s.variable(e, env)
	}
	return env
}

// variable resolves one variable by those before it.
func (s *subject) variable(e corev1.EnvVar, before map[string]setting) setting {
	from := e.ValueFrom
	switch {
	case from == nil:
		out := expand(e.Value, before)
		if out.from == "" {
			out.from = "variable " + e.Name
		}
		return out
	case from.ConfigMapKeyRef != nil:
		return s.entry("ConfigMap", from.ConfigMapKeyRef.Name, from.ConfigMapKeyRef.Key)
	case from.SecretKeyRef != nil:
		return s.entry("Secret", from.SecretKeyRef.Name, from.SecretKeyRef.Key)
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
		if v.maker != "" {
			out.maker = v.maker
		}
		if v.from != "" {
			from = append(from, v.from)
		}
		return v.text
	})
	out.from = strings.Join(slices.Compact(from), " and ")
	return out
}

// file gives what stands in a file of the container, and the mode of the file.
func (s *subject) file(pod *corev1.PodSpec, c corev1.Container, name string) (content setting, mode int32) {
	var mount *corev1.VolumeMount
	for i, m := range c.VolumeMounts {
		isThere := m.MountPath == name || strings.HasPrefix(name, strings.TrimSuffix(m.MountPath, "/")+"/")
		if isThere && (mount == nil || len(m.MountPath) > len(mount.MountPath)) {
			mount = &c.VolumeMounts[i]
		}
	}
	if mount == nil {
		return setting{from: "a file that no volume holds", missing: true}, 0
	}
	within := strings.TrimPrefix(strings.TrimPrefix(name, strings.TrimSuffix(mount.MountPath, "/")), "/")
	if mount.SubPath != "" {
		within = strings.TrimSuffix(mount.SubPath+"/"+within, "/")
	}
	i := slices.IndexFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == mount.Name })
	if i < 0 {
		return setting{from: "volume " + mount.Name}, 0
	}
	return s.volumeFile(pod.Volumes[i], within)
}

func (s *subject) volumeFile(v corev1.Volume, name string) (content setting, mode int32) {
	mode = 0o644
	set := func(m *int32) {
		if m != nil {
			mode = *m
		}
	}
	read := func(kind, object string, items []corev1.KeyToPath) (setting, bool) {
		if len(items) == 0 {
			return s.entry(kind, object, name), true
		}
		for _, item := range items {
			if item.Path == name {
				set(item.Mode)
				return s.entry(kind, object, item.Key), true
			}
		}
		return setting{from: fmt.Sprintf("volume %s, which has no file %s", v.Name, name), missing: true}, false
	}
	switch {
	case v.ConfigMap != nil:
		set(v.ConfigMap.DefaultMode)
		content, _ = read("ConfigMap", v.ConfigMap.Name, v.ConfigMap.Items)
	case v.Secret != nil:
		set(v.Secret.DefaultMode)
		content, _ = read("Secret", v.Secret.SecretName, v.Secret.Items)
	case v.Projected != nil:
		set(v.Projected.DefaultMode)
		for _, source := range v.Projected.Sources {
			ok := false
			switch {
			case source.ConfigMap != nil:
				content, ok = read("ConfigMap", source.ConfigMap.Name, source.ConfigMap.Items)
			case source.Secret != nil:
				content, ok = read("Secret", source.Secret.Name, source.Secret.Items)
			}
			if ok && !content.missing {
				return content, mode
			}
		}
	default:
		content, mode = setting{from: "volume " + v.Name}, 0
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
func lookup(m map[string]any, path string) any {
	var v any = m
	for key := range strings.SplitSeq(path, ".") {
		below, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = below[key]
	}
	return v
}

// put sets a value at a dotted path, and makes the maps on the way.
func put(m map[string]any, path string, value any) {
	for {
		key, rest, more := strings.Cut(path, ".")
		if !more {
			m[key] = value
			return
		}
		below, ok := m[key].(map[string]any)
		if !ok {
			below = map[string]any{}
			m[key] = below
		}
		m, path = below, rest
	}
}

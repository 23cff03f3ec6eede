package testinstall

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// container reads what a container of a running pod was given: its variables, its
// arguments and its files, from the cluster's ConfigMaps and Secrets.
type container struct {
	client kubernetes.Interface
	pod    core.Pod
	spec   core.Container
	env    map[string]string
}

func newContainer(
	ctx context.Context, client kubernetes.Interface, pod core.Pod, spec core.Container,
) (*container, error) {
	c := &container{client: client, pod: pod, spec: spec, env: map[string]string{}}
	return c, c.readEnv(ctx)
}

// readEnv resolves the variables in their order, as the kubelet does.
func (c *container) readEnv(ctx context.Context) error {
	for _, from := range c.spec.EnvFrom {
		var data map[string]string
		var err error
		switch {
		case from.ConfigMapRef != nil:
			data, err = c.data(ctx, "ConfigMap", from.ConfigMapRef.Name)
		case from.SecretRef != nil:
			data, err = c.data(ctx, "Secret", from.SecretRef.Name)
		}
		if err != nil {
			return err
		}
		for key, value := range data {
			c.env[from.Prefix+key] = value
		}
	}
	for _, e := range c.spec.Env {
		value, err := c.variable(ctx, e)
		if err != nil {
			return err
		}
		c.env[e.Name] = value
	}
	return nil
}

func (c *container) variable(ctx context.Context, e core.EnvVar) (string, error) {
	from := e.ValueFrom
	switch {
	case from == nil:
		return c.expand(e.Value), nil
	case from.ConfigMapKeyRef != nil:
		data, err := c.data(ctx, "ConfigMap", from.ConfigMapKeyRef.Name)
		return data[from.ConfigMapKeyRef.Key], err
	case from.SecretKeyRef != nil:
		data, err := c.data(ctx, "Secret", from.SecretKeyRef.Name)
		return data[from.SecretKeyRef.Key], err
	case from.FieldRef != nil:
		const index = "apps.kubernetes.io/pod-index" // by which a StatefulSet numbers its pods
		return map[string]string{
			"metadata.labels['" + index + "']": c.pod.Labels[index],
			"status.hostIP":                    c.pod.Status.HostIP, "status.podIP": c.pod.Status.PodIP,
			"metadata.name": c.pod.Name, "metadata.namespace": c.pod.Namespace, "spec.nodeName": c.pod.Spec.NodeName,
		}[from.FieldRef.FieldPath], nil
	}
	return "", nil
}

var reference = regexp.MustCompile(`\$\$|\$\([^)]*\)`)

// expand puts variables into $(NAME).
func (c *container) expand(text string) string {
	return reference.ReplaceAllStringFunc(text, func(ref string) string {
		if ref == "$$" {
			return "$"
		}
		if value, ok := c.env[ref[2:len(ref)-1]]; ok {
			return value
		}
		return ref
	})
}

// data gives the entries of a ConfigMap or Secret; one that is not there has none,
// for it may be optional.
func (c *container) data(ctx context.Context, kind, name string) (map[string]string, error) {
	out := map[string]string{}
	if kind == "ConfigMap" {
		o, err := c.client.CoreV1().ConfigMaps(c.pod.Namespace).Get(ctx, name, meta.GetOptions{})
		if err != nil {
			return out, ignoreMissing(err, kind, name)
		}
		maps.Copy(out, o.Data)
		return out, nil
	}
	o, err := c.client.CoreV1().Secrets(c.pod.Namespace).Get(ctx, name, meta.GetOptions{})
	if err != nil {
		return out, ignoreMissing(err, kind, name)
	}
	for key, value := range o.Data {
		out[key] = string(value)
	}
	return out, nil
}

// flag gives the value of a flag of the command line, "" where it is not there.
func (c *container) flag(name string) string {
	words := slices.Concat(c.spec.Command, c.spec.Args)
	for i, word := range words {
		flag, value, hasValue := strings.Cut(strings.TrimLeft(c.expand(word), "-"), "=")
		switch {
		case flag != name || !strings.HasPrefix(word, "-"):
		case hasValue:
			return value
		case i+1 < len(words):
			return c.expand(words[i+1])
		}
	}
	return ""
}

var errNoFile = errors.New("no ConfigMap or Secret holds it")

// file gives what stands in a file of the container that a ConfigMap or a Secret holds.
// beside are the entries that stand beside it.
func (c *container) file(ctx context.Context, name string) (text string, beside map[string]string, err error) {
	var mount *core.VolumeMount
	for i, m := range c.spec.VolumeMounts {
		isThere := m.MountPath == name || strings.HasPrefix(name, strings.TrimSuffix(m.MountPath, "/")+"/")
		if isThere && (mount == nil || len(m.MountPath) > len(mount.MountPath)) {
			mount = &c.spec.VolumeMounts[i]
		}
	}
	if mount == nil {
		return "", nil, fmt.Errorf("file %s: %w", name, errNoFile)
	}
	within := path.Join(mount.SubPath, strings.TrimPrefix(name, mount.MountPath))
	files, err := c.volume(ctx, mount.Name)
	if err != nil {
		return "", nil, err
	}
	text, ok := files[strings.TrimPrefix(within, "/")]
	if !ok {
		return "", nil, fmt.Errorf("file %s: %w", name, errNoFile)
	}
	return text, files, nil
}

// volume gives the files of a volume of ConfigMaps and Secrets.
func (c *container) volume(ctx context.Context, name string) (map[string]string, error) {
	files := map[string]string{}
	i := slices.IndexFunc(c.pod.Spec.Volumes, func(v core.Volume) bool { return v.Name == name })
	if i < 0 {
		return files, nil
	}
	for _, source := range volumeSources(c.pod.Spec.Volumes[i]) {
		data, err := c.data(ctx, source.kind, source.name)
		if err != nil {
			return nil, err
		}
		if len(source.items) == 0 {
			maps.Copy(files, data)
		}
		for _, item := range source.items {
			if text, ok := data[item.Key]; ok {
				files[item.Path] = text
			}
		}
	}
	return files, nil
}

// volumeSource is a ConfigMap or Secret in a volume; without items all its entries are files.
type volumeSource struct {
	kind, name string
	items      []core.KeyToPath
}

func volumeSources(v core.Volume) []volumeSource {
	switch {
	case v.ConfigMap != nil:
		return []volumeSource{{"ConfigMap", v.ConfigMap.Name, v.ConfigMap.Items}}
	case v.Secret != nil:
		return []volumeSource{{"Secret", v.Secret.SecretName, v.Secret.Items}}
	case v.Projected == nil:
		return nil
	}
	var out []volumeSource
	for _, p := range v.Projected.Sources {
		if p.ConfigMap != nil {
			out = append(out, volumeSource{"ConfigMap", p.ConfigMap.Name, p.ConfigMap.Items})
		}
		if p.Secret != nil {
			out = append(out, volumeSource{"Secret", p.Secret.Name, p.Secret.Items})
		}
	}
	return out
}

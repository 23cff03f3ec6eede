//go:build linux

package main

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// pod is what a kubelet would make of a chart's objects for the container of the server. It is read here on its own,
// not by the code that is judged.
type pod struct {
	objects   []manifest.Object
	secrets   map[string]map[string]string // those of the cluster, beside the chart's
	spec      corev1.PodSpec
	container corev1.Container
	env       map[string]string
	files     []file
	refusal   string // why the container would not be made
}

// file is one of a volume.
type file struct {
	path, text string
	mode       os.FileMode
}

// fields are what the pod's own fields hold.
var fields = map[string]string{
	"status.hostIP": address4, "status.podIP": address4, "metadata.name": "livekit-0", "metadata.namespace": "default",
	"status.hostIPs": address4 + "," + address6, "status.podIPs": address4 + "," + address6, "spec.nodeName": "node",
	"metadata.labels['apps.kubernetes.io/pod-index']": "0",
}

func newPod(objects []manifest.Object, secrets map[string]map[string]string) (*pod, error) {
	p := &pod{objects: objects, secrets: secrets, env: map[string]string{}}
	for _, o := range objects {
		var workload appsv1.Deployment // the fields that are looked at are those of the other kinds too
		if o.Map("spec", "template") == nil || o.Decode(&workload) != nil {
			continue
		}
		for _, c := range workload.Spec.Template.Spec.Containers {
			if strings.Contains(c.Image, "livekit-server") {
				p.spec, p.container = workload.Spec.Template.Spec, c
				p.readEnvironment()
				p.readVolumes()
				return p, nil
			}
		}
	}
	return nil, fmt.Errorf("no container runs livekit-server")
}

// entries gives what a ConfigMap or a Secret holds, and whether it is there.
func (p *pod) entries(kind, name string) (map[string]string, bool) {
	for _, o := range p.objects {
		if o.Kind() != kind || o.Name() != name {
			continue
		}
		out := o.TextMap("data")
		if kind == "Secret" {
			for key, text := range out {
				data, _ := base64.StdEncoding.DecodeString(text)
				out[key] = string(data)
			}
		}
		maps.Copy(out, o.TextMap("stringData"))
		return out, true
	}
	out, isThere := p.secrets[name]
	return out, isThere && kind == "Secret"
}

func (p *pod) entry(kind, name, key string, optional *bool) (string, bool) {
	entries, _ := p.entries(kind, name)
	text, isThere := entries[key]
	if !isThere && !ptr.Deref(optional, false) {
		p.refusal = cmp.Or(p.refusal, fmt.Sprintf("%s %s has no entry %s", kind, name, key))
	}
	return text, isThere
}

var reference = regexp.MustCompile(`\$\$|\$\([^)]*\)`)

// expand does what Kubernetes does in env, command and args.
func (p *pod) expand(text string) string {
	return reference.ReplaceAllStringFunc(text, func(ref string) string {
		if ref == "$$" {
			return "$"
		}
		if value, isThere := p.env[strings.Trim(ref, "$()")]; isThere {
			return value
		}
		return ref
	})
}

func (p *pod) readEnvironment() {
	if ptr.Deref(p.spec.EnableServiceLinks, true) {
		p.addServiceLinks()
	}
	for _, from := range p.container.EnvFrom {
		kind, name := "Secret", ptr.Deref(from.SecretRef, corev1.SecretEnvSource{}).Name
		if from.ConfigMapRef != nil {
			kind, name = "ConfigMap", from.ConfigMapRef.Name
		}
		entries, _ := p.entries(kind, name)
		for key, text := range entries {
			p.env[from.Prefix+key] = text
		}
	}
	for _, e := range p.container.Env {
		switch from := ptr.Deref(e.ValueFrom, corev1.EnvVarSource{}); {
		case from.SecretKeyRef != nil:
			p.set(e.Name, "Secret", from.SecretKeyRef.Name, from.SecretKeyRef.Key, from.SecretKeyRef.Optional)
		case from.ConfigMapKeyRef != nil:
			r := from.ConfigMapKeyRef
			p.set(e.Name, "ConfigMap", r.Name, r.Key, r.Optional)
		case from.FieldRef != nil:
			p.env[e.Name] = fields[from.FieldRef.FieldPath]
		case from.ResourceFieldRef != nil:
			p.env[e.Name] = "1"
		default:
			p.env[e.Name] = p.expand(e.Value)
		}
	}
}

func (p *pod) set(variable, kind, name, key string, optional *bool) {
	if text, isThere := p.entry(kind, name, key, optional); isThere {
		p.env[variable] = text
	}
}

// addServiceLinks sets what Kubernetes does for each Service of the namespace.
func (p *pod) addServiceLinks() {
	for _, o := range p.objects {
		if o.Kind() == "Service" && len(o.List("spec", "ports")) > 0 {
			name := strings.ToUpper(strings.ReplaceAll(o.Name(), "-", "_"))
			port := fmt.Sprint(o.Get("spec", "ports", "0", "port"))
			p.env[name+"_SERVICE_HOST"], p.env[name+"_SERVICE_PORT"] = "10.96.0.9", port
			p.env[name+"_PORT"] = "tcp://10.96.0.9:" + port
		}
	}
}

func (p *pod) readVolumes() {
	for _, m := range p.container.VolumeMounts {
		i := slices.IndexFunc(p.spec.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name })
		if i < 0 {
			p.refusal = cmp.Or(p.refusal, "no volume "+m.Name)
			continue
		}
		for _, f := range p.filesOf(p.spec.Volumes[i]) {
			if m.SubPath == "" {
				f.path = filepath.Join(m.MountPath, f.path)
			} else if f.path == m.SubPath {
				f.path = m.MountPath
			} else {
				continue
			}
			p.files = append(p.files, f)
		}
	}
}

// filesOf gives the files of a volume that ConfigMaps and Secrets make; other volumes are empty.
func (p *pod) filesOf(v corev1.Volume) []file {
	var files []file
	add := func(kind, name string, items []corev1.KeyToPath, mode *int32, optional *bool) {
		entries, isThere := p.entries(kind, name)
		if !isThere && !ptr.Deref(optional, false) {
			p.refusal = cmp.Or(p.refusal, fmt.Sprintf("volume %s: no %s %s", v.Name, kind, name))
		}
		if len(items) == 0 {
			for key := range entries {
				items = append(items, corev1.KeyToPath{Key: key, Path: key})
			}
		}
		for _, item := range items {
			text, isThere := p.entry(kind, name, item.Key, optional)
			perm := os.FileMode(ptr.Deref(cmp.Or(item.Mode, mode), 0o644))
			if p.fsGroup() != nil { // then the kubelet lets the group read
				perm |= 0o440
			}
			if isThere {
				files = append(files, file{item.Path, text, perm})
			}
		}
	}
	if m := v.ConfigMap; m != nil {
		add("ConfigMap", m.Name, m.Items, m.DefaultMode, m.Optional)
	}
	if s := v.Secret; s != nil {
		add("Secret", s.SecretName, s.Items, s.DefaultMode, s.Optional)
	}
	if v.Projected != nil {
		for _, source := range v.Projected.Sources {
			if m := source.ConfigMap; m != nil {
				add("ConfigMap", m.Name, m.Items, v.Projected.DefaultMode, m.Optional)
			} else if s := source.Secret; s != nil {
				add("Secret", s.Name, s.Items, v.Projected.DefaultMode, s.Optional)
			}
		}
	}
	return files
}

func (p *pod) fsGroup() *int64 {
	return ptr.Deref(p.spec.SecurityContext, corev1.PodSecurityContext{}).FSGroup
}

// credential is the user that the container runs as; root where nothing is said, as the server's image has it.
func (p *pod) credential() *syscall.Credential {
	whole := ptr.Deref(p.spec.SecurityContext, corev1.PodSecurityContext{})
	own := ptr.Deref(p.container.SecurityContext, corev1.SecurityContext{})
	c := &syscall.Credential{
		Uid: uint32(ptr.Deref(cmp.Or(own.RunAsUser, whole.RunAsUser), 0)),
		Gid: uint32(ptr.Deref(cmp.Or(own.RunAsGroup, whole.RunAsGroup), 0)),
	}
	if group := p.fsGroup(); group != nil {
		c.Groups = append(c.Groups, uint32(*group))
	}
	return c
}

// command is the container's, with the entrypoint of the server's image where it has none.
func (p *pod) command() []string {
	words := p.container.Command
	if len(words) == 0 {
		words = []string{"/livekit-server"}
	}
	words = slices.Concat(words, p.container.Args)
	for i := range words {
		words[i] = p.expand(words[i])
	}
	return words
}

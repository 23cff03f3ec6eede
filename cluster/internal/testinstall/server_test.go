package testinstall

import (
	"context"
	"testing"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
)

func secret(name string, entries ...string) *core.Secret {
	data := map[string][]byte{}
	for i := 0; i < len(entries); i += 2 {
		data[entries[i]] = []byte(entries[i+1])
	}
	return &core.Secret{ObjectMeta: meta.ObjectMeta{Name: name, Namespace: "ns"}, Data: data}
}

func configMap(name string, entries ...string) *core.ConfigMap {
	data := map[string]string{}
	for i := 0; i < len(entries); i += 2 {
		data[entries[i]] = entries[i+1]
	}
	return &core.ConfigMap{ObjectMeta: meta.ObjectMeta{Name: name, Namespace: "ns"}, Data: data}
}

func env(name, value string) core.EnvVar { return core.EnvVar{Name: name, Value: value} }

func fromSecret(name, secret, key string) core.EnvVar {
	return core.EnvVar{Name: name,
		ValueFrom: &core.EnvVarSource{
			SecretKeyRef: &core.SecretKeySelector{LocalObjectReference: core.LocalObjectReference{Name: secret},
				Key: key}}}
}

func field(name, path string) core.EnvVar {
	return core.EnvVar{Name: name, ValueFrom: &core.EnvVarSource{FieldRef: &core.ObjectFieldSelector{FieldPath: path}}}
}

// read makes a server of a container as a pod has it.
func read(t *testing.T, spec core.Container, volumes []core.Volume, objects ...runtime.Object) (*server, error) {
	t.Helper()
	pod := core.Pod{ObjectMeta: meta.ObjectMeta{Name: "livekit-0", Namespace: "ns",
		Labels: map[string]string{"app": "livekit", "apps.kubernetes.io/pod-index": "0"}},
		Spec: core.PodSpec{Volumes: volumes}}
	pod.Status.HostIP = "192.0.2.7"
	c, err := newContainer(context.Background(), fake.NewClientset(objects...), pod, spec)
	if err != nil {
		return nil, err
	}
	s := &server{container: c, pods: []core.Pod{pod}}
	return s, s.read(context.Background())
}

// Where each server has an address, its number names its configuration.
func TestServerByItsNumber(t *testing.T) {
	volume := core.VolumeSource{ConfigMap: &core.ConfigMapVolumeSource{
		LocalObjectReference: core.LocalObjectReference{Name: "livekit"}}}
	s, err := read(t, core.Container{
		Args: []string{"--config", "/etc/livekit/livekit-$(POD_INDEX).yaml"},
		Env: []core.EnvVar{
			field("POD_INDEX", "metadata.labels['apps.kubernetes.io/pod-index']"),
			env("LIVEKIT_KEYS", `"APIabc": "12345"`),
		},
		VolumeMounts: []core.VolumeMount{{Name: "config", MountPath: "/etc/livekit"}},
	}, []core.Volume{{Name: "config", VolumeSource: volume}},
		configMap("livekit", "livekit-0.yaml", "port: 7890", "livekit-1.yaml", "port: 7891"))
	if err != nil {
		t.Fatal(err)
	}
	if s.config.Port != 7890 {
		t.Errorf("it listens on %d", s.config.Port)
	}
}

// The chart of scaffold: the configuration is a file, the keys are made of two variables.
func TestServerOfScaffoldedChart(t *testing.T) {
	s, err := read(t, core.Container{
		Args: []string{"--config", "/etc/livekit/config/livekit.yaml"},
		Env: []core.EnvVar{
			field("NODE_IP", "status.hostIP"), fromSecret("LIVEKIT_API_KEY", "keys", "key"),
			fromSecret("LIVEKIT_API_SECRET", "keys", "secret"),
			env("LIVEKIT_KEYS", `"$(LIVEKIT_API_KEY)": "$(LIVEKIT_API_SECRET)"`),
		},
		VolumeMounts: []core.VolumeMount{{Name: "config", MountPath: "/etc/livekit/config"}},
	}, []core.Volume{{Name: "config",
		VolumeSource: core.VolumeSource{
			ConfigMap: &core.ConfigMapVolumeSource{LocalObjectReference: core.LocalObjectReference{Name: "livekit"}}}}},
		secret("keys", "key", "APIabc", "secret", "12345"),
		configMap("livekit", "livekit.yaml", "port: 7890\nrtc: {tcp_port: 30881, udp_port: 30882}\nredis: {address: "+
			"'127.0.0.1:6379'}\nturn: {enabled: true, udp_port: 30883, tls_port: 5349}\nunknown: {a: 1}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if s.key.Key != "APIabc" || s.key.Secret != "12345" {
		t.Errorf("key %+v", s.key)
	}
	if s.config.Port != 7890 || s.config.RTC.UDPPort.text != "30882" || s.config.Redis.Address != "127.0.0.1:6379" ||
		s.env["NODE_IP"] != "192.0.2.7" {
		t.Errorf("%+v, %v", s.config, s.env)
	}
	if got := len(s.ways()); got != 4 {
		t.Errorf("ways %v, want all four", s.ways())
	}
}

// Other charts hand the server its settings in other ways.
func TestServerOfOtherCharts(t *testing.T) {
	volume := func(name string, source core.VolumeSource) []core.Volume {
		return []core.Volume{{Name: name, VolumeSource: source}}
	}
	for _, c := range []struct {
		name    string
		spec    core.Container
		volumes []core.Volume
		objects []runtime.Object
		port    int
	}{
		{"upstream's: the configuration in a variable",
			core.Container{
				Env: []core.EnvVar{{Name: "LIVEKIT_CONFIG",
					ValueFrom: &core.EnvVarSource{ConfigMapKeyRef: &core.ConfigMapKeySelector{
						LocalObjectReference: core.LocalObjectReference{Name: "c"}, Key: "config.yaml"}}}}},
			nil, []runtime.Object{configMap("c", "config.yaml", "port: 80\nkeys: {k: s}\n")}, 80},
		{"a file of keys", core.Container{Args: []string{"--key-file=/keys/all/keys.yaml"},
			VolumeMounts: []core.VolumeMount{{Name: "k", MountPath: "/keys/all"}}},
			volume("k", core.VolumeSource{Secret: &core.SecretVolumeSource{SecretName: "s",
				Items: []core.KeyToPath{{Key: "file", Path: "keys.yaml"}}}}),
			[]runtime.Object{secret("s", "file", "k: s\n")}, 7880},
		{"a projected volume, one file mounted",
			core.Container{Command: []string{"/livekit-server", "--config", "/etc/lk.yaml"},
				VolumeMounts: []core.VolumeMount{{Name: "k", MountPath: "/etc/lk.yaml", SubPath: "lk.yaml"}}},
			volume("k",
				core.VolumeSource{Projected: &core.ProjectedVolumeSource{Sources: []core.VolumeProjection{
					{Secret: &core.SecretProjection{LocalObjectReference: core.LocalObjectReference{Name: "s"}}}}}}),
			[]runtime.Object{secret("s", "lk.yaml", "port: 81\nkeys: {k: s}\n")}, 81},
		{"all variables of a Secret, and a flag",
			core.Container{
				EnvFrom: []core.EnvFromSource{
					{SecretRef: &core.SecretEnvSource{LocalObjectReference: core.LocalObjectReference{Name: "s"}}}},
				Args: []string{"--port", "82"}},
			nil, []runtime.Object{secret("s", "LIVEKIT_KEYS", "k: s")}, 82},
		{"a flag of keys", core.Container{Args: []string{"--keys", "k: s"}}, nil, nil, 7880},
	} {
		s, err := read(t, c.spec, c.volumes, c.objects...)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if s.key.Key != "k" || s.key.Secret != "s" || s.config.Port != c.port {
			t.Errorf("%s: key %q, port %d, want k and %d", c.name, s.key.Key, s.config.Port, c.port)
		}
	}
}

// A configuration that cannot be read is not printed: it may hold secrets.
func TestServerWithoutKeys(t *testing.T) {
	for name, text := range map[string]string{"no keys": "port: 1\n", "broken": "keys: [hush-hush\n",
		"of another shape": "keys: hush-hush\n"} {
		_, err := read(t, core.Container{Env: []core.EnvVar{env("LIVEKIT_CONFIG", text)}}, nil)
		if err == nil {
			t.Errorf("%s: no error", name)
		} else if contains(err.Error(), "hush-hush") {
			t.Errorf("%s: shows the secret: %v", name, err)
		}
	}
}

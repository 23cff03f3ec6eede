package testinstall

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"net"
	"path"
	"slices"
	"strconv"
	"strings"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/cluster/internal/kube"
	"github.com/helm-livekit/helm-livekit/cluster/internal/signal"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// server is the LiveKit server as it runs: its pods, its configuration, its keys.
type server struct {
	*container
	workload workload
	pods     []core.Pod
	config   config
	key      signal.Credentials
	// service leads to signalling; servicePort is its port. nil where no Service does.
	service     *core.Service
	servicePort int32
}

// config is what the server was told, as far as it matters here. The names are those
// of LiveKit's configuration (pkg/config of its source).
type config struct {
	Port    int               `json:"port"`
	Keys    map[string]string `json:"keys"`
	KeyFile string            `json:"key_file"`
	RTC     struct {
		TCPPort       *int    `json:"tcp_port"`
		UDPPort       portSet `json:"udp_port"`
		UseExternalIP bool    `json:"use_external_ip"`
		NodeIP        any     `json:"node_ip"`
		ForceTCP      bool    `json:"force_tcp"`
	} `json:"rtc"`
	TURN struct {
		Enabled  bool   `json:"enabled"`
		Domain   string `json:"domain"`
		CertFile string `json:"cert_file"`
		TLSPort  int    `json:"tls_port"`
		UDPPort  int    `json:"udp_port"`
		External bool   `json:"external_tls"`
	} `json:"turn"`
	Redis redisConfig `json:"redis"`
}

// portSet is one port or a range of them: LiveKit takes both under rtc.udp_port.
type portSet struct{ text string }

// UnmarshalJSON takes a number, or a text such as "7882-7892".
func (p *portSet) UnmarshalJSON(data []byte) error {
	p.text = strings.Trim(string(data), `"`)
	if p.text == "null" {
		p.text = ""
	}
	return nil
}

// findServer finds the container that runs LiveKit and reads what it was told.
func (t *installTest) findServer(ctx context.Context) (*server, error) {
	for _, w := range t.release.workloads() {
		i := slices.IndexFunc(w.template.Containers, runsLiveKit)
		if i < 0 {
			continue
		}
		pods, err := t.pods(ctx, w)
		if err != nil {
			return nil, err
		}
		if len(pods) == 0 {
			return nil, fmt.Errorf("%s has no pod", w)
		}
		c, err := newContainer(ctx, t.client, pods[0], w.template.Containers[i])
		if err != nil {
			return nil, err
		}
		s := &server{container: c, workload: w, pods: pods}
		if err := s.read(ctx); err != nil {
			return nil, err
		}
		return s, t.findService(ctx, s)
	}
	return nil, remedy.Errorf("see helm get manifest", "no container of the release runs livekit-server")
}

// runsLiveKit knows the server by its image or its command, else by its name.
func runsLiveKit(c core.Container) bool {
	image, _, _ := strings.Cut(path.Base(c.Image), ":")
	if strings.Contains(image, "livekit-server") || c.Name == "livekit" || c.Name == "livekit-server" {
		return true
	}
	return slices.ContainsFunc(slices.Concat(c.Command, c.Args),
		func(word string) bool { return strings.Contains(word, "livekit-server") })
}

func (s *server) read(ctx context.Context) error {
	text, err := s.configText(ctx)
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal([]byte(text), &s.config); err != nil {
		return fmt.Errorf("LiveKit's configuration cannot be read: %w", withoutText(err))
	}
	s.applyOverrides()
	return s.readKey(ctx)
}

// withoutText hides what stands in a configuration, which may hold secrets.
func withoutText(error) error { return errors.New("it is no YAML that fits LiveKit's") }

func (s *server) configText(ctx context.Context) (string, error) {
	if text := cmp.Or(s.flag("config-body"), s.env["LIVEKIT_CONFIG"]); text != "" {
		return text, nil
	}
	file := s.flag("config")
	if file == "" {
		return "", nil
	}
	text, _, err := s.file(ctx, file)
	return text, err
}

// applyOverrides puts variables and flags over the configuration, those that matter here.
func (s *server) applyOverrides() {
	c := &s.config
	for _, text := range []string{s.env["LIVEKIT_PORT"], s.flag("port")} {
		if n, err := strconv.Atoi(text); err == nil {
			c.Port = n
		}
	}
	c.Port = cmp.Or(c.Port, 7880)
	c.RTC.UDPPort.text = cmp.Or(s.flag("udp-port"), s.env["UDP_PORT"], c.RTC.UDPPort.text)
	c.Redis.Address = cmp.Or(s.flag("redis-host"), s.env["REDIS_HOST"], c.Redis.Address)
	c.Redis.Password = cmp.Or(
		s.env["LIVEKIT_REDIS_PASSWORD"], s.flag("redis-password"), s.env["REDIS_PASSWORD"], c.Redis.Password)
	if c.RTC.TCPPort == nil {
		standard := 7881
		c.RTC.TCPPort = &standard
	}
}

// readKey finds an API key with its secret, where the server looks: a file of keys,
// LIVEKIT_KEYS, its configuration.
func (s *server) readKey(ctx context.Context) error {
	text := cmp.Or(s.flag("keys"), s.env["LIVEKIT_KEYS"])
	if file := cmp.Or(s.flag("key-file"), s.env["LIVEKIT_KEY_FILE"], s.config.KeyFile); file != "" {
		var err error
		if text, _, err = s.file(ctx, file); err != nil {
			return remedy.Errorf("see the server's volumes", "LiveKit's keys: %w", err)
		}
	}
	keys := s.config.Keys
	if text != "" {
		keys = map[string]string{}
		if err := yaml.Unmarshal([]byte(text), &keys); err != nil {
			return errors.New("LiveKit's keys cannot be read: they are not of the form KEY: SECRET")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		s.key = signal.Credentials{Key: key, Secret: keys[key]}
		return nil
	}
	return remedy.Errorf("see keys in the chart's values", "no API key was found: not in a file of keys, not in "+
		"LIVEKIT_KEYS, not in the configuration")
}

// fingerprint tells whether keys changed, without telling them.
func (s *server) fingerprint() string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(s.key.Key+"\x00"+s.key.Secret)))
}

// findService finds the Service of signalling: one whose port leads to the server's.
func (t *installTest) findService(ctx context.Context, s *server) error {
	for _, o := range t.release.kind("Service") {
		service, err := t.client.CoreV1().Services(t.Namespace).Get(ctx, o.GetName(), meta.GetOptions{})
		if err != nil {
			return fmt.Errorf("the Service %s: %w", o.GetName(), err)
		}
		if !kube.Selects(service.Spec.Selector, s.pod.Labels) {
			continue
		}
		for _, p := range service.Spec.Ports {
			if kube.Protocol(p.Protocol) == core.ProtocolTCP && kube.TargetPort(p, s.pod.Spec) == s.config.Port {
				s.service, s.servicePort = service, p.Port
				return nil
			}
		}
	}
	return nil
}

func ignoreMissing(err error, kind, name string) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return remedy.Errorf("the trial reads what the pods are given: it needs the right to get "+kind+"s",
		"%s %s: %w", kind, name, err)
}

// answers asks the server for what a readiness probe asks, through the Service.
func (t *installTest) answers(ctx context.Context, res *checkResult) {
	var err error
	if t.server, err = t.findServer(ctx); err != nil {
		res.failErr(err)
		return
	}
	s := t.server
	t.keys = s.fingerprint()
	if s.service == nil {
		res.warn("see the ports of the Services in helm get manifest", "No Service leads to LiveKit's port %d: the "+
			"pod itself is asked", s.config.Port)
		raw, err := t.client.CoreV1().Pods(t.Namespace).ProxyGet("http", s.pod.Name, strconv.Itoa(s.config.Port),
			"/", nil).DoRaw(ctx)
		t.judgeAnswer(res, "Pod "+net.JoinHostPort(s.pod.Name, strconv.Itoa(s.config.Port)), raw, err)
		return
	}
	port := strconv.Itoa(int(s.servicePort))
	raw, err := t.client.CoreV1().Services(t.Namespace).ProxyGet("http", s.service.Name, port, "/", nil).DoRaw(ctx)
	t.judgeAnswer(res, "Service "+s.service.Name+":"+port, raw, err)
}

func (t *installTest) judgeAnswer(res *checkResult, who string, raw []byte, err error) {
	text := strings.TrimSpace(string(raw))
	switch {
	case err != nil:
		res.fail("see kubectl -n "+t.Namespace+" logs "+t.server.pod.Name+" -c "+t.server.spec.Name,
			"%s does not answer: %v", who, err)
	case text != "OK":
		res.fail("see what listens there", "%s answers, and not as LiveKit does, which says OK", who)
	default:
		res.pass("%s answers: LiveKit is there", who)
	}
}

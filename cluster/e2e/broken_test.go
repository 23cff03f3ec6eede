package e2e

import (
	"strings"
	"testing"
)

// brokenCase is a chart that cannot come up, and what must be said of it.
type brokenCase struct {
	name    string   // of the finding
	because string   // what is broken
	with    []string // components
	values  string
	flags   []string
	labels  []string
	before  func() string
	object  string // of the finding
	says    string // in its detail
	remedy  string
	check   string // that has the finding; "install" where empty
	warns   bool   // it is a warning
}

var brokenCases = []brokenCase{
	{name: "storage-class-unknown", because: "a storage class that is not there",
		values: "persistence: {storageClass: nowhere}",
		object: "PersistentVolumeClaim livekit-data", says: `"nowhere"`, remedy: "persistence.storageClass"},
	{name: "claim-missing", because: "an existing claim that is not there",
		values: "persistence: {existingClaim: nowhere}",
		object: "Pod livekit-", says: "claim nowhere", remedy: "persistence.existingClaim"},
	{name: "quota", because: "a claim and pods that are too large for the namespace",
		values: "persistence: {size: 900Gi}",
		before: func() string {
			return "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: small}\nspec: {hard: " +
				"{requests.storage: 10Gi}}\n"
		},
		object: "Release", says: "exceeded quota", remedy: "quota"},
	{name: "missing-secret", because: "keys from a Secret that is not there",
		values: "keys: {existingSecret: nowhere}",
		object: "container livekit", says: "Secret nowhere", remedy: "keys.existingSecret"},
	{name: "missing-key", because: "keys from a Secret without the entry", values: "keys: {existingSecret: mine}",
		before: func() string { return secretObject("mine", "other", "value") },
		object: "container livekit", says: "no entry LIVEKIT_API_KEY", remedy: "keys.apiKeyEntry"},
	{name: "image-pull", because: "an image that is not there", values: "image: {tag: v0.0.1}",
		object: "container livekit", says: "livekit/livekit-server:v0.0.1", remedy: "image.tag"},
	{name: "image-pull", because: "an image of Redis that nobody could write",
		values: "redis: {image: {repository: Not_A_Name}}",
		object: "container redis", says: "Not_A_Name", remedy: "image.repository"},
	{name: "config-key", because: "a key that LiveKit does not know", values: "extraConfig: {rtc: {udpport: 1}}",
		object: "container livekit", says: "udpport", remedy: "config"},
	{name: "redis-unreachable", because: "a Redis that is not there", values: externalRedis("") +
		"\nreadinessProbe: {periodSeconds: 1}",
		object: "container livekit", says: "redis", remedy: "redis.external"},
	{name: "redis-password", because: "a wrong password for Redis", values: externalRedis("existingSecret: redis"),
		before: func() string {
			return redisObjects("--requirepass", longWord) + secretObject("redis", "redis-password",
				"wrong-password")
		},
		object: "container livekit", says: "WRONGPASS", remedy: "password"},
	{name: "redis-password", because: "no password for Redis", values: externalRedis(""),
		before: func() string { return redisObjects("--requirepass", longWord) },
		object: "container livekit", says: "NOAUTH", remedy: "password"},
	{name: "no-node-fits", because: "a node that does not exist", values: "nodeSelector: {disk: none-such}",
		object: "Pod livekit-", says: "selector", remedy: "nodeSelector"},
	{name: "no-node-fits", because: "more memory than any node has",
		values: "resources: {requests: {memory: 900Gi}, limits: null}",
		object: "Pod livekit-", says: "Insufficient memory", remedy: "resources.requests"},
	{name: "out-of-memory", because: "too little memory", values: "resources: {requests: null, limits: {memory: 8Mi}}",
		object: "container livekit", says: "limit of 8Mi", remedy: "resources.limits.memory"},
	{name: "port-taken", because: "a port of the node that a pod has",
		values: "media: {type: HostNetwork}\nredis: {port: 22009}",
		flags:  hostPorts(22001),
		before: func() string { return hostPortPod("22001") },
		check:  "media-ports", object: "Deployment livekit", says: "22001/TCP", remedy: "choose other ports"},
	{name: "pod-security", because: "the host's network in a namespace that forbids it",
		values: "media: {type: HostNetwork}\nredis: {port: 22019}",
		flags:  hostPorts(22011), labels: []string{"pod-security.kubernetes.io/enforce=restricted"},
		object: "ReplicaSet livekit-", says: "violates PodSecurity", remedy: "media.type"},
	{name: "crd-missing", because: "a kind that the cluster does not know", with: []string{"httproute"},
		values: "ingress: {enabled: false}\nhttpRoute: {enabled: true}",
		object: "Release", says: "HTTPRoute", remedy: "install what brings it"},
	{name: "turn-certificate", because: "TURN with a certificate for nobody", with: []string{"turn"},
		values: "config: {turn: {enabled: true, domain: turn.example.com, tls_port: 5349}}\nturn: " +
			"{existingSecret: mine, service: {type: ClusterIP}}",
		before: func() string { return secretObject("mine", "tls.crt", "none", "tls.key", "none") },
		object: "container livekit", says: "TURN", remedy: "turn."},
	{name: "no-ingress-controller", because: "an ingress class that is not there",
		values: "ingress: {className: none-such}",
		check:  "ingress-served", warns: true, object: "Ingress livekit", says: "none-such", remedy: "ingress"},
}

// TestBroken installs charts that are broken in one way each. Each must be diagnosed by
// name, with the place and the remedy, without waiting for the time limit.
func TestBroken(t *testing.T) {
	for _, c := range brokenCases {
		t.Run(c.because, func(t *testing.T) { c.run(place(t, "broken: "+c.because)) })
	}
}

func (c brokenCase) run(b *bench) {
	chart := b.scaffold(false, c.with...)
	flags := append(c.flags, "--timeout", "60s")
	if c.values != "" {
		flags = append(flags, "-f", b.values(c.values))
	}
	if c.before != nil || len(c.labels) > 0 {
		b.makeNamespace(c.labels...)
		if c.before != nil {
			b.apply(c.before())
			b.waitForObjects()
		}
		flags = append(flags, "--reuse")
	}
	r, code, stderr := b.verify(chart, flags...)
	wanted, name := 2, c.check
	if c.warns {
		wanted = 0
	}
	if name == "" {
		name = "install"
	}
	if code != wanted {
		b.Errorf("exit code %d, want %d\n%s\n%s", code, wanted, r.failures(), stderr)
	}
	for _, check := range r.Checks {
		if check.Name != name {
			continue
		}
		for _, want := range []string{c.object, c.says} {
			if !strings.Contains(check.Detail, want) {
				b.Errorf("%s does not say %q:\n%s", name, want, check.Detail)
			}
		}
		if name != "media-ports" && !strings.Contains(check.Detail, c.name+": ") {
			b.Errorf("%s is not %s:\n%s", name, c.name, check.Detail)
		}
		if !strings.Contains(check.Remedy, c.remedy) {
			b.Errorf("the remedy does not name %q:\n%s", c.remedy, check.Remedy)
		}
		if strings.Contains(check.Detail+check.Remedy, "wrong-password") {
			b.Error("a secret is shown")
		}
		return
	}
	b.Errorf("there is no check %s", name)
}

// hostPortPod is a pod on each node that has a port of it.
func hostPortPod(port string) string {
	return `
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: squatter}
spec:
  selector: {matchLabels: {app: squatter}}
  template:
    metadata: {labels: {app: squatter}}
    spec:
      terminationGracePeriodSeconds: 0
      hostNetwork: true
      containers:
        - {name: squatter, image: docker.io/library/busybox:1.36, command: [sleep, "600"], ports: [{containerPort: ` + port + `, hostPort: ` + port + `}]}
`
}

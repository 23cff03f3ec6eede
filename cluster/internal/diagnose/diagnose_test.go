package diagnose

import (
	"context"
	"strings"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	storage "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

const ns = "livekit-test"

func named(name string) meta.ObjectMeta {
	return meta.ObjectMeta{Name: name, Namespace: ns, Labels: map[string]string{"app": "livekit"}}
}

// pod is one with a container in a state; change makes it what a case needs.
func pod(change func(*core.Pod)) *core.Pod {
	p := &core.Pod{ObjectMeta: named("livekit-1"),
		Spec: core.PodSpec{Containers: []core.Container{{Name: "livekit", Image: "livekit/livekit-server:v1"}}}}
	p.Status.Conditions = []core.PodCondition{{Type: core.PodScheduled, Status: core.ConditionTrue},
		{Type: core.PodReady, Status: core.ConditionFalse}}
	p.Status.ContainerStatuses = []core.ContainerStatus{{Name: "livekit"}}
	change(p)
	return p
}

func waiting(reason, message string) *core.Pod {
	return pod(func(p *core.Pod) {
		p.Status.ContainerStatuses[0].State.Waiting = &core.ContainerStateWaiting{Reason: reason, Message: message}
	})
}

func unscheduled(message string) *core.Pod {
	return pod(func(p *core.Pod) {
		p.Status.Conditions[0] = core.PodCondition{Type: core.PodScheduled, Status: core.ConditionFalse,
			Reason: "Unschedulable", Message: message}
	})
}

func crashed(exit int32, reason string) *core.Pod {
	return pod(func(p *core.Pod) {
		p.Spec.Containers[0].Resources.Limits = core.ResourceList{core.ResourceMemory: resource.MustParse("8Mi")}
		s := &p.Status.ContainerStatuses[0]
		s.RestartCount = 2
		s.State.Waiting = &core.ContainerStateWaiting{Reason: "CrashLoopBackOff"}
		s.LastTerminationState.Terminated = &core.ContainerStateTerminated{ExitCode: exit, Reason: reason}
	})
}

func running(p *core.Pod) *core.Pod {
	p.Status.ContainerStatuses[0].State = core.ContainerState{Running: &core.ContainerStateRunning{}}
	return p
}

func event(kind, name, reason, message string) *core.Event {
	return &core.Event{ObjectMeta: meta.ObjectMeta{Name: name + "." + reason, Namespace: ns},
		Type: core.EventTypeWarning, Reason: reason, Message: message,
		LastTimestamp: meta.NewTime(time.Now()), InvolvedObject: core.ObjectReference{Kind: kind, Name: name,
			FieldPath: "spec.containers{livekit}"}}
}

func claimOf(class *string) *core.PersistentVolumeClaim {
	c := &core.PersistentVolumeClaim{ObjectMeta: named("data"),
		Spec: core.PersistentVolumeClaimSpec{StorageClassName: class}}
	c.Spec.Resources.Requests = core.ResourceList{core.ResourceStorage: resource.MustParse("1Gi")}
	c.Status.Phase = core.ClaimPending
	return c
}

func class(name string) *storage.StorageClass {
	return &storage.StorageClass{ObjectMeta: meta.ObjectMeta{Name: name}, Provisioner: "example.com/disk"}
}

func ingressOf(class string, tls ...string) *networking.Ingress {
	i := &networking.Ingress{ObjectMeta: named("livekit")}
	if class != "" {
		i.Spec.IngressClassName = &class
	}
	for _, secret := range tls {
		i.Spec.TLS = append(i.Spec.TLS, networking.IngressTLS{SecretName: secret})
	}
	return i
}

func text(s string) *string { return &s }

type namespaceCase struct {
	what    string
	objects []runtime.Object
	log     string
	name    string // "" where nothing is to be found
	object  string
	says    string
	remedy  string
	final   bool
}

var namespaceCases = []namespaceCase{
	{what: "an unknown storage class", objects: []runtime.Object{claimOf(text("fast")), class("standard"),
		unscheduled("pod has unbound immediate PersistentVolumeClaims")},
		name: "storage-class-unknown", object: "PersistentVolumeClaim data", says: `1Gi of storage class "fast"`,
		remedy: "one of: standard", final: true},
	{what: "no default storage class", objects: []runtime.Object{claimOf(nil), class("standard")},
		name: "no-default-storage-class", object: "PersistentVolumeClaim data", says: "no storage class",
		remedy: "standard", final: true},
	{what: "a claim that is too large", objects: []runtime.Object{claimOf(text("standard")), class("standard"),
		event("PersistentVolumeClaim", "data", "ProvisioningFailed", "rpc error: requested size exceeds 16Ti")},
		name: "provisioning-failed", object: "PersistentVolumeClaim data", says: "exceeds 16Ti",
		remedy: "persistence.size", final: true},
	{what: "a provisioner that does not answer", objects: []runtime.Object{claimOf(text("standard")),
		class("standard"), event("PersistentVolumeClaim", "data", "ExternalProvisioning", "Waiting for a volume")},
		name: "claim-unbound", object: "PersistentVolumeClaim data", says: "waits for its provisioner",
		remedy: "example.com/disk"},
	{what: "a claim that waits for its pod", objects: []runtime.Object{claimOf(text("standard")),
		class("standard")}},
	{what: "a claim that is missing",
		objects: []runtime.Object{unscheduled(`0/1 nodes are available: persistentvolumeclaim "old" not found.`)},
		name:    "claim-missing", object: "Pod livekit-1", says: "the claim old",
		remedy: "persistence.existingClaim",
		final:  true},
	{what: "a port that is taken", objects: []runtime.Object{func() runtime.Object {
		p := unscheduled("0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.")
		p.Spec.HostNetwork = true
		p.Spec.Containers[0].Ports = []core.ContainerPort{{ContainerPort: 7881, Protocol: core.ProtocolTCP}}
		return p
	}()}, name: "port-taken", object: "Pod livekit-1", says: "7881/TCP", remedy: "media.type NodePort",
		final: true},
	{what: "too little memory on the nodes",
		objects: []runtime.Object{unscheduled("0/3 nodes are available: 3 Insufficient memory.")},
		name:    "no-node-fits", object: "Pod livekit-1", says: "3 Insufficient memory",
		remedy: "resources.requests",
		final:  true},
	{what: "a node that is on its way",
		objects: []runtime.Object{unscheduled("0/3 nodes are available: 3 Insufficient cpu."),
			event("Pod", "livekit-1", "TriggeredScaleUp", "pod triggered scale-up")}, name: "no-node-fits",
		object: "Pod livekit-1", says: "cpu", remedy: "resources"},
	{what: "a volume elsewhere",
		objects: []runtime.Object{unscheduled("0/2 nodes are available: 2 node(s) had volume node affinity " +
			"conflict.")}, name: "volume-elsewhere", object: "Pod livekit-1", says: "conflict",
		remedy: "another zone",
		final:  true},
	{what: "nodes that are full or not ready",
		objects: []runtime.Object{unscheduled("0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had " +
			"untolerated taint {node.kubernetes.io/not-ready: }.")}, name: "no-node-fits", object: "Pod livekit-1",
		says: "cpu", remedy: "1 Insufficient cpu; see why the node is not ready", final: true},
	{what: "a pod without a network", objects: []runtime.Object{waiting("ContainerCreating", ""),
		event("Pod", "livekit-1", "FailedCreatePodSandBox", "failed to setup network for sandbox: plugin "+
			"type=\"calico\" failed")}, name: "pod-network", object: "Pod livekit-1", says: "calico",
		remedy: "network plugin"},
	{what: "an init container that hangs", objects: []runtime.Object{pod(func(p *core.Pod) {
		p.Spec.InitContainers = []core.Container{{Name: "wait"}}
		p.Status.InitContainerStatuses = []core.ContainerStatus{
			{Name: "wait", State: core.ContainerState{Running: &core.ContainerStateRunning{}}}}
		p.Status.ContainerStatuses[0].State.Waiting = &core.ContainerStateWaiting{Reason: "PodInitializing"}
	})}, log: "waiting for db\n", name: "init-container", object: "Pod livekit-1, container wait",
		says: "waiting for db", remedy: "waits for"},
	{what: "a setting that Redis refuses", objects: []runtime.Object{crashed(1, "Error")},
		log: "*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\nReading the configuration file, at line 4\n>>> " +
			"'maxmemory \"lots\"'\nargument must be a memory value\n", name: "redis-setting",
		object: "container livekit", says: `maxmemory "lots": argument must be a memory value`, remedy: "setting",
		final: true},
	{what: "TLS to a Redis without it", objects: []runtime.Object{crashed(1, "Error")}, log: "unable to connect " +
		"to redis: context deadline exceeded\n", name: "redis-unreachable", object: "container livekit",
		says: "without TLS", remedy: "redis.external.tls", final: true},
	{what: "a CA that is missing", objects: []runtime.Object{crashed(1, "Error")}, log: "redis: connection " +
		"pool: failed to dial after 5 attempts: tls: failed to verify certificate: x509: certificate signed by " +
		"unknown authority\nunable to connect to redis: tls: failed to verify certificate: x509: certificate " +
		"signed by unknown authority\n", name: "redis-tls", object: "container livekit", says: "unknown authority",
		remedy: "CA", final: true},
	{what: "no STUN", objects: []runtime.Object{crashed(0, "Completed")}, log: "could not validate RTC config: " +
		"could not resolve external IP: dial udp: lookup stun1.in.google.com: server misbehaving\n",
		name: "no-external-address", object: "container livekit", says: "STUN", remedy: "media.address",
		final: true},
	{what: "no keys", objects: []runtime.Object{crashed(1, "Error")}, log: "one of key-file or keys must be " +
		"provided\n", name: "no-keys", object: "container livekit", says: "no API keys",
		remedy: "keys.existingSecret", final: true},
	{what: "keys in another form", objects: []runtime.Object{crashed(1, "Error")}, log: "Could not parse keys, " +
		"it needs to be exactly, \"key: secret\", including the space\n", name: "keys-format",
		object: "container livekit", says: "API keys", remedy: "KEY: SECRET", final: true},
	{what: "a value of another type", objects: []runtime.Object{crashed(1, "Error")}, log: "could not parse " +
		"config: yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str `abc` into uint32\n",
		name: "config-value", object: "container livekit", says: "uint32", remedy: "config", final: true},
	{what: "an unknown flag", objects: []runtime.Object{crashed(1, "Error")}, log: "flag provided but not " +
		"defined: -no-such-flag\n", name: "flag-unknown", object: "container livekit", says: "-no-such-flag",
		remedy: "extraArgs", final: true},
	{what: "webhooks without a key", objects: []runtime.Object{crashed(1, "Error")}, log: "api_key is required " +
		"to use webhooks\n", name: "webhook-key", object: "container livekit", says: "webhooks",
		remedy: "config.webhook.api_key", final: true},
	{what: "TURN without a certificate", objects: []runtime.Object{crashed(1, "Error")}, log: "TURN tls cert " +
		"required: open /nowhere: no such file or directory\n", name: "turn-certificate",
		object: "container livekit", says: "/nowhere", remedy: "turn.existingSecret", final: true},
	{what: "TURN without a name", objects: []runtime.Object{crashed(1, "Error")}, log: "TURN domain required\n",
		name: "turn-domain", object: "container livekit", says: "domain", remedy: "config.turn.domain",
		final: true},
	{what: "a file of keys for all to read", objects: []runtime.Object{crashed(1, "Error")},
		log: "key file others permissions must be set to 0\n", name: "key-file-mode", object: "container livekit",
		says: "others may read", remedy: "defaultMode", final: true},
	{what: "a file that is missing", objects: []runtime.Object{crashed(1, "Error")},
		log: "open /etc/livekit.yaml: no such file or directory\n", name: "missing-file",
		object: "container livekit", says: "/etc/livekit.yaml", remedy: "mount", final: true},
	{what: "a taint",
		objects: []runtime.Object{unscheduled("0/1 nodes are available: 1 node(s) had untolerated taint " +
			"{gpu: true}.")}, name: "no-node-fits", object: "Pod livekit-1", says: "gpu", remedy: "tolerations",
		final: true},

	{what: "an image that is not there",
		objects: []runtime.Object{waiting("ImagePullBackOff", "Back-off pulling image"), event("Pod", "livekit-1",
			"Failed", `Failed to pull image "livekit/livekit-server:v1": rpc error: code = NotFound desc = failed to resolve reference: docker.io/livekit/livekit-server:v1: not found`)},
		name: "image-pull", object: "Pod livekit-1, container livekit", says: "livekit/livekit-server:v1: " +
			"not found", remedy: "image.tag", final: true},
	{what: "an image that needs credentials",
		objects: []runtime.Object{waiting("ErrImagePull", "failed to authorize: 401 Unauthorized")},
		name:    "image-pull", object: "container livekit", says: "401", remedy: "imagePullSecrets", final: true},
	{what: "a Secret that is missing",
		objects: []runtime.Object{waiting("CreateContainerConfigError", `secret "keys" not found`)},
		name:    "missing-secret", object: "container livekit", says: "Secret keys", remedy: "keys.existingSecret",
		final: true},
	{what: "an entry that is missing",
		objects: []runtime.Object{waiting("CreateContainerConfigError",
			"couldn't find key API in Secret livekit-test/keys")}, name: "missing-key", object: "container livekit",
		says: "Secret keys has no entry API", remedy: "keys.apiKeyEntry", final: true},
	{what: "a Secret that is missing as a volume", objects: []runtime.Object{waiting("ContainerCreating", ""),
		event("Pod", "livekit-1", "FailedMount",
			`MountVolume.SetUp failed for volume "tls" : secret "turn" not found`)},
		name: "missing-secret", object: "Pod livekit-1", says: "Secret turn, for volume tls",
		remedy: "turn.existingSecret", final: true},
	{what: "a container as root",
		objects: []runtime.Object{waiting("CreateContainerConfigError", "container has runAsNonRoot and image "+
			"will run as root")}, name: "runs-as-root", object: "container livekit", says: "root",
		remedy: "runAsUser",
		final:  true},

	{what: "a wrong key", objects: []runtime.Object{crashed(1, "Error")}, log: "could not parse config: yaml: " +
		"unmarshal errors:\n  line 2: field udpport not found in type config.RTCConfig\n", name: "config-key",
		object: "container livekit", says: "udpport", remedy: "config", final: true},
	{what: "no Redis", objects: []runtime.Object{crashed(1, "Error")}, log: "unable to connect to redis: dial " +
		"tcp 10.0.0.1:6379: connect: connection refused\n", name: "redis-unreachable", object: "container livekit",
		says: "connection refused", remedy: "redis.external", final: true},
	{what: "a wrong password for Redis", objects: []runtime.Object{crashed(1, "Error")},
		log:  "unable to connect to redis: WRONGPASS invalid username-password pair or user is disabled.\n",
		name: "redis-password", object: "container livekit", says: "WRONGPASS", remedy: "password", final: true},
	{what: "service links", objects: []runtime.Object{crashed(0, "Completed")},
		log: `could not parse "tcp://10.0.0.1:80" as uint value from environment variable "LIVEKIT_PORT" for flag port` + "\n", name: "service-links", object: "container livekit", says: "LIVEKIT_PORT", remedy: "enableServiceLinks: false", final: true},
	{what: "a taken port in the log", objects: []runtime.Object{crashed(1, "Error")},
		log: "listen udp 10.0.0.1:7882: bind: address already in use\n", name: "port-taken",
		object: "container livekit", says: "10.0.0.1:7882 (udp)", remedy: "config.rtc.udp_port", final: true},
	{what: "a disk that is read-only", objects: []runtime.Object{crashed(1, "Error")}, log: "# Can't open the " +
		"append-only file: Permission denied\n", name: "file-permission", object: "container livekit",
		says: "append-only file", remedy: "fsGroup", final: true},
	{what: "too little memory", objects: []runtime.Object{crashed(137, "OOMKilled")}, name: "out-of-memory",
		object: "container livekit", says: "limit of 8Mi", remedy: "resources.limits.memory", final: true},
	{what: "a crash that nobody knows", objects: []runtime.Object{crashed(3, "Error")},
		log: "one\ntwo\nthree\nfour, the last word\n", name: "crash-loop", object: "container livekit",
		says:   "exit code 3, 2 times so far; its log ends: two | three | four, the last word",
		remedy: "logs livekit-1"},
	{what: "a liveness probe that kills", objects: []runtime.Object{crashed(143, "Error"), event("Pod",
		"livekit-1", "Unhealthy", "Liveness probe failed: dial tcp 10.0.0.9:1: connect: connection refused")},
		name: "probe-failed", object: "container livekit", says: "liveness probe failed: dial tcp", remedy: "port",
		final: true},
	{what: "a readiness probe without Redis", objects: []runtime.Object{running(pod(func(*core.Pod) {})),
		event("Pod", "livekit-1", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 406")},
		name: "probe-failed", object: "container livekit", says: "406", remedy: "check Redis"},
	{what: "a pod that has just started", objects: []runtime.Object{running(pod(func(*core.Pod) {}))}},

	{what: "Pod Security", objects: []runtime.Object{event("ReplicaSet", "livekit-7", "FailedCreate",
		`Error creating: pods "livekit-7" is forbidden: violates PodSecurity "restricted:latest": host namespaces (hostNetwork=true)`)},
		name: "pod-security", object: "ReplicaSet livekit-7", says: "hostNetwork", remedy: "media.type",
		final: true},
	{what: "a quota", objects: []runtime.Object{event("ReplicaSet", "livekit-7", "FailedCreate",
		`Error creating: pods "livekit-7" is forbidden: exceeded quota: small`)}, name: "quota",
		object: "ReplicaSet livekit-7", says: "small", remedy: "ResourceQuota", final: true},
	{what: "an admission webhook", objects: []runtime.Object{event("ReplicaSet", "livekit-7", "FailedCreate",
		`Error creating: admission webhook "policy.example.com" denied the request: no labels`)}, name: "webhook",
		object: "ReplicaSet livekit-7", says: "policy.example.com", remedy: "policy", final: true},

	{what: "an unknown ingress class", objects: []runtime.Object{ingressOf("traefik"),
		&networking.IngressClass{ObjectMeta: meta.ObjectMeta{Name: "nginx"}}}, name: "ingress-class",
		object: "Ingress livekit", says: "class traefik, and the cluster has nginx", remedy: "one of: nginx"},
	{what: "no ingress controller", objects: []runtime.Object{ingressOf("traefik")}, name: "no-ingress-controller",
		object: "Ingress livekit", says: "class traefik", remedy: "ingress.enabled"},
	{what: "no certificate", objects: []runtime.Object{ingressOf("nginx", "cert"),
		&networking.IngressClass{ObjectMeta: meta.ObjectMeta{Name: "nginx"}}}, name: "ingress-tls",
		object: "Ingress livekit", says: "Secret cert", remedy: "cert-manager"},
	{what: "a selector that matches nothing",
		objects: []runtime.Object{
			running(pod(func(p *core.Pod) { p.Status.Conditions[1].Status = core.ConditionTrue })),
			&core.Service{ObjectMeta: named("livekit"),
				Spec: core.ServiceSpec{Selector: map[string]string{"app": "other"}}}},
		name: "no-endpoints", object: "Service livekit", says: "app=other", remedy: "labels"},
	{what: "a load balancer without an address",
		objects: []runtime.Object{&core.Service{ObjectMeta: named("media"),
			Spec: core.ServiceSpec{Type: core.ServiceTypeLoadBalancer}}}, name: "load-balancer",
		object: "Service media", says: "no address", remedy: "MetalLB"},
}

func TestNamespace(t *testing.T) {
	for _, c := range namespaceCases {
		t.Run(c.what, func(t *testing.T) {
			found, err := namespaceWith(context.Background(), fake.NewClientset(c.objects...), ns,
				func(context.Context, string, string, bool) string { return c.log })
			if err != nil {
				t.Fatal(err)
			}
			if c.name == "" {
				if len(found) > 0 {
					t.Errorf("found %+v", found)
				}
				return
			}
			if len(found) == 0 {
				t.Fatal("nothing was found")
			}
			f := found[0]
			if f.Name != c.name || !strings.Contains(f.Object, c.object) || !strings.Contains(f.Detail, c.says) ||
				!strings.Contains(f.Remedy, c.remedy) || f.Final != c.final {
				t.Errorf("got %+v\nwant %s of %s: %q, remedy %q, final %v", f, c.name, c.object, c.says, c.remedy,
					c.final)
			}
		})
	}
}

// What follows from a cause is not told beside it.
func TestCausesFirst(t *testing.T) {
	found, err := namespaceWith(context.Background(), fake.NewClientset(
		waiting("CreateContainerConfigError", `secret "keys" not found`), ingressOf("traefik", "cert"),
		&core.Service{ObjectMeta: named("media"), Spec: core.ServiceSpec{Type: core.ServiceTypeLoadBalancer}},
	), ns, func(context.Context, string, string, bool) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 2 || found[0].Name != "missing-secret" || found[1].Name != "load-balancer" {
		t.Errorf("%+v", found)
	}
}

// What stands in a Secret is shown by no finding, in whatever form it stands there.
func TestSecretsAreHidden(t *testing.T) {
	const secret = "pa55  word-of/some+length"
	for form, value := range map[string]string{
		"plain": secret + "\n", "LiveKit's keys": "APIx: " + `"` + secret + `"`, "a variable": "PASSWORD=" + secret,
		"JSON": `{"redis": {"password": "` + secret + `"}}`, "YAML": "redis:\n  address: redis:6379\n  password: " +
			secret + "\n", "an address": "redis://ada:pa55%20%20word-of%2Fsome+length@redis:6379/0",
	} {
		for padding := range 60 { // wherever a text is cut
			log := strings.Repeat("x", 330+2*padding) + " with " + secret + " it fails"
			found, err := namespaceWith(context.Background(), fake.NewClientset(crashed(1, "Error"),
				&core.Secret{ObjectMeta: named("s"), Data: map[string][]byte{"p": []byte(value)}}), ns,
				func(context.Context, string, string, bool) string { return log })
			if err != nil {
				t.Fatal(err)
			}
			if len(found) != 1 || strings.Contains(found[0].Detail, "pa55") {
				t.Fatalf("%s: %+v", form, found)
			}
		}
	}
}

// An address with a password is shown without it, known or not.
func TestPasswordsInAddresses(t *testing.T) {
	found, err := namespaceWith(context.Background(), fake.NewClientset(crashed(1, "Error")), ns,
		func(context.Context, string, string, bool) string {
			return "cannot reach redis://ada:pa55word@redis:6379"
		})
	if err != nil || len(found) != 1 || !strings.Contains(found[0].Detail, "redis://(hidden)@redis:6379") {
		t.Errorf("%+v, %v", found, err)
	}
}

// Where Secrets may not be read, no log is shown: nobody knows what is in it.
func TestNoLogsWithoutSecrets(t *testing.T) {
	client := fake.NewClientset(crashed(1, "Error"))
	client.PrependReactor("list", "secrets", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(core.Resource("secrets"), "", nil)
	})
	found, err := namespaceWith(context.Background(), client, ns,
		func(context.Context, string, string, bool) string { return "anything" })
	if err != nil || len(found) != 1 || strings.Contains(found[0].Detail, "anything") {
		t.Errorf("%+v, %v", found, err)
	}
}

// What came late is no fault, and what others may still make is not final.
func TestPatience(t *testing.T) {
	mount := event("Pod", "livekit-1", "FailedMount",
		`MountVolume.SetUp failed for volume "tls" : secret "turn" not found`)
	young := waiting("ContainerCreating", "")
	young.CreationTimestamp = meta.Now()
	for _, c := range []struct {
		what    string
		objects []runtime.Object
		found   int
	}{
		{"a Secret that is not there yet", []runtime.Object{young, mount}, 1},
		{"a Secret that came late", []runtime.Object{young, mount, &core.Secret{ObjectMeta: named("turn")}}, 0},
		{"a container that runs meanwhile", []runtime.Object{running(pod(func(*core.Pod) {})), mount}, 0},
		{"a registry that answers late", []runtime.Object{func() *core.Pod {
			p := waiting("ErrImagePull", "dial tcp 192.0.2.1:443: i/o timeout")
			p.CreationTimestamp = meta.Now()
			return p
		}()}, 1},
	} {
		found, err := namespaceWith(context.Background(), fake.NewClientset(c.objects...), ns,
			func(context.Context, string, string, bool) string { return "" })
		if err != nil || len(found) != c.found {
			t.Errorf("%s: %+v, %v", c.what, found, err)
		}
		for _, f := range found {
			if f.Final {
				t.Errorf("%s: %s is final", c.what, f.Name)
			}
		}
	}
}

// A line that tells of trouble in a container that goes on ends no install.
func TestRunningContainerIsNotFinal(t *testing.T) {
	found, err := namespaceWith(context.Background(), fake.NewClientset(running(pod(func(*core.Pod) {}))), ns,
		func(context.Context, string, string, bool) string { return "error opening /x: permission denied\n" })
	if err != nil || len(found) != 1 || found[0].Final {
		t.Errorf("%+v, %v", found, err)
	}
}

// Each pod's failure is told, whatever keeps another one.
func TestTwoPods(t *testing.T) {
	other := crashed(3, "Error")
	other.Name = "other-1"
	found, err := namespaceWith(context.Background(),
		fake.NewClientset(waiting("CreateContainerConfigError", `secret "keys" not found`), other), ns,
		func(context.Context, string, string, bool) string { return "the end" })
	if err != nil || len(found) != 2 || found[1].Name != "crash-loop" || !strings.HasPrefix(found[1].Object,
		"Pod other-1") {
		t.Errorf("%+v, %v", found, err)
	}
}

func TestHelm(t *testing.T) {
	for _, c := range []struct{ output, name, says string }{
		{`Error: Service "livekit-media" is invalid: spec.ports[0].nodePort: Invalid value: 30881: provided port is already allocated`, "port-taken", "30881"},
		{`spec.ports[0].nodePort: Invalid value: 7881: provided port is not in the valid range. The range of valid ports is 30000-32767`, "port-range", "7881 is out of range: The range of valid ports is 30000-32767"},
		{`unable to build kubernetes objects from release manifest: resource mapping not found for name: "livekit" namespace: "" from "": no matches for kind "HTTPRoute" in version "gateway.networking.k8s.io/v1"`, "crd-missing", "HTTPRoute (gateway.networking.k8s.io/v1)"},
		{"chart requires kubeVersion: >=1.29.0-0 which is incompatible with Kubernetes v1.27.3", "kube-version",
			">=1.29.0-0, and the cluster is v1.27.3"},
		{"values don't meet the specifications of the schema(s) in the following chart(s):\nlivekit:\n- at " +
			"'/config/rtc': additional properties 'udpport' not allowed", "values-schema", "udpport"},
		{"found in Chart.yaml, but missing in charts/ directory: redis", "dependency-missing", "redis"},
		{"execution error at (livekit/templates/deployment.yaml:1:4): choose one of them", "chart-refuses",
			"choose one of them"},
		{`Deployment.apps "livekit" is invalid: spec.selector: Invalid value: v1.LabelSelector{}: field is immutable`,
			"immutable", "spec.selector"},
		{`persistentvolumeclaims "livekit-data" is forbidden: exceeded quota: small, requested: requests.storage=900Gi`, "quota", "900Gi"},
		{`secrets is forbidden: User "ada" cannot list resource "secrets"`, "forbidden", "ada"},
		{`Service "x" in namespace "y" exists and cannot be imported into the current release: invalid ownership metadata`, "owned-by-another", "cannot be imported"},
	} {
		found := Helm(c.output)
		if len(found) != 1 || found[0].Name != c.name || !strings.Contains(found[0].Detail, c.says) ||
			found[0].Remedy == "" {
			t.Errorf("%s: got %+v, want %s with %q", c.output, found, c.name, c.says)
		}
	}
	if found := Helm("resource Deployment/ns/livekit not ready. status: InProgress\ncontext deadline exceeded"); len(
		found) > 0 {
		t.Errorf("time was up: %+v", found)
	}
}

package manifest

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"path"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/utils/ptr"
)

// checkPod holds a pod's spec at path against the API server's rules. claims
// are a StatefulSet's volume claim templates: they are volumes too.
func (p *problems) checkPod(at string, pod corev1.PodSpec, claims []corev1.PersistentVolumeClaim) {
	p.addIf(len(pod.Containers) == 0, at+".containers", "has no entry")
	volumes := p.checkVolumes(at, pod.Volumes)
	for _, claim := range claims {
		volumes[claim.Name] = true
	}
	names := map[string]bool{}
	for here, c := range elements(at+".initContainers", pod.InitContainers) {
		p.unique(here+".name", c.Name, "name", names)
		p.checkContainer(here, c, volumes, pod.HostNetwork)
		p.checkInitContainer(here, c)
	}
	for here, c := range elements(at+".containers", pod.Containers) {
		p.unique(here+".name", c.Name, "name", names)
		p.checkContainer(here, c, volumes, pod.HostNetwork)
	}
	p.checkHostPorts(at, pod)
	if name := pod.ServiceAccountName; name != "" {
		p.invalid(at+".serviceAccountName", name, validation.IsDNS1123Subdomain(name))
	}
	p.addIf(ptr.Deref(pod.TerminationGracePeriodSeconds, 0) < 0, at+".terminationGracePeriodSeconds", "is negative")
	oneOf(p, at+".restartPolicy", pod.RestartPolicy,
		corev1.RestartPolicyAlways, corev1.RestartPolicyOnFailure, corev1.RestartPolicyNever)
	oneOf(p, at+".dnsPolicy", pod.DNSPolicy,
		corev1.DNSClusterFirst, corev1.DNSClusterFirstWithHostNet, corev1.DNSDefault, corev1.DNSNone)
	p.checkPlacement(at, pod)
}

// checkPlacement looks at what says on which nodes the pod may run.
func (p *problems) checkPlacement(at string, pod corev1.PodSpec) {
	for here, t := range elements(at+".tolerations", pod.Tolerations) {
		oneOf(p, here+".operator", t.Operator, corev1.TolerationOpExists, corev1.TolerationOpEqual, "Lt", "Gt")
		oneOf(p, here+".effect", t.Effect,
			corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute)
		exists := t.Operator == corev1.TolerationOpExists
		p.addIf(t.Key == "" && !exists, here, "needs a key, or the operator Exists")
		p.addIf(t.Value != "" && exists, here+".value", "may not be set where operator is Exists")
	}
	for here, c := range elements(at+".topologySpreadConstraints", pod.TopologySpreadConstraints) {
		oneOf(p, here+".whenUnsatisfiable", c.WhenUnsatisfiable, corev1.DoNotSchedule, corev1.ScheduleAnyway)
	}
	nodes := ptr.Deref(ptr.Deref(pod.Affinity, corev1.Affinity{}).NodeAffinity, corev1.NodeAffinity{})
	below := at + ".affinity.nodeAffinity."
	if required := nodes.RequiredDuringSchedulingIgnoredDuringExecution; required != nil {
		terms := below + "requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
		for here, term := range elements(terms, required.NodeSelectorTerms) {
			p.checkNodeTerm(here, term)
		}
	}
	preferred := below + "preferredDuringSchedulingIgnoredDuringExecution"
	for here, term := range elements(preferred, nodes.PreferredDuringSchedulingIgnoredDuringExecution) {
		p.checkNodeTerm(here+".preference", term.Preference)
	}
}

func (p *problems) checkNodeTerm(at string, term corev1.NodeSelectorTerm) {
	for here, e := range elements(at+".matchExpressions", term.MatchExpressions) {
		oneOf(p, here+".operator", e.Operator, corev1.NodeSelectorOpIn, corev1.NodeSelectorOpNotIn,
			corev1.NodeSelectorOpExists, corev1.NodeSelectorOpDoesNotExist, corev1.NodeSelectorOpGt,
			corev1.NodeSelectorOpLt)
	}
}

// unique adds a problem where name stands in seen already, and notes it there.
func (p *problems) unique(at, name, what string, seen map[string]bool) {
	p.addIf(name != "" && seen[name], at, "the %s %q is there twice", what, name)
	seen[name] = true
}

func (p *problems) checkVolumes(at string, volumes []corev1.Volume) map[string]bool {
	names := map[string]bool{}
	for here, v := range elements(at+".volumes", volumes) {
		p.unique(here+".name", v.Name, "volume", names)
		p.invalid(here+".name", v.Name, validation.IsDNS1123Label(v.Name))
		n := countSet(v.VolumeSource)
		p.addIf(n > 1, here, "has %d sources, one is allowed", n)
		if c := v.PersistentVolumeClaim; c != nil {
			p.required(here+".persistentVolumeClaim.claimName", c.ClaimName)
		}
		if v.Secret != nil {
			p.required(here+".secret.secretName", v.Secret.SecretName)
			p.checkItems(here+".secret", v.Secret.Items, v.Secret.DefaultMode)
		}
		if v.ConfigMap != nil {
			p.required(here+".configMap.name", v.ConfigMap.Name)
			p.checkItems(here+".configMap", v.ConfigMap.Items, v.ConfigMap.DefaultMode)
		}
	}
	return names
}

func (p *problems) checkItems(at string, items []corev1.KeyToPath, mode *int32) {
	p.checkMode(at+".defaultMode", mode)
	for here, item := range elements(at+".items", items) {
		p.required(here+".key", item.Key)
		p.required(here+".path", item.Path)
		p.checkBelow(here+".path", item.Path)
		p.checkMode(here+".mode", item.Mode)
	}
}

func (p *problems) checkMode(at string, mode *int32) {
	n := ptr.Deref(mode, 0)
	p.addIf(n < 0 || n > 0o777, at, "%d is no file mode: 0 to 0777 (octal)", n)
}

func (p *problems) checkBelow(at, name string) {
	leads := path.IsAbs(name) || slices.Contains(strings.Split(name, "/"), "..")
	p.addIf(leads, at, "%q must be relative and without ..", name)
}

// countSet counts the fields that are set of a struct that has pointers alone, as Kubernetes writes "one of".
func countSet(union any) int {
	n := 0
	for v, i := reflect.ValueOf(union), 0; i < v.NumField(); i++ {
		if !v.Field(i).IsNil() {
			n++
		}
	}
	return n
}

func (p *problems) checkContainer(at string, c corev1.Container, volumes map[string]bool, hostNetwork bool) {
	p.required(at+".name", c.Name)
	if c.Name != "" {
		p.invalid(at+".name", c.Name, validation.IsDNS1123Label(c.Name))
	}
	image := strings.TrimSpace(c.Image)
	p.required(at+".image", image)
	p.addIf(image != "" && c.Image != strings.Trim(image, ":"), at+".image", "%q is no image reference", c.Image)
	oneOf(p, at+".imagePullPolicy", c.ImagePullPolicy, corev1.PullAlways, corev1.PullIfNotPresent, corev1.PullNever)
	p.checkContainerPorts(at, c.Ports, hostNetwork)
	p.checkEnv(at, c.Env)
	p.checkMounts(at, c.VolumeMounts, volumes)
	p.checkResources(at+".resources", c.Resources)
	p.checkProbe(at+".startupProbe", c.StartupProbe, c.Ports, 1)
	p.checkProbe(at+".livenessProbe", c.LivenessProbe, c.Ports, 1)
	p.checkProbe(at+".readinessProbe", c.ReadinessProbe, c.Ports, math.MaxInt32)
	s := ptr.Deref(c.SecurityContext, corev1.SecurityContext{})
	p.addIf(ptr.Deref(s.RunAsNonRoot, false) && ptr.Deref(s.RunAsUser, 1) == 0,
		at+".securityContext", "runAsNonRoot and runAsUser 0 exclude each other")
}

func (p *problems) checkInitContainer(at string, c corev1.Container) {
	isSidecar := c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
	isWatched := c.LivenessProbe != nil || c.ReadinessProbe != nil || c.StartupProbe != nil || c.Lifecycle != nil
	p.addIf(isWatched && !isSidecar,
		at, "an init container has no probes and no lifecycle, unless restartPolicy is Always")
}

func (p *problems) checkContainerPorts(at string, ports []corev1.ContainerPort, hostNetwork bool) {
	names, numbers := map[string]bool{}, map[string]bool{}
	for here, port := range elements(at+".ports", ports) {
		p.checkPortNumber(here+".containerPort", port.ContainerPort)
		if port.Name != "" {
			p.invalid(here+".name", port.Name, validation.IsValidPortName(port.Name))
			p.unique(here+".name", port.Name, "port name", names)
		}
		oneOf(p, here+".protocol", port.Protocol, corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP)
		number := fmt.Sprintf("%d/%s", port.ContainerPort, cmp.Or(port.Protocol, corev1.ProtocolTCP))
		p.unique(here, number, "port", numbers)
		if port.HostPort != 0 {
			p.checkPortNumber(here+".hostPort", port.HostPort)
		}
		p.addIf(hostNetwork && port.HostPort != 0 && port.HostPort != port.ContainerPort, here+".hostPort",
			"%d must equal containerPort %d where hostNetwork is true", port.HostPort, port.ContainerPort)
	}
}

func (p *problems) checkPortNumber(at string, port int32) {
	if port == 0 {
		p.add(at, "is missing")
		return
	}
	p.invalid(at, int(port), validation.IsValidPortNum(int(port)))
}

// checkHostPorts finds host ports that two containers of a pod want.
func (p *problems) checkHostPorts(at string, pod corev1.PodSpec) {
	owner := map[string]string{}
	for _, c := range pod.Containers {
		for _, port := range c.Ports {
			if port.HostPort == 0 {
				continue
			}
			key := fmt.Sprintf("%s%d/%s", port.HostIP, port.HostPort, cmp.Or(port.Protocol, corev1.ProtocolTCP))
			if other, ok := owner[key]; ok && other != c.Name {
				p.add(at, "the containers %s and %s both want host port %s", other, c.Name, key)
			}
			owner[key] = c.Name
		}
	}
}

func (p *problems) checkEnv(at string, env []corev1.EnvVar) {
	names := map[string]bool{}
	for here, e := range elements(at+".env", env) {
		if e.Name == "" {
			p.add(here+".name", "is missing")
			continue
		}
		p.invalid(here+".name", e.Name, validation.IsRelaxedEnvVarName(e.Name))
		p.unique(here, e.Name, "variable", names)
		if e.ValueFrom == nil {
			continue
		}
		p.addIf(e.Value != "", here, "%s has value and valueFrom, one is allowed", e.Name)
		from, n := here+".valueFrom", countSet(*e.ValueFrom)
		p.addIf(n != 1, from, "has %d sources, exactly one is expected", n)
		secret, config := e.ValueFrom.SecretKeyRef, e.ValueFrom.ConfigMapKeyRef
		p.addIf(secret != nil && (secret.Name == "" || secret.Key == ""),
			from+".secretKeyRef", "name or key is missing")
		p.addIf(config != nil && (config.Name == "" || config.Key == ""),
			from+".configMapKeyRef", "name or key is missing")
	}
}

func (p *problems) checkMounts(at string, mounts []corev1.VolumeMount, volumes map[string]bool) {
	paths := map[string]bool{}
	for here, m := range elements(at+".volumeMounts", mounts) {
		p.addIf(!volumes[m.Name], here+".name", "the pod has no volume %q", m.Name)
		p.required(here+".mountPath", m.MountPath)
		p.unique(here+".mountPath", m.MountPath, "mount path", paths)
		p.checkBelow(here+".subPath", m.SubPath)
	}
}

func (p *problems) checkResources(at string, r corev1.ResourceRequirements) {
	known := []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage}
	checkName := func(at string, name corev1.ResourceName) {
		isKnown := slices.Contains(known, name) || strings.HasPrefix(string(name), corev1.ResourceHugePagesPrefix)
		p.addIf(!isKnown && !strings.Contains(string(name), "/"), fmt.Sprintf("%s.%s", at, name),
			"is no resource: %v, or one with a domain such as nvidia.com/gpu", known)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Limits)) {
		checkName(at+".limits", name)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Requests)) {
		checkName(at+".requests", name)
		request := r.Requests[name]
		if limit, ok := r.Limits[name]; ok && request.Cmp(limit) > 0 {
			p.add(fmt.Sprintf("%s.requests.%s", at, name), "%s is above the limit %s", request.String(), limit.String())
		}
	}
}

// checkProbe takes the successes that a probe of its sort may ask for.
func (p *problems) checkProbe(at string, probe *corev1.Probe, ports []corev1.ContainerPort, mostSuccesses int32) {
	if probe == nil {
		return
	}
	p.addIf(probe.SuccessThreshold > mostSuccesses, at+".successThreshold", "must be %d", mostSuccesses)
	n := countSet(probe.ProbeHandler)
	p.addIf(n != 1, at, "has %d handlers (httpGet, tcpSocket, exec, grpc), exactly one is expected", n)
	if get := probe.HTTPGet; get != nil {
		p.checkProbePort(at+".httpGet.port", get.Port, ports)
	}
	if socket := probe.TCPSocket; socket != nil {
		p.checkProbePort(at+".tcpSocket.port", socket.Port, ports)
	}
}

func (p *problems) checkProbePort(at string, port intstr.IntOrString, ports []corev1.ContainerPort) {
	if port.Type == intstr.Int {
		p.checkPortNumber(at, port.IntVal)
		return
	}
	isNamed := func(c corev1.ContainerPort) bool { return c.Name == port.StrVal }
	p.addIf(!slices.ContainsFunc(ports, isNamed), at, "the container has no port named %q", port.StrVal)
}

// Package forward opens ports of pods on this machine, through the Kubernetes
// API, as kubectl port-forward does.
package forward

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"

	"github.com/helm-livekit/helm-livekit/cluster/internal/kube"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Target is a port of a pod, or of a Service's first ready pod.
type Target struct {
	Namespace, Name string
	Port            int // of the Service where Name is one, else of the pod
}

// ParseTarget reads NAMESPACE/NAME:PORT; flag names it in errors.
func ParseTarget(flag, text string) (Target, error) {
	place, port, _ := strings.Cut(text, ":")
	namespace, name, _ := strings.Cut(place, "/")
	number, err := strconv.ParseUint(port, 10, 16)
	if namespace == "" || name == "" || strings.Contains(name, "/") || err != nil || number == 0 {
		return Target{}, remedy.Errorf("give it as NAMESPACE/SERVICE_OR_POD:PORT",
			"%s: %q does not name a port in the cluster", flag, text)
	}
	return Target{namespace, name, int(number)}, nil
}

// Open forwards a port of this machine's loopback address to the target until end is
// closed, and gives that port. ctx is for the opening alone.
func Open(ctx context.Context, c *kube.Cluster, target Target, end <-chan struct{}) (int, error) {
	pod, port, err := findPod(ctx, c, target)
	if err != nil {
		return 0, err
	}
	transport, upgrader, err := spdy.RoundTripperFor(c.Config)
	if err != nil {
		return 0, err
	}
	request := c.CoreV1().RESTClient().Post().Resource("pods").Namespace(target.Namespace).Name(pod).SubResource(
		"portforward")
	dialer := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, request.URL())
	ready := make(chan struct{})
	forwarder, err := portforward.NewOnAddresses(dialer, []string{"127.0.0.1"}, []string{fmt.Sprintf("0:%d", port)},
		end, ready, io.Discard, io.Discard)
	if err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- forwarder.ForwardPorts() }()
	select {
	case <-ready:
	case err := <-ended:
		return 0, remedy.Errorf("check that the pod runs, and that you may create pods/portforward in its namespace",
			"port-forward to %s/%s: %w", target.Namespace, pod, err)
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	ports, err := forwarder.GetPorts()
	if err != nil {
		return 0, err
	}
	return int(ports[0].Local), nil
}

// findPod finds the pod and its port.
func findPod(ctx context.Context, c *kube.Cluster, t Target) (string, int, error) {
	service, err := c.CoreV1().Services(t.Namespace).Get(ctx, t.Name, meta.GetOptions{})
	if err != nil {
		if _, podErr := c.CoreV1().Pods(t.Namespace).Get(ctx, t.Name, meta.GetOptions{}); podErr != nil {
			return "", 0, remedy.Errorf("see kubectl -n "+t.Namespace+" get services,pods",
				"port-forward: %s is neither a Service nor a pod that can be read: %w", t.Name, err)
		}
		return t.Name, t.Port, nil
	}
	if len(service.Spec.Selector) == 0 {
		return "", 0, remedy.Errorf("name a pod", "port-forward: the Service %s selects no pods", t.Name)
	}
	pods, err := c.CoreV1().Pods(t.Namespace).List(ctx,
		meta.ListOptions{LabelSelector: labels.Set(service.Spec.Selector).String()})
	if err != nil {
		return "", 0, fmt.Errorf("port-forward: the pods of the Service %s: %w", t.Name, err)
	}
	i := slices.IndexFunc(pods.Items, func(p core.Pod) bool { return p.DeletionTimestamp == nil && kube.IsReady(p) })
	if i < 0 {
		return "", 0, remedy.Errorf("see kubectl -n "+t.Namespace+" get pods", "port-forward: the Service %s has no "+
			"ready pod", t.Name)
	}
	port, err := podPort(service, pods.Items[i], t.Port)
	return pods.Items[i].Name, port, err
}

// podPort gives the pod's port behind a port of a Service.
func podPort(service *core.Service, pod core.Pod, port int) (int, error) {
	var known []string
	for _, p := range service.Spec.Ports {
		known = append(known, strconv.Itoa(int(p.Port)))
		if int(p.Port) != port || p.Protocol == core.ProtocolUDP {
			continue
		}
		return cmp.Or(kube.TargetPort(p, pod.Spec), port), nil
	}
	return 0, remedy.Errorf("name one of its TCP ports", "port-forward: the Service %s has no TCP port %d (it has %s)",
		service.Name, port, strings.Join(known, ", "))
}

package diagnose

import (
	"context"
	"fmt"
	"slices"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	storage "k8s.io/api/storage/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// logReader gives the last lines of a container's log, of the one before where it
// restarted; "" where there is none.
type logReader func(ctx context.Context, pod, container string, previous bool) string

// inspector has what is known of a namespace, and the findings so far.
type inspector struct {
	namespace      string
	pods           []core.Pod
	events         []core.Event
	claims         []core.PersistentVolumeClaim
	services       []core.Service
	ingresses      []networking.Ingress
	secrets        *secrets
	classes        []storage.StorageClass
	ingressClasses []networking.IngressClass
	logs           logReader
	findings       []Finding
}

// Namespace says what stands in the way of what is in a namespace, the most telling
// first. It gives nothing where all is well, or where nothing can be said yet.
func Namespace(ctx context.Context, client kubernetes.Interface, namespace string) ([]Finding, error) {
	readLog := func(ctx context.Context, pod, container string, previous bool) string {
		n := int64(60) // lines
		raw, err := client.CoreV1().Pods(namespace).GetLogs(pod,
			&core.PodLogOptions{Container: container, Previous: previous, TailLines: &n}).DoRaw(ctx)
		if err != nil {
			return ""
		}
		return string(raw)
	}
	return namespaceWith(ctx, client, namespace, readLog)
}

func namespaceWith(
	ctx context.Context, client kubernetes.Interface, namespace string, logs logReader,
) ([]Finding, error) {
	in := &inspector{namespace: namespace, logs: logs}
	if err := in.read(ctx, client); err != nil {
		return nil, err
	}
	if in.secrets = readSecrets(ctx, client, namespace); in.secrets.unknown {
		// Kubernetes' own texts tell what is wrong, and hold no values of Secrets.
		in.logs = func(context.Context, string, string, bool) string { return "" }
	} else {
		in.cleanTexts()
	}
	in.owners()
	for _, c := range in.claims {
		in.claim(c)
	}
	for _, p := range in.pods {
		in.pod(ctx, p)
	}
	for _, s := range in.services {
		in.service(s)
	}
	for _, i := range in.ingresses {
		in.ingress(i)
	}
	return ordered(in.findings), nil
}

// read lists what the findings are made of. Only pods must be readable.
func (in *inspector) read(ctx context.Context, client kubernetes.Interface) error {
	all := meta.ListOptions{}
	pods, err := client.CoreV1().Pods(in.namespace).List(ctx, all)
	if err != nil {
		return fmt.Errorf("the pods of namespace %s: %w", in.namespace, err)
	}
	in.pods = slices.DeleteFunc(pods.Items, func(p core.Pod) bool { return p.DeletionTimestamp != nil })
	if list, err := client.CoreV1().Events(in.namespace).List(ctx, all); err == nil {
		in.events = list.Items
		slices.SortStableFunc(in.events,
			func(a, b core.Event) int { return lastSeen(a).Time.Compare(lastSeen(b).Time) })
	}
	if list, err := client.CoreV1().PersistentVolumeClaims(in.namespace).List(ctx, all); err == nil {
		in.claims = list.Items
	}
	if list, err := client.StorageV1().StorageClasses().List(ctx, all); err == nil {
		in.classes = list.Items
	}
	if list, err := client.CoreV1().Services(in.namespace).List(ctx, all); err == nil {
		in.services = list.Items
	}
	if list, err := client.NetworkingV1().Ingresses(in.namespace).List(ctx, all); err == nil {
		in.ingresses = list.Items
	}
	if list, err := client.NetworkingV1().IngressClasses().List(ctx, all); err == nil {
		in.ingressClasses = list.Items
	}
	return nil
}

// cleanTexts takes secrets out of all texts that findings are made of, before any is cut.
func (in *inspector) cleanTexts() {
	for i := range in.events {
		in.events[i].Message = in.secrets.clean(in.events[i].Message)
	}
	for i := range in.pods {
		status := &in.pods[i].Status
		for j := range status.Conditions {
			status.Conditions[j].Message = in.secrets.clean(status.Conditions[j].Message)
		}
		for _, list := range [][]core.ContainerStatus{status.InitContainerStatuses, status.ContainerStatuses} {
			for j := range list {
				in.cleanState(&list[j].State)
				in.cleanState(&list[j].LastTerminationState)
			}
		}
	}
	read := in.logs
	in.logs = func(ctx context.Context, pod, container string, previous bool) string {
		return in.secrets.clean(read(ctx, pod, container, previous))
	}
}

func (in *inspector) cleanState(s *core.ContainerState) {
	if s.Waiting != nil {
		s.Waiting.Message = in.secrets.clean(s.Waiting.Message)
	}
	if s.Terminated != nil {
		s.Terminated.Message = in.secrets.clean(s.Terminated.Message)
	}
}

func (in *inspector) add(f Finding) { in.findings = append(in.findings, f) }

// eventsOf gives the events of an object, the newest last.
func (in *inspector) eventsOf(kind, name string) []core.Event {
	var out []core.Event
	for _, e := range in.events {
		if e.InvolvedObject.Kind == kind && e.InvolvedObject.Name == name {
			out = append(out, e)
		}
	}
	return out
}

// lastEvent gives the newest event of an object with one of these reasons.
func (in *inspector) lastEvent(kind, name string, reasons ...string) (core.Event, bool) {
	events := in.eventsOf(kind, name)
	for _, e := range slices.Backward(events) {
		if slices.Contains(reasons, e.Reason) {
			return e, true
		}
	}
	return core.Event{}, false
}

func lastSeen(e core.Event) meta.Time {
	switch {
	case e.Series != nil:
		return meta.Time{Time: e.Series.LastObservedTime.Time}
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp
	case !e.EventTime.IsZero():
		return meta.Time{Time: e.EventTime.Time}
	}
	return e.CreationTimestamp
}

func (in *inspector) see(object string) string {
	return "see kubectl -n " + in.namespace + " describe " + object
}

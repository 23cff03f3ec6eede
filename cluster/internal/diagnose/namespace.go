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

// look is what is known of a namespace.
type look struct {
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
	return namespaceWith(ctx, client, namespace, func(ctx context.Context, pod, container string, previous bool) string {
		const lines = 60
		n := int64(lines)
		raw, err := client.CoreV1().Pods(namespace).GetLogs(pod, &core.PodLogOptions{Container: container, Previous: previous, TailLines: &n}).DoRaw(ctx)
		if err != nil {
			return ""
		}
		return string(raw)
	})
}

func namespaceWith(ctx context.Context, client kubernetes.Interface, namespace string, logs logReader) ([]Finding, error) {
	l := &look{namespace: namespace, logs: logs}
	if err := l.read(ctx, client); err != nil {
		return nil, err
	}
	if l.secrets = readSecrets(ctx, client, namespace); l.secrets.unknown {
		// Kubernetes' own texts tell what is wrong, and hold no values of Secrets.
		l.logs = func(context.Context, string, string, bool) string { return "" }
	} else {
		l.tidy()
	}
	l.owners()
	for _, c := range l.claims {
		l.claim(c)
	}
	for _, p := range l.pods {
		l.pod(ctx, p)
	}
	for _, s := range l.services {
		l.service(s)
	}
	for _, i := range l.ingresses {
		l.ingress(i)
	}
	return ordered(l.findings), nil
}

// read lists what the findings are made of. Only pods must be readable.
func (l *look) read(ctx context.Context, client kubernetes.Interface) error {
	all := meta.ListOptions{}
	pods, err := client.CoreV1().Pods(l.namespace).List(ctx, all)
	if err != nil {
		return fmt.Errorf("the pods of namespace %s: %w", l.namespace, err)
	}
	l.pods = slices.DeleteFunc(pods.Items, func(p core.Pod) bool { return p.DeletionTimestamp != nil })
	if list, err := client.CoreV1().Events(l.namespace).List(ctx, all); err == nil {
		l.events = list.Items
		slices.SortStableFunc(l.events, func(a, b core.Event) int { return lastSeen(a).Time.Compare(lastSeen(b).Time) })
	}
	if list, err := client.CoreV1().PersistentVolumeClaims(l.namespace).List(ctx, all); err == nil {
		l.claims = list.Items
	}
	if list, err := client.StorageV1().StorageClasses().List(ctx, all); err == nil {
		l.classes = list.Items
	}
	if list, err := client.CoreV1().Services(l.namespace).List(ctx, all); err == nil {
		l.services = list.Items
	}
	if list, err := client.NetworkingV1().Ingresses(l.namespace).List(ctx, all); err == nil {
		l.ingresses = list.Items
	}
	if list, err := client.NetworkingV1().IngressClasses().List(ctx, all); err == nil {
		l.ingressClasses = list.Items
	}
	return nil
}

// tidy takes secrets out of all texts that findings are made of, before any is cut.
func (l *look) tidy() {
	for i := range l.events {
		l.events[i].Message = l.secrets.clean(l.events[i].Message)
	}
	for i := range l.pods {
		status := &l.pods[i].Status
		for j := range status.Conditions {
			status.Conditions[j].Message = l.secrets.clean(status.Conditions[j].Message)
		}
		for _, list := range [][]core.ContainerStatus{status.InitContainerStatuses, status.ContainerStatuses} {
			for j := range list {
				l.tidyState(&list[j].State)
				l.tidyState(&list[j].LastTerminationState)
			}
		}
	}
	read := l.logs
	l.logs = func(ctx context.Context, pod, container string, previous bool) string {
		return l.secrets.clean(read(ctx, pod, container, previous))
	}
}

func (l *look) tidyState(s *core.ContainerState) {
	if s.Waiting != nil {
		s.Waiting.Message = l.secrets.clean(s.Waiting.Message)
	}
	if s.Terminated != nil {
		s.Terminated.Message = l.secrets.clean(s.Terminated.Message)
	}
}

func (l *look) add(f Finding) { l.findings = append(l.findings, f) }

// eventsOf gives the events of an object, the newest last.
func (l *look) eventsOf(kind, name string) []core.Event {
	var out []core.Event
	for _, e := range l.events {
		if e.InvolvedObject.Kind == kind && e.InvolvedObject.Name == name {
			out = append(out, e)
		}
	}
	return out
}

// lastEvent gives the newest event of an object with one of these reasons.
func (l *look) lastEvent(kind, name string, reasons ...string) (core.Event, bool) {
	events := l.eventsOf(kind, name)
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

func (l *look) see(object string) string {
	return "see kubectl -n " + l.namespace + " describe " + object
}

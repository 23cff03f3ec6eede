package diagnose

import (
	"context"
	"fmt"
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	storage "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
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
	secrets        map[string]bool // by name; nil where they may not be listed
	classes        []storage.StorageClass
	ingressClasses []networking.IngressClass
	hidden         []string // values of Secrets, which no finding may show
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
	for i, f := range l.findings {
		l.findings[i].Detail = l.clean(f.Detail)
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
	list, err := client.CoreV1().Secrets(l.namespace).List(ctx, all)
	if err == nil {
		l.readSecrets(list.Items)
	} else if !apierrors.IsForbidden(err) {
		return fmt.Errorf("the Secrets of namespace %s: %w", l.namespace, err)
	}
	return nil
}

// readSecrets notes names, and what must not be shown.
func (l *look) readSecrets(secrets []core.Secret) {
	const telling = 6 // shorter values would hide ordinary words
	l.secrets = map[string]bool{}
	for _, s := range secrets {
		l.secrets[s.Name] = true
		for _, value := range s.Data {
			for line := range strings.Lines(string(value)) {
				if line = strings.TrimSpace(line); len(line) >= telling {
					l.hidden = append(l.hidden, line)
				}
			}
		}
	}
	// The longest first: one may hold another.
	slices.SortFunc(l.hidden, func(a, b string) int { return len(b) - len(a) })
}

func (l *look) clean(text string) string {
	for _, secret := range l.hidden {
		text = strings.ReplaceAll(text, secret, "(hidden)")
	}
	return text
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

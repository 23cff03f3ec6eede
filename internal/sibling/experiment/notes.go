package experiment

import (
	"fmt"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/sibling/names"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// notes say what of the sibling cannot carry over to a standalone chart, or was not understood.
func (o *observation) notes(f *names.Facts) []string {
	all := []string{o.libraryNote(), o.hostNote(f), o.nameNote(), o.labelNote(), o.drivenNote(),
		o.componentNote(), o.namespaceNote()}
	return slices.DeleteFunc(all, func(note string) bool { return note == "" })
}

// libraryNote tells of templates that another chart has.
func (o *observation) libraryNote() string {
	if o.sibling.Wrapped != nil || o.sibling.Templates[0].HasWorkload() {
		return ""
	}
	var names []string
	for _, d := range o.sibling.Dependencies() {
		names = append(names, d.Name)
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("The objects of %s come from a library (%s). The new chart stands alone: "+
		"it has templates of its own that render the like.",
		o.sibling.Shown, strings.Join(names, ", "))
}

// hostNote tells of a host that is put together from several values.
func (o *observation) hostNote(f *names.Facts) string {
	var parts []string
	for _, found := range o.result.Findings {
		if slices.ContainsFunc(found.Reaches, func(r lineage.Reach) bool {
			return r.Effect == lineage.Inside && isHostField(f.Sheet, r) && isInHost(r)
		}) {
			parts = append(parts, found.Path.String())
		}
	}
	slices.Sort(parts)
	_, hasDomain := f.Values["ingress.domain"]
	if len(parts) < 2 || hasDomain {
		return ""
	}
	return fmt.Sprintf("The host in %s is put together from %s. The new chart takes it whole, in one value.",
		o.sibling.Shown, strings.Join(parts, " and "))
}

// isInHost leaves out the paths of Traefik's rules: Host(`a`) && PathPrefix(`/b`).
func isInHost(r lineage.Reach) bool {
	inHost := strings.LastIndex(r.Before, "Host(") > strings.LastIndex(r.Before, ")")
	return r.Object.Kind != convention.RouteIngressRoute || inHost
}

// isHostField reports whether a field holds hosts of a route.
func isHostField(sheet *factsheet.Sheet, r lineage.Reach) bool {
	targets, err := targetsOf(sheet.Of("ingress.hosts"))
	return err == nil && slices.ContainsFunc(targets, func(t target) bool {
		rest, ok := below(r.Field, t.field)
		return ok && r.Object.Kind == t.kind && (len(rest) == 0 || len(rest) == 1 && isElement(rest[0]))
	})
}

// nameNote tells of names that follow no pattern that a chart can have.
func (o *observation) nameNote() string {
	if _, _, ok := o.fullname(o.own); ok || o.own.Name == "" {
		return ""
	}
	return fmt.Sprintf("The name of the %s in %s (%s) is none that another chart could have. "+
		"Please check those of the new chart.",
		o.workload.Kind, o.sibling.Shown, o.own.Name)
}

// labelNote tells of labels that are left out.
func (o *observation) labelNote() string {
	known, _ := o.patterns(o.own.Labels, nil)
	var left []string
	for _, l := range o.own.Labels {
		isKnown := slices.ContainsFunc(known, func(k convention.Label) bool { return k.Name == l.Name })
		if !isKnown && !lineage.IsMark(l.Name) {
			left = append(left, l.Name)
		}
	}
	if len(left) == 0 {
		return ""
	}
	return fmt.Sprintf("Labels of %s whose values are not understood are left out: %s.",
		o.sibling.Shown, strings.Join(left, ", "))
}

// drivenNote tells of labels that are left out as their texts come from values.
func (o *observation) drivenNote() string {
	all := slices.Concat(o.own.Labels, o.own.PodLabels)
	with, _ := o.patterns(all, nil)
	without, _ := o.patterns(all, o.driven)
	var left []string
	for _, l := range with {
		if !slices.Contains(without, l) {
			left = append(left, fmt.Sprintf("%s (from %s)", l.Name, o.driven[l.Name]))
		}
	}
	slices.Sort(left)
	if left = slices.Compact(left); len(left) == 0 {
		return ""
	}
	return fmt.Sprintf("Labels of %s whose values come from its values.yaml are left out: %s.",
		o.sibling.Shown, strings.Join(left, ", "))
}

// componentNote tells which of several workloads was followed.
func (o *observation) componentNote() string {
	var others []string
	for _, ref := range o.result.Refs {
		if isWorkload(ref) && ref != o.workload {
			others = append(others, ref.String())
		}
	}
	slices.Sort(others)
	others = slices.Compact(others)
	if len(others) == 0 {
		return ""
	}
	return fmt.Sprintf("Of the workloads of %s, %s is followed, and not %s.",
		o.sibling.Shown, o.workload, strings.Join(others, ", "))
}

// namespaceNote tells of objects that name their namespace by a value.
func (o *observation) namespaceNote() string {
	for _, f := range o.result.Findings {
		for _, r := range f.Reaches {
			isNamespace := slices.Equal(r.Field, []string{"metadata", "namespace"})
			if isNamespace && r.Effect != lineage.Switch && r.Object == o.workload {
				return fmt.Sprintf("The namespace in %s comes from the value %s. "+
					"The new chart's objects go where Helm is told to install them.",
					o.sibling.Shown, yamldoc.JoinPath(f.Path...))
			}
		}
	}
	return ""
}

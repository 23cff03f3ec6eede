package merge

import (
	"reflect"
	"slices"

	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// absent stands for a value that a side does not have.
type absent struct{}

// values merges what texts say, apart from how they say it.
type values struct {
	conflicts []yamldoc.Path
	// listsAreSets lets lists of scalars merge by their elements, as a schema's lists of required keys are.
	listsAreSets bool
}

func (v *values) merge(base, ours, theirs any, at yamldoc.Path) any {
	switch {
	case reflect.DeepEqual(base, theirs), reflect.DeepEqual(ours, theirs):
		return ours
	case reflect.DeepEqual(base, ours):
		return theirs
	}
	b, isMapBefore := base.(map[string]any)
	o, isMap := ours.(map[string]any)
	t, isMapNow := theirs.(map[string]any)
	_, isNew := base.(absent)
	_, isDeleted := ours.(absent)
	_, isGone := theirs.(absent)
	switch {
	case isMap && isMapNow && (isMapBefore && len(b) > 0 || isNew):
		return v.maps(b, o, t, at)
	case isNew, isDeleted && !isGone:
		return ours // the user's own key, and the user's own deletion
	}
	if yamldoc.IsEmpty(base) {
		return ours // the user has filled in what was left to them; a new default is one no more
	}
	if v.listsAreSets {
		if list, ok := mergeSets(base, ours, theirs); ok {
			return list
		}
	}
	v.conflicts = append(v.conflicts, slices.Clone(at))
	return ours
}

func (v *values) maps(base, ours, theirs map[string]any, at yamldoc.Path) map[string]any {
	out := map[string]any{}
	for _, m := range []map[string]any{ours, theirs} {
		for key := range m {
			if _, done := out[key]; done {
				continue
			}
			merged := v.merge(valueOf(base, key), valueOf(ours, key), valueOf(theirs, key), append(at, key))
			if _, isAbsent := merged.(absent); !isAbsent {
				out[key] = merged
			}
		}
	}
	return out
}

func valueOf(m map[string]any, key string) any {
	if v, ok := m[key]; ok {
		return v
	}
	return absent{}
}

// mergeSets merges lists of scalars: what either side added is there, what either side removed is not.
func mergeSets(base, ours, theirs any) ([]any, bool) {
	b, bok := scalars(base)
	o, ook := scalars(ours)
	t, tok := scalars(theirs)
	if !bok || !ook || !tok {
		return nil, false
	}
	out := slices.DeleteFunc(slices.Clone(o), func(x any) bool {
		return slices.Contains(b, x) && !slices.Contains(t, x)
	})
	for _, x := range t {
		if !slices.Contains(b, x) && !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out, true
}

func scalars(v any) ([]any, bool) {
	list, ok := v.([]any)
	return list, ok && !slices.ContainsFunc(list, func(x any) bool {
		switch x.(type) {
		case map[string]any, []any:
			return true
		}
		return false
	})
}

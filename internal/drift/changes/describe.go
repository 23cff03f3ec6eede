package changes

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// describe names a change after the finding that says most of it.
func describe(list []Finding, members []int) Change {
	lead := slices.MinFunc(members, func(a, b int) int { return int(list[a].Kind) - int(list[b].Kind) })
	c := Change{Findings: members, Lead: lead}
	var all []Finding
	for _, i := range members {
		all = append(all, list[i])
	}
	switch f := list[lead]; {
	case f.Component != "":
		c.Title, c.Why = "Component "+f.Component, reasons(all)
	case f.Kind < Version:
		c.Title, c.Why = ofKey(f, all)
	case f.Kind == Version:
		c.Title, c.Why = ofVersion(all)
	case f.Kind == Failure:
		c.Title, c.Why = "Rendering", reasons(all)
	case f.Kind == Object && f.Upstream == nil:
		c.Title, c.Why = f.Object+": only in this chart", reasons(all)
	case f.Kind == Object:
		c.Title, c.Why = f.Object+": not in this chart", reasons(all)
	default:
		c.Title, c.Why = ofFields(all)
	}
	return c
}

// ofKey describes a key of upstream's, or a block of them.
func ofKey(f Finding, all []Finding) (title, why string) {
	fields, keys, objects := 0, 0, []string(nil)
	for _, x := range all {
		if x.Kind < Version {
			keys++
		}
		if x.Kind > Version {
			fields++
		}
		if x.Kind == Object {
			objects = append(objects, x.Object)
		}
	}
	key := strings.Join(f.Path, ".")
	why = f.Why
	switch f.Kind {
	case Default:
		title = fmt.Sprintf("%s: upstream's default is %s, was %s", key, short(f.Upstream), short(f.Chart))
		why = "upstream changed the default of this key"
	case GoneKey:
		title = key + ": no longer in upstream's chart"
	default:
		if f.Block != "" && (keys > 1 || len(objects) > 0) {
			key = f.Block
		}
		title = key + ": in upstream's chart alone"
	}
	switch {
	case len(objects) > 0:
		why += ", which " + strings.Join(objects, ", ") + " follows from"
	case fields > 0:
		why += fmt.Sprintf(", and %s", countOf(fields, "field follows from it", "fields follow from it"))
	}
	return title, why
}

func ofVersion(all []Finding) (title, why string) {
	var parts []string
	follow := 0
	for _, f := range all {
		if f.Object != "" {
			follow++
			continue
		}
		format := f.Path.String() + " is %s, against %s here"
		switch f.Path.String() {
		case "upstream":
			format = "upstream's chart is %s, this one was made from %s"
		case "upstream.appVersion":
			format = "upstream's appVersion is %s, known is %s"
		}
		part := fmt.Sprintf(format, short(f.Upstream), short(f.Chart))
		if !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
		if f.Why != "" && !strings.Contains(why, f.Why) {
			why = strings.TrimPrefix(why+"; "+f.Why, "; ")
		}
	}
	if len(parts) == 0 {
		parts, why = []string{"the server's in images and labels"}, "the version that both charts have differs"
	}
	if follow > 0 {
		why += fmt.Sprintf("; %s", countOf(follow, "label or image has it", "labels and images have it"))
	}
	return "Version: " + strings.Join(parts, "; "), why
}

// ofFields describes fields of objects that are there on both sides.
func ofFields(all []Finding) (title, why string) {
	var objects, parts []string
	absent, only, isEdit := true, true, false
	for _, f := range all {
		objects = append(objects, f.Object)
		parts = append(parts, nameOf(Unit(f.Path)))
		absent, only, isEdit = absent && f.Chart == nil, only && f.Upstream == nil, isEdit || f.IsEdit
	}
	objects = unique(objects)
	parts = unique(parts)
	if ports := numbers(all); ports != "" {
		parts = []string{ports}
	}
	what := "differs from upstream's"
	switch {
	case isEdit:
		what = "changed here"
	case absent && only:
		what = "not as it is known to be"
	case absent:
		what = "in upstream's chart alone"
	case only:
		what = "in this chart alone"
	}
	title = fmt.Sprintf("%s of %s: %s", few(parts), few(objects), what)
	isUnexplained := func(f Finding) bool { return f.Why == "" }
	if why = reasons(all); slices.ContainsFunc(all, isUnexplained) {
		why = "no rule and no value of this chart explains it" // where there is a reason, the place says it
	}
	return title, why
}

// numbers names the port that findings are about, with what it was, "" if they are about something else.
func numbers(all []Finding) string {
	var up, own []string
	for _, f := range all {
		for _, tie := range strongTies(f) {
			number, isPort := strings.CutPrefix(tie, "port ")
			number, _, _ = strings.Cut(number, "/")
			switch {
			case !isPort || number == "":
			case f.Upstream != nil && f.Chart == nil, fmt.Sprint(f.Upstream) == number:
				up = append(up, number)
			case f.Chart != nil && f.Upstream == nil, fmt.Sprint(f.Chart) == number:
				own = append(own, number)
			}
		}
	}
	up, own = unique(up), unique(own)
	if len(up) != 1 || len(own) != 1 || up[0] == own[0] {
		return ""
	}
	return fmt.Sprintf("port %s (%s here)", up[0], own[0])
}

// nameOf is the end of a path that says what it is.
func nameOf(path manifest.Path) string {
	n := len(path) - 1
	for n > 0 && strings.HasPrefix(path[n], "[") {
		n--
	}
	if n > 0 && isLabel(path) {
		n--
	}
	return path[max(n, 0):].String()
}

// reasons joins the different reasons of several findings.
func reasons(all []Finding) string {
	var out []string
	for _, f := range all {
		if f.Why != "" {
			out = append(out, strings.TrimSuffix(f.Why, "."))
		}
	}
	return strings.Join(unique(out), "; ")
}

func unique(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// few joins names, of many the first ones.
func few(list []string) string {
	const most = 3
	if n := len(list) - most; n > 0 {
		return strings.Join(list[:most], ", ") + fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(list, ", ")
}

func countOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// short writes a value within a sentence.
func short(v any) string {
	const most = 60
	if v == nil {
		return "absent"
	}
	text, isText := v.(string)
	if data, err := json.Marshal(v); !isText || text == "" {
		if text = string(data); err != nil {
			text = fmt.Sprint(v)
		}
	}
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

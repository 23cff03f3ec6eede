package names

import (
	"regexp"
	"strings"
)

// Patterns that only live while a template is read.
const chartVersion = "{chartVersion}"

var (
	action      = regexp.MustCompile(`\{\{-?\s*(.*?)\s*-?\}\}`)
	labelLine   = regexp.MustCompile(`^["']?([A-Za-z0-9][A-Za-z0-9._/-]*)["']?:\s*(.*)$`)
	includeCall = regexp.MustCompile(`\b(?:include|template)\s+"([^"]+)"`)
	printfCall  = regexp.MustCompile(`^\(?printf\s+"([^"]*)"\s+(.*)$`)
	assignment  = regexp.MustCompile(`^(\$\w+)\s*:=\s*(.*)$`)
	nameValue   = regexp.MustCompile(`^\$?\.Values\.((global|app|application)\.)?` +
		`(name|appName|app|application|applicationName|nameOverride|fullnameOverride|serviceName)$`)
	onlyControls = regexp.MustCompile(`^(if|else|end|with|range|define|/\*)\b|^/\*`)
)

// pattern turns the text of a template into a pattern of Label.Value: actions
// become placeholders. It fails where an action is not understood.
func (t Templates) pattern(text string, vars map[string]string, depth int) (string, bool) {
	ok := true
	out := action.ReplaceAllStringFunc(text, func(a string) string {
		p, known := t.expression(action.FindStringSubmatch(a)[1], vars, depth)
		ok = ok && known
		return p
	})
	out = strings.Trim(strings.TrimSpace(out), `"'`)
	out = strings.ReplaceAll(out, "{name}-"+chartVersion, "{chart}")
	if t.chart != "" && !strings.Contains(out, "{") && (out == t.chart || strings.HasPrefix(out, t.chart+"-")) {
		out = "{name}" + out[len(t.chart):]
	}
	return out, ok && !strings.Contains(out, chartVersion)
}

// expression gives the placeholder for one expression of a template.
func (t Templates) expression(e string, vars map[string]string, depth int) (string, bool) {
	if depth > 8 {
		return "", false
	}
	// Pipes after the value only shape it: quote, trunc, trimSuffix.
	e, pipe := cutPipe(e)
	if inner, ok := strings.CutPrefix(e, "("); ok && strings.HasSuffix(inner, ")") {
		return t.expression(inner[:len(inner)-1], vars, depth+1)
	}
	if otherwise, ok := strings.CutPrefix(pipe, "default "); ok {
		if p, ok := t.expression(otherwise, vars, depth+1); ok {
			return p, true
		}
	}
	if m := printfCall.FindStringSubmatch(e); m != nil {
		return t.printf(m[1], m[2], vars, depth)
	}
	if m := includeCall.FindStringSubmatch(e); m != nil {
		return t.call(m[1], depth)
	}
	fields := splitArgs(e)
	if len(fields) > 2 && fields[0] == "required" {
		return t.expression(fields[len(fields)-1], vars, depth+1)
	}
	if len(fields) > 1 && (fields[0] == "default" || fields[0] == "coalesce") {
		for _, f := range fields[1:] {
			isValue := strings.HasPrefix(strings.TrimPrefix(f, "$"), ".Values")
			if p, ok := t.expression(f, vars, depth+1); ok && !isValue {
				return p, true
			}
		}
		return t.expression(fields[1], vars, depth+1)
	}
	switch strings.TrimPrefix(e, "$") {
	case ".Release.Name":
		return "{release}", true
	case ".Release.Service":
		return "{service}", true
	case ".Chart.Name":
		return "{name}", true
	case ".Chart.Version":
		return chartVersion, true
	case ".Chart.AppVersion", ".Values.image.tag":
		return "{version}", true
	}
	if nameValue.MatchString(e) {
		return "{name}", true
	}
	if p, ok := vars[e]; ok {
		return p, true
	}
	if len(e) > 1 && e[0] == '"' && e[len(e)-1] == '"' {
		return e[1 : len(e)-1], true
	}
	return "", false
}

// cutPipe splits an expression before its first pipe outside parentheses.
func cutPipe(e string) (value, pipe string) {
	depth := 0
	for i, r := range e {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case r == '|' && depth == 0:
			return strings.TrimSpace(e[:i]), strings.TrimSpace(e[i+1:])
		}
	}
	return strings.TrimSpace(e), ""
}

func (t Templates) printf(format, args string, vars map[string]string, depth int) (string, bool) {
	for _, arg := range splitArgs(args) {
		p, ok := t.expression(arg, vars, depth+1)
		if !ok || !strings.Contains(format, "%") {
			return "", false
		}
		i := strings.Index(format, "%")
		if i+2 > len(format) {
			return "", false
		}
		format = format[:i] + p + format[i+2:]
	}
	return strings.ReplaceAll(format, "{name}-"+chartVersion, "{chart}"), !strings.Contains(format, "%")
}

// splitArgs splits the words of a call; what is in parentheses or quotes is one.
func splitArgs(s string) []string {
	var args []string
	depth, start := 0, 0
	quoted := false
	for i, r := range s + " " {
		switch {
		case r == '"':
			quoted = !quoted
		case quoted:
		case r == '(':
			depth++
		case r == ')':
			depth--
		case r == ' ' && depth <= 0:
			if arg := strings.TrimSpace(s[start:min(i, len(s))]); arg != "" {
				args = append(args, arg)
			}
			start = i + 1
		}
	}
	return args
}

// call gives the placeholder for a named template: by what it holds where that
// is understood, else by its name.
func (t Templates) call(name string, depth int) (string, bool) {
	last := name[strings.LastIndexByte(name, '.')+1:]
	if last == "fullname" {
		return "{fullname}", true
	}
	if p, ok := t.body(name, depth); ok {
		return p, true
	}
	guess, ok := map[string]string{"chart": "{chart}", "name": "{name}"}[last]
	return guess, ok
}

// body gives the placeholder for the last line that a named template writes.
func (t Templates) body(name string, depth int) (string, bool) {
	lines, ok := t.defines[name]
	if !ok {
		return "", false
	}
	vars := assignments(t, lines)
	var texts []string
	for _, line := range lines {
		line = strings.TrimSpace(line)
		if m := action.FindStringSubmatch(line); m != nil && m[0] == line && writesNothing(m[1]) {
			continue
		}
		if line != "" {
			texts = append(texts, line)
		}
	}
	if len(texts) == 0 {
		return "", false
	}
	return t.pattern(texts[len(texts)-1], vars, depth+1)
}

// writesNothing tells actions that are for control alone.
func writesNothing(a string) bool { return assignment.MatchString(a) || onlyControls.MatchString(a) }

// assignments reads the variables that some lines set; those that are not
// understood are left out.
func assignments(t Templates, lines []string) map[string]string {
	vars := map[string]string{}
	for _, line := range lines {
		for _, a := range action.FindAllStringSubmatch(line, -1) {
			v := assignment.FindStringSubmatch(a[1])
			if v == nil {
				continue
			}
			if p, ok := t.expression(v[2], vars, 0); ok {
				vars[v[1]] = p
			}
		}
	}
	return vars
}

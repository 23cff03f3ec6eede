package mutation

import "fmt"

// The kinds of change to when something is rendered.
func conditions() []Kind {
	return []Kind{
		{Name: "condition-inverted", find: invertConditions},
		{Name: "operator-swapped", find: swapOperators},
		{Name: "condition-removed", find: removeConditions},
	}
}

func invertConditions(f *finder) {
	wrapConditions(f, "not (", ")", "invert the condition %s")
}

// wrapConditions puts text around the condition of each if.
func wrapConditions(f *finder, before, behind, what string) {
	for _, t := range f.templates() {
		for _, a := range t.actions {
			if from, to, ok := a.condition(); ok {
				f.add(t, a.from, fmt.Sprintf(what, t.data[from:to]), edit{from, from, before}, edit{to, to, behind})
			}
		}
	}
}

func swapOperators(f *finder) {
	others := map[string]string{"eq": "ne", "ne": "eq", "and": "or", "or": "and", "lt": "ge", "ge": "lt", "gt": "le", "le": "gt", "first": "last", "last": "first"}
	for _, t := range f.templates() {
		for _, a := range t.actions {
			for _, token := range a.tokens {
				if with, ok := others[token.text]; ok && token.kind == tokenWord {
					f.add(t, token.from, fmt.Sprintf("change %s to %s", token.text, with), edit{token.from, token.to, with})
				}
			}
		}
	}
}

// removeConditions keeps what an if holds in any case.
func removeConditions(f *finder) {
	for _, t := range f.templates() {
		for open, end := range sortedEnds(t) {
			a, e := t.actions[open], t.actions[end]
			if a.word() != "if" || len(t.branches[open]) > 0 {
				continue
			}
			from, to, ok := a.condition()
			if !ok {
				continue
			}
			first, last := t.lineAt(a.from)-1, t.lineAt(e.from)-1
			if t.lines[first].kind != lineAction || t.lines[last].kind != lineAction || first == last {
				continue
			}
			f.add(t, a.from, fmt.Sprintf("remove the condition %s, and keep what it holds", t.data[from:to]), t.cut(first, first+1), t.cut(last, last+1))
		}
	}
}

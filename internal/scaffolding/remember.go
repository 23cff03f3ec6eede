package scaffolding

// remembered are the flags of scaffold that a later run with --force repeats:
// the chart goes on being what was asked for. The lock has them by these names.
func (o *RunOptions) remembered() map[string]any {
	out := map[string]any{}
	for name, text := range o.texts() {
		if *text != "" {
			out[name] = *text
		}
	}
	for name, list := range o.lists() {
		if len(*list) > 0 {
			out[name] = *list
		}
	}
	return out
}

func (o *RunOptions) texts() map[string]*string {
	return map[string]*string{
		"name": &o.Name, "version": &o.Version, "appVersion": &o.AppVersion, "host": &o.Host,
		"conventions": &o.ConventionsFile,
	}
}

func (o *RunOptions) lists() map[string]*[]string {
	return map[string]*[]string{"like": &o.Like, "with": &o.With, "without": &o.Without}
}

// repeat takes over what an earlier run was asked for, where this one is asked
// nothing about it. Components are one question, and so are the conventions.
func (o *RunOptions) repeat(earlier map[string]any) {
	components := len(o.With)+len(o.Without) == 0
	conventions := len(o.Like) == 0 && o.ConventionsFile == ""
	asked := map[string]bool{"with": components, "without": components, "like": conventions, "conventions": conventions}
	for name, text := range o.texts() {
		open, grouped := asked[name]
		if s, ok := earlier[name].(string); ok && *text == "" && (open || !grouped) {
			*text = s
		}
	}
	for name, list := range o.lists() {
		items, ok := earlier[name].([]any)
		if !ok || !asked[name] {
			continue
		}
		for _, item := range items {
			if s, ok := item.(string); ok {
				*list = append(*list, s)
			}
		}
	}
}

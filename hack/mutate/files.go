package main

import (
	"path"
	"strings"
)

func removeFile(f *finder, t *text) {
	f.keep(t.name, 0, "remove the file", map[string]string{t.name: ""})
}

func renameFile(f *finder, t *text) {
	ext := path.Ext(t.name)
	to := strings.TrimSuffix(t.name, ext) + "-renamed" + ext
	f.keep(t.name, 0, "rename the file to "+to, map[string]string{t.name: "", to: t.data})
}

// addObjects adds objects behind others; for a partial, which renders none, it adds them in files.
func addObjects(f *finder, t *text) {
	const named = "metadata:\n  name: {{ .Release.Name }}-mutated\n"
	for _, object := range []string{
		"kind: ConfigMap\n" + named + "data:\n  mutated: mutated\n",
		"kind: Service\n" + named + "spec:\n  ports:\n    - port: 80\n  selector:\n    app: mutated\n",
		"kind: ServiceAccount\n" + named,
	} {
		kind, _, _ := strings.Cut(strings.TrimPrefix(object, "kind: "), "\n")
		if strings.HasSuffix(t.name, ".tpl") {
			name := "templates/mutated-" + strings.ToLower(kind) + ".yaml"
			f.keep(name, 0, "add a file with a "+kind, map[string]string{name: "apiVersion: v1\n" + object})
			continue
		}
		end := len(t.data)
		f.add(t, end, "add a "+kind+" at the end", edit{end, end, "\n---\napiVersion: v1\n" + object})
	}
}

package helmchart

import (
	"bytes"
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"

	"helm.sh/helm/v3/pkg/chart"
)

// Identity is what a chart's templates see of its Chart.yaml. Empty fields leave what is there.
type Identity struct{ Name, Version, AppVersion string }

// As gives the chart under another identity. The chart itself stays.
func (c *Chart) As(id Identity) *Chart {
	out := clone(c.c)
	out.Metadata.Name = cmp.Or(id.Name, out.Metadata.Name)
	out.Metadata.Version = cmp.Or(id.Version, out.Metadata.Version)
	out.Metadata.AppVersion = cmp.Or(id.AppVersion, out.Metadata.AppVersion)
	return &Chart{c: out}
}

// Bare gives the chart without its notes, schema, tests and the Kubernetes versions that it asks for: what stands in
// the way of a render whose values are not meant to be sensible. Its keys and certificates are words, as making real
// ones takes seconds, and so is what is random; it is always the same day. The chart itself stays.
func (c *Chart) Bare() *Chart {
	out := clone(c.c)
	bare(out)
	return &Chart{c: out}
}

func bare(c *chart.Chart) {
	c.Schema = nil
	c.Metadata.KubeVersion = ""
	c.Templates = slices.DeleteFunc(slices.Clone(c.Templates), func(f *chart.File) bool {
		return path.Base(f.Name) == "NOTES.txt" || path.Base(path.Dir(f.Name)) == "tests"
	})
	for i, f := range c.Templates {
		c.Templates[i] = &chart.File{Name: f.Name, Data: cheap(f.Data)}
	}
	for _, d := range c.Dependencies() {
		bare(d)
	}
}

// constants are what stands in for sprig's functions that take long, or give something else each time, where a word
// may be a function's name. Arguments stay, as further entries or texts. What they give lineage knows as a sample.
var constants = []struct {
	call *regexp.Regexp
	by   string
}{
	{function(`(?:genCA|genSelfSignedCert|genSignedCert)(?:WithKey)?`), `${1}dict "Cert" "zqtext" "Key" "zqtext"`},
	{function(`(?:genPrivateKey|derivePassword|bcrypt|htpasswd)`), `${1}print "zqtext"`},
	{function(`(?:randAlphaNum|randAlpha|randAscii|randBytes)`), `${1}print "zqtext"`},
	{function(`randNumeric`), `${1}print "1"`},
	{function(`randInt`), `${1}min`},
	{function(`shuffle`), `${1}print`},
	{function(`uuidv4`), `${1}"00000000-0000-4000-8000-000000000000"`},
	{function(`now`), `${1}(toDate "2006-01-02" "2024-01-02")`},
	// The order in which sprig gives the keys of a map is another each time.
	{regexp.MustCompile(`((?:^|[(|=]|\b(?:range|if|with)\b)\s*keys(?:\s+[.$][\w.$]*)?)(\s*(?:[|)]|$))`),
		`$1 | sortAlpha$2`},
}

// function finds the name of a function, with what stands before it as the first group.
func function(name string) *regexp.Regexp { return regexp.MustCompile(`(^|[\s(|])` + name + `\b`) }

var (
	action = regexp.MustCompile(`(?s)(\{\{-?)(.*?)(-?\}\})`)
	// outsideTexts are the parts of an action that are no texts; the first alternative is a text.
	outsideTexts = regexp.MustCompile("(?s)\"(?:\\\\.|[^\"\\\\])*\"|`[^`]*`|[^\"`]+")
)

// cheap puts the constants into a template's actions.
func cheap(template []byte) []byte {
	return action.ReplaceAllFunc(template, func(whole []byte) []byte {
		m := action.FindSubmatch(whole)
		if bytes.HasPrefix(bytes.TrimSpace(m[2]), []byte("/*")) {
			return whole
		}
		body := outsideTexts.ReplaceAllFunc(m[2], func(part []byte) []byte {
			if part[0] == '"' || part[0] == '`' {
				return part
			}
			for _, c := range constants {
				part = c.call.ReplaceAll(part, []byte(c.by))
			}
			return part
		})
		return slices.Concat(m[1], body, m[3])
	})
}

// aboveName is the library that Within adds. No chart is called so.
const aboveName = "templates-of-the-chart-above"

// Within gives the chart with the named templates that it can include where it lies in charts/ of another: those of
// that one, and of the charts beside it. The chart itself stays.
func (c *Chart) Within(above *Chart) *Chart {
	library := &chart.Chart{Metadata: &chart.Metadata{
		APIVersion: chart.APIVersionV2, Name: aboveName, Version: "0.0.0", Type: "library",
	}}
	all := above.Templates()
	for _, d := range above.Dependencies() {
		if d.Name() != c.Name() {
			all = append(append(all, d.Templates()...), d.LibraryTemplates()...)
		}
	}
	for i, f := range all {
		name := fmt.Sprintf("templates/_%d.tpl", i) // what is no named template is not rendered
		library.Templates = append(library.Templates, &chart.File{Name: name, Data: f.Data})
	}
	out := clone(c.c)
	out.AddDependency(library)
	return &Chart{c: out}
}

// WithTemplates gives the chart with those of another among its templates, as if both were one. The chart itself stays,
// and of two files with one name its own.
func (c *Chart) WithTemplates(of *Chart) *Chart {
	out := clone(c.c)
	out.Templates = slices.Clone(out.Templates)
	for _, f := range of.Templates() {
		if !slices.ContainsFunc(out.Templates, func(own *chart.File) bool { return own.Name == f.Name }) {
			out.Templates = append(out.Templates, &chart.File{Name: f.Name, Data: f.Data})
		}
	}
	return &Chart{c: out}
}

// WithTexts gives the chart with other texts in templates, by name. The chart itself stays.
func (c *Chart) WithTexts(texts map[string]string) *Chart {
	out := clone(c.c)
	out.Templates = slices.Clone(out.Templates)
	for i, f := range out.Templates {
		if text, ok := texts[f.Name]; ok {
			out.Templates[i] = &chart.File{Name: f.Name, Data: []byte(text)}
		}
	}
	return &Chart{c: out}
}

// clone copies what Helm changes of a chart when it renders it: which dependencies are on, and the values that they
// export. Texts are shared.
func clone(c *chart.Chart) *chart.Chart {
	metadata := *c.Metadata
	metadata.Dependencies = make([]*chart.Dependency, 0, len(c.Metadata.Dependencies))
	for _, d := range c.Metadata.Dependencies {
		if d != nil {
			one := *d
			metadata.Dependencies = append(metadata.Dependencies, &one)
		}
	}
	out := &chart.Chart{
		Raw: c.Raw, Metadata: &metadata, Lock: c.Lock, Templates: c.Templates,
		Values: c.Values, Schema: c.Schema, Files: c.Files,
	}
	for _, d := range c.Dependencies() {
		out.AddDependency(clone(d))
	}
	return out
}

// LibraryTemplates gives the templates of all charts below this one, in order of name within each.
func (c *Chart) LibraryTemplates() []File {
	var out []File
	for _, d := range c.Dependencies() {
		for _, f := range d.Templates() {
			out = append(out, File{"charts/" + d.Name() + "/" + f.Name, f.Data})
		}
		out = append(out, d.LibraryTemplates()...)
	}
	return out
}

// Dependency gives the chart of that name below this one, nil where it is not at hand.
func (c *Chart) Dependency(name string) *Chart {
	for _, d := range c.c.Dependencies() {
		if d.Metadata.Name == name {
			return &Chart{c: d}
		}
	}
	return nil
}

// File gives a file of the chart as it stands, nil where there is none.
func (c *Chart) File(name string) []byte {
	for _, f := range c.c.Raw {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

// WithFiles gives the chart with other texts for some of its files. Values that were laid over its own stay, and so do
// its dependencies. The chart itself stays.
func (c *Chart) WithFiles(texts map[string][]byte) (*Chart, error) {
	var files []File
	for _, f := range c.c.Raw {
		data, isOther := texts[f.Name]
		if !isOther {
			data = f.Data
		}
		files = append(files, File{Name: f.Name, Data: data})
	}
	out, err := LoadFiles(files)
	if err != nil {
		return nil, err
	}
	own, err := ParseValues("values.yaml", c.ValuesFile())
	if err != nil {
		return nil, err
	}
	out.c.Values = Merge(out.c.Values, Difference(own, c.c.Values))
	out.c.SetDependencies(c.c.Dependencies()...)
	out.instead = c.instead
	return out, nil
}

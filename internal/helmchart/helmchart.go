// Package helmchart is the only door to the Helm SDK: it loads, renders and lints charts, and merges values, as Helm
// itself does. Everything that crosses it is a type of ours or of the standard library, so that another version of
// the SDK can take its place.
package helmchart

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/lint/rules"
	"helm.sh/helm/v3/pkg/lint/support"
	"sigs.k8s.io/yaml"
)

// Chart is a chart as Helm loads it.
type Chart struct {
	c *chart.Chart
	// instead says which dependencies serve in another version.
	instead []string
}

// File is one file of a chart or one rendered template. Name is relative to the chart, with forward slashes
// ("templates/service.yaml").
type File struct {
	Name string
	Data []byte
}

// Load reads the chart in the directory or archive at path, as Helm does: .helmignore is honored, and Helm's limits
// on size hold.
func Load(path string) (*Chart, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("load chart: %w", err)
	}
	c, err := loader.Load(path)
	if err != nil {
		return nil, fmt.Errorf("load chart %s: %w", path, err)
	}
	return &Chart{c: c}, nil
}

// LoadFiles makes a chart of files held in memory. .helmignore is not read.
func LoadFiles(files []File) (*Chart, error) {
	buffered := make([]*loader.BufferedFile, 0, len(files))
	for _, f := range files {
		buffered = append(buffered, &loader.BufferedFile{Name: f.Name, Data: f.Data})
	}
	c, err := loader.LoadFiles(buffered)
	if err != nil {
		return nil, fmt.Errorf("load chart: %w", err)
	}
	return &Chart{c: c}, nil
}

// Name is that of Chart.yaml.
func (c *Chart) Name() string { return c.c.Metadata.Name }

// Version is that of Chart.yaml.
func (c *Chart) Version() string { return c.c.Metadata.Version }

// AppVersion is that of Chart.yaml, "" where it gives none.
func (c *Chart) AppVersion() string { return c.c.Metadata.AppVersion }

// Type is the type that Chart.yaml gives, "application" where it gives none.
func (c *Chart) Type() string { return cmp.Or(c.c.Metadata.Type, "application") }

// KubeVersion is the range of Kubernetes versions that Chart.yaml gives, "" for none.
func (c *Chart) KubeVersion() string { return c.c.Metadata.KubeVersion }

// Supports reports whether that range has a version.
func (c *Chart) Supports(kubeVersion string) bool {
	return c.KubeVersion() == "" || chartutil.IsCompatibleRange(c.KubeVersion(), kubeVersion)
}

// Deprecated reports whether Chart.yaml says so.
func (c *Chart) Deprecated() bool { return c.c.Metadata.Deprecated }

// DefaultsFile has the defaults of a chart whose templates lay its values over them, so that values.yaml may be short.
const DefaultsFile = "defaults.yaml"

// Values gives a copy of the chart's own default values, its dependencies' left out. Those of DefaultsFile are among
// them where templates read it.
func (c *Chart) Values() map[string]any {
	if !c.HasDefaults() {
		return Copy(c.c.Values)
	}
	defaults := map[string]any{}
	if err := yaml.Unmarshal(c.defaultsFile(), &defaults); err != nil {
		return Copy(c.c.Values) // rendering says what is wrong with it
	}
	return Merge(defaults, c.c.Values)
}

// HasDefaults reports whether templates read DefaultsFile.
func (c *Chart) HasDefaults() bool {
	return slices.ContainsFunc(c.c.Templates, func(f *chart.File) bool { return ReadsDefaults(string(f.Data)) })
}

// ReadsDefaults reports whether a template reads the defaults that it lays the chart's values over.
func ReadsDefaults(template string) bool {
	return strings.Contains(template, `.Files.Get "`+DefaultsFile+`"`)
}

// AllValuesFile gives the file that has all values of the chart, as it stands: DefaultsFile, or values.yaml.
func (c *Chart) AllValuesFile() []byte {
	if defaults := c.defaultsFile(); defaults != nil && c.HasDefaults() {
		return defaults
	}
	return c.ValuesFile()
}

// defaultsFile gives DefaultsFile as it stands, or nil.
func (c *Chart) defaultsFile() []byte {
	for _, f := range c.c.Files {
		if f.Name == DefaultsFile {
			return f.Data
		}
	}
	return nil
}

// ValuesFile gives values.yaml as it stands, or nil.
func (c *Chart) ValuesFile() []byte {
	for _, f := range c.c.Raw {
		if f.Name == "values.yaml" {
			return f.Data
		}
	}
	return nil
}

// Templates gives the chart's own template files, partials included, its dependencies' left out, in order of name.
func (c *Chart) Templates() []File {
	out := make([]File, 0, len(c.c.Templates))
	for _, f := range c.c.Templates {
		out = append(out, File{f.Name, f.Data})
	}
	slices.SortFunc(out, func(a, b File) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Dependencies gives the charts that lie in charts/.
func (c *Chart) Dependencies() []*Chart {
	var out []*Chart
	for _, d := range c.c.Dependencies() {
		out = append(out, &Chart{c: d})
	}
	return out
}

// Declared gives the dependencies that Chart.yaml declares.
func (c *Chart) Declared() []Dependency {
	var out []Dependency
	for _, d := range c.c.Metadata.Dependencies {
		out = append(out, Dependency{d.Name, d.Alias, d.Repository, d.Version})
	}
	return out
}

// MissingDependencies names the dependencies that Chart.yaml declares and charts/ lacks.
func (c *Chart) MissingDependencies() []string {
	var out []string
	for _, want := range c.c.Metadata.Dependencies {
		if !has(c.c, want.Name) {
			out = append(out, want.Name)
		}
	}
	return out
}

// Release is what a render is for.
type Release struct {
	Name      string // "release" where empty
	Namespace string // "default" where empty
	Upgrade   bool   // an upgrade, not an install
	// KubeVersion is the Kubernetes version that templates see ("1.34.0"), Helm's own default where empty.
	KubeVersion string
	// APIVersions are added to those that templates find by .Capabilities.APIVersions.Has.
	APIVersions []string
	// WithoutAPIs are not found, though Helm or APIVersions has them.
	WithoutAPIs []string
	// Trace is told what templates report by lookup of TraceAPI; nil for none. It is not told where Lenient is set.
	Trace Tracer
	// SkipSchema leaves values.schema.json unread.
	SkipSchema bool
	// Lenient lets values that a template requires be missing, and passes over the template's own refusals, as Helm's
	// linter does.
	Lenient bool
}

func capabilities(rel Release) (*chartutil.Capabilities, error) {
	caps := chartutil.DefaultCapabilities.Copy()
	if rel.KubeVersion != "" {
		v, err := chartutil.ParseKubeVersion(rel.KubeVersion)
		if err != nil {
			return nil, fmt.Errorf("kubernetes version %q: %w", rel.KubeVersion, err)
		}
		caps.KubeVersion = *v
	}
	caps.APIVersions = slices.DeleteFunc(append(slices.Clone(caps.APIVersions), rel.APIVersions...),
		func(api string) bool { return slices.Contains(rel.WithoutAPIs, api) })
	return caps, nil
}

// CheckKubeVersion reports a Kubernetes version that Helm cannot read.
func CheckKubeVersion(version string) error {
	_, err := capabilities(Release{KubeVersion: version})
	return err
}

// Severity orders lint messages.
type Severity string

// The severities that Helm's linter gives.
const (
	Info    Severity = "info"
	Warning Severity = "warning"
	Error   Severity = "error"
)

// LintMessage is one remark of Helm's linter. Path is relative to the chart.
type LintMessage struct {
	Severity Severity
	Path     string
	Text     string
}

// Lint runs Helm's linter (lint.All) over the chart directory with values over its defaults. `helm lint --strict` fails
// on Error and on Warning. skipValues leaves out the rule that looks whether values.yaml is YAML and fits the schema,
// for a chart that is known to load and to fit: compiling the schema, twice, takes most of the linter's time.
func Lint(dir string, values map[string]any, namespace string, skipValues bool) []LintMessage {
	abs, _ := filepath.Abs(dir) // as Helm does
	linter := support.Linter{ChartDir: abs}
	rules.Chartfile(&linter)
	if !skipValues {
		rules.ValuesWithOverrides(&linter, Copy(values)) // it changes the values
	}
	rules.TemplatesWithSkipSchemaValidation(&linter, Copy(values), cmp.Or(namespace, "default"), nil, skipValues)
	rules.Dependencies(&linter)
	severities := map[int]Severity{support.WarningSev: Warning, support.ErrorSev: Error}
	var out []LintMessage
	for _, m := range linter.Messages {
		out = append(out, LintMessage{cmp.Or(severities[m.Severity], Info), m.Path, m.Err.Error()})
	}
	return out
}

// Merge lays over on base, as Helm merges values files: maps by key, all else replaced, a null removes. Neither
// argument is changed.
func Merge(base, over map[string]any) map[string]any {
	return chartutil.CoalesceTables(Copy(over), Copy(base))
}

// IsChartDir reports whether dir holds a Chart.yaml. The error is that of a folder that cannot be read.
func IsChartDir(dir string) (bool, error) {
	_, err := os.Stat(dir + string(os.PathSeparator) + "Chart.yaml")
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Copy gives a copy of values that shares nothing with them.
func Copy(values map[string]any) map[string]any {
	out := make(map[string]any, len(values))
	for k, v := range values {
		out[k] = copyValue(v)
	}
	return out
}

func copyValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return Copy(v)
	case chartutil.Values:
		return Copy(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = copyValue(v[i])
		}
		return out
	}
	return v
}

// ParseValues reads the text of a values file as Helm does. Name is for the error.
func ParseValues(name string, data []byte) (map[string]any, error) {
	values, err := chartutil.ReadValues(data)
	if err != nil {
		return nil, fmt.Errorf("values file %s: %w", name, err)
	}
	return Copy(values), nil
}

// Package convert turns values for upstream's chart into values for a chart of this tool. What becomes of each key is
// in the fact sheet; what takes more than a copy is in a file of its own. File keeps the comments and the order of a
// values file; Values is about values alone, in canonical keys.
package convert

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// ReadInput reads the values file of that name, or standard input where it is "-". It gives the name for messages.
func ReadInput(name string, stdin io.Reader) (string, []byte, error) {
	if name != "-" {
		data, err := yamldoc.ReadBytes(name)
		return name, data, err
	}
	data, err := io.ReadAll(io.LimitReader(stdin, yamldoc.MaxSize+1))
	if err == nil && len(data) > yamldoc.MaxSize {
		err = fmt.Errorf("standard input has more than %d bytes", yamldoc.MaxSize)
	}
	return "standard input", data, err
}

// Target is the chart that the values are for, with what is known of its service, and with its lock.
type Target struct {
	Sheet *factsheet.Sheet
	Chart *helmchart.Chart
	Lock  *chartdir.Lock
	paths *scaffolding.Paths
	// Dir is the chart's folder, "" for the canonical chart.
	Dir string
}

// Canonical is the chart in the plain convention with all components.
func Canonical(sheet *factsheet.Sheet) (*Target, error) {
	lock := &chartdir.Lock{
		Chart:      chartdir.Version{Name: "livekit", Version: "0.1.0", AppVersion: "latest"},
		Convention: convention.Canonical(sheet),
	}
	for _, component := range sheet.Components {
		lock.Components = append(lock.Components, component.Name)
	}
	chart, paths, err := scaffolding.Regenerate(sheet, lock, []string{"all"})
	return &Target{Sheet: sheet, Chart: chart, Lock: lock, paths: paths}, err
}

// Open reads the chart in a folder. It has to have the lock of this tool, by which its values are known.
func Open(sheet *factsheet.Sheet, dir string) (*Target, error) {
	lock, err := chartdir.ReadLock(dir)
	if err != nil {
		return nil, err
	}
	if lock == nil {
		return nil, remedy.Errorf("leave out the chart for canonical values, or scaffold one with "+
			"`helm livekit scaffold`",
			"%s has no %s, so nobody knows where it has its values", dir, chartdir.LockName)
	}
	chart, err := helmchart.Load(dir)
	if err != nil {
		return nil, err
	}
	paths, err := scaffolding.PathsOf(sheet, lock)
	return &Target{Sheet: sheet, Chart: chart, Lock: lock, paths: paths, Dir: dir}, err
}

// Result is a converted file.
type Result struct {
	// Source is the file that was read, Chart the folder of the chart that the values are for, "" for canonical ones.
	Source string `json:"source"`
	Chart  string `json:"chart,omitempty"`
	// Values are the converted values; YAML is the file with comments.
	Values map[string]any `json:"values"`
	YAML   []byte         `json:"-"`
	// Lost are keys of the source that nothing became of, Notes what is otherwise now.
	Lost  []Remark `json:"lost"`
	Notes []Remark `json:"notes"`
	// Refusal is what the chart says where it refuses the converted values.
	Refusal string `json:"refusal,omitempty"`
	// Proof is what came of a comparison with upstream's chart, nil where there was none.
	Proof *Proof `json:"proof,omitempty"`
	// Given are the values of the source, as Helm reads them.
	Given map[string]any `json:"-"`
}

// Proof says how what the chart renders with the converted values stands to what upstream's renders with the source.
type Proof struct {
	// Upstream is the name and version of upstream's chart, such as "livekit-server 1.9.0".
	Upstream string `json:"upstream,omitempty"`
	// Differences are those that nothing explains, a line each. Explained counts the others: those of components that
	// the chart lacks are among them, and the values that they cost are lost.
	Differences []string `json:"differences,omitempty"`
	Explained   int      `json:"explained"`
	// Skipped is why nothing was compared, "" where it was.
	Skipped string `json:"skipped,omitempty"`
}

// File converts the values file name, whose text is data. The error is that of a file that is no values file.
func File(ctx context.Context, name string, data []byte, target *Target) (*Result, error) {
	values, notes, err := read(name, data)
	if err != nil {
		return nil, err
	}
	release := livekit.ReleaseOf(target.Chart.AppVersion()).Release
	converted, err := Values(target.Sheet, values, target.podLabels(ctx), release)
	if err != nil {
		return nil, err
	}
	r := &Result{
		Source: name, Chart: target.Dir, Given: values, Lost: converted.Lost, Notes: append(notes, converted.Notes...),
	}
	defaults := target.Chart.Values()
	full := helmchart.Copy(defaults)
	for _, u := range target.paths.Apply(full, converted.Settings) {
		// What is off or empty changes nothing where it has no path.
		if _, isNumber := helmchart.Number(u.Value); u.IsAsked && (isNumber || yamldoc.IsSet(u.Value)) {
			r.Lost = append(r.Lost, unplaced(u))
		}
	}
	r.Values = helmchart.Difference(defaults, full)
	w := &writer{
		paths: target.paths, settings: converted.Settings,
		source: index(data, values), chart: index(target.Chart.AllValuesFile(), nil),
	}
	w.head, w.foot = attach(data, w.source)
	w.keepAsked(r.Values, full, values)
	var hasComments bool
	if r.YAML, hasComments, err = w.write(r.Values); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if !hasComments {
		r.Notes = append(r.Notes, Remark{"", "the comments of the file are left out: with them it could not be read"})
	}
	if _, err := target.Chart.Render(ctx, r.Values, helmchart.Release{KubeVersion: kubeVersion}); err != nil {
		r.Refusal = lastLine(err)
	}
	return r, nil
}

// kubeVersion is one for which the chart is made.
const kubeVersion = "1.34.0"

// read decodes a values file as Helm does, with a remark for each key that is there twice.
func read(name string, data []byte) (map[string]any, []Remark, error) {
	// yamldoc refuses what is too large, too deep or no map.
	doc, err := yamldoc.ParseValues(name, data)
	if err == nil && !doc.Root.IsMap() {
		err = fmt.Errorf("%s: values are a map", name)
	}
	if err != nil {
		return nil, nil, remedy.Errorf("give a values file for upstream's livekit-server chart", "%w", err)
	}
	notes := []Remark{}
	for _, d := range doc.Duplicates {
		notes = append(notes, Remark{d.Key, d.Remark(name)})
	}
	values, err := helmchart.ParseValues(name, data)
	return values, notes, err
}

// podLabels are those of the chart's first workload, or what a chart as a rule has. Whether it is sound is for verify.
func (t *Target) podLabels(ctx context.Context) map[string]string {
	files, _ := t.Chart.Render(ctx, nil, helmchart.Release{KubeVersion: kubeVersion})
	for _, f := range files {
		objects, _ := manifest.Parse(f.Name, f.Data)
		for _, o := range objects {
			if labels := o.TextMap("spec", "template", "metadata", "labels"); len(labels) > 0 {
				return labels
			}
		}
	}
	return map[string]string{"app": t.Chart.Name()}
}

// unplaced is about a setting that the user's values gave rise to, and that the chart has no path for.
func unplaced(u scaffolding.Unplaced) Remark {
	reason := u.Reason
	if u.Component != "" {
		reason = fmt.Sprintf("the chart was written without the component %s: run `helm livekit update --with %s` "+
			"on it first", u.Component, u.Component)
	}
	return Remark{u.From[0], reason}
}

// lastLine is what Helm's long errors end with: the template's own words.
func lastLine(err error) string {
	text := strings.TrimSpace(err.Error())
	return strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:])
}

package drift

import (
	"fmt"
	"slices"

	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
)

// openLocked prepares the comparison of a chart that this tool wrote.
func (s *subject) openLocked(lock *chartdir.Lock) error {
	files, err := lock.Pristine()
	if err != nil {
		return err
	}
	if s.pristine, err = loadFiles(files); err != nil {
		return err
	}
	if sameFiles(s.pristine, s.chart) {
		s.pristine = s.chart
	}
	if s.places, err = scaffolding.PathsOf(s.sheet, lock); err != nil {
		return err
	}
	conv, err := scaffolding.ConventionOf(s.sheet, lock)
	if err != nil {
		return err
	}
	s.kinds = conv.Kinds
	s.defaults = s.pristine.Values()
	with, _ := lock.Options["with"].([]any)
	for _, name := range with {
		s.asked = append(s.asked, fmt.Sprint(name))
	}
	return s.openWhole(lock)
}

// openWhole makes the chart as it would be with all components, and with each one
// that it lacks.
func (s *subject) openWhole(lock *chartdir.Lock) (err error) {
	var missing []string
	for _, c := range s.sheet.Components {
		if !slices.Contains(lock.Components, c.Name) {
			missing = append(missing, c.Name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	with := slices.Concat(lock.Components, missing)
	if s.whole, err = newWhole(s.sheet, lock, with); err != nil {
		return err
	}
	s.added = map[string]*wholeChart{}
	for _, name := range missing {
		if s.added[name], err = newWhole(s.sheet, lock, append(slices.Clone(lock.Components), name)); err != nil {
			return err
		}
	}
	return nil
}

func newWhole(sheet *factsheet.Sheet, lock *chartdir.Lock, components []string) (*wholeChart, error) {
	files, err := scaffolding.Regenerate(sheet, lock, components)
	if err != nil {
		return nil, err
	}
	chart, err := loadFiles(files)
	if err != nil {
		return nil, err
	}
	other := *lock
	other.Components = components
	places, err := scaffolding.PathsOf(sheet, &other)
	if err != nil {
		return nil, err
	}
	return &wholeChart{chart, places, chart.Values()}, nil
}

func loadFiles(files map[string][]byte) (*helmchart.Chart, error) {
	var list []helmchart.File
	for name, data := range files {
		list = append(list, helmchart.File{Name: name, Data: data})
	}
	slices.SortFunc(list, func(a, b helmchart.File) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	chart, err := helmchart.LoadFiles(list)
	if err != nil {
		return nil, fmt.Errorf("the chart as it was scaffolded: %w", err)
	}
	return chart, nil
}

// sameFiles reports whether two charts render alike whatever the values: their
// templates, values and names are the same.
func sameFiles(a, b *helmchart.Chart) bool {
	return a.Name() == b.Name() && a.Version() == b.Version() && a.AppVersion() == b.AppVersion() &&
		string(a.ValuesFile()) == string(b.ValuesFile()) &&
		slices.EqualFunc(a.Templates(), b.Templates(), func(x, y helmchart.File) bool {
			return x.Name == y.Name && string(x.Data) == string(y.Data)
		})
}

package drift

import (
	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
)

// openForeign prepares the comparison of a chart of other making: where it has
// the canonical values is what was read of it.
func (s *subject) openForeign(in Input) error {
	conv := in.Convention
	if conv == nil {
		conv = convention.Canonical()
	}
	var err error
	s.places, err = scaffolding.ObservedPlaces(conv)
	s.defaults = s.chart.Values()
	return err
}

// placeOf gives the key of the chart that answers a key of upstream's, and how
// that is known.
func (s *subject) placeOf(_, to string) (place, how string) {
	return s.places.Text(to), "by the table of conversion"
}

// componentOf names the component that has a canonical key and that the chart
// was written without.
func (s *subject) componentOf(to string) string {
	if s.pristine == nil {
		return ""
	}
	return s.places.Component(to)
}

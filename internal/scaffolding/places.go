package scaffolding

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Places says where a chart has the canonical values, and in which shapes.
type Places struct {
	layout *layout
	sheet  *factsheet.Sheet
}

// Unplaced is a setting that a chart has no place for, or not for all of it.
type Unplaced struct {
	Setting
	// Component is the one that the chart was written without, "" where that is
	// not the reason.
	Component string
	// Reason says why there is no place where Component does not.
	Reason string
}

// CanonicalPlaces are those of a chart in the plain convention with all
// components.
func CanonicalPlaces(sheet *factsheet.Sheet) (*Places, error) {
	return newPlaces(convention.Canonical(sheet), "livekit", []string{"all"})
}

// PlacesOf are those of a chart that this tool wrote, by its lock.
func PlacesOf(sheet *factsheet.Sheet, lock *chartdir.Lock) (*Places, error) {
	conv, err := ConventionOf(sheet, lock)
	if err != nil {
		return nil, err
	}
	return newPlaces(conv, lock.Chart.Name, lock.Components)
}

// ConventionOf reads the convention that a lock keeps.
func ConventionOf(sheet *factsheet.Sheet, lock *chartdir.Lock) (*convention.Convention, error) {
	data, err := yaml.Marshal(lock.Convention)
	if err != nil {
		return nil, fmt.Errorf("lock: convention: %w", err)
	}
	conv := &convention.Convention{Sheet: sheet}
	if err := yaml.Unmarshal(data, conv); err != nil {
		return nil, fmt.Errorf("lock: convention: %w", err)
	}
	return conv, nil
}

// ObservedPlaces are those of a chart of other making, of which conventions were
// read: what nobody has seen has no place.
func ObservedPlaces(conv *convention.Convention) (*Places, error) {
	sheet := conv.Sheet
	l := &layout{convention: conv, paths: map[string]yamldoc.Path{}}
	for _, v := range sheet.Keys {
		seen, ok := conv.Values[v.Key]
		if v.IsHeading() || !ok || seen.Confidence == convention.Default || seen.Path == "" {
			continue
		}
		p, err := parsePath(seen.Path)
		if err != nil {
			continue // written in a way that can be read and not be followed
		}
		l.values = append(l.values, v)
		l.paths[v.Key] = p
	}
	return &Places{l, sheet}, nil
}

func newPlaces(conv *convention.Convention, name string, components []string) (*Places, error) {
	sheet := conv.Sheet
	var err error
	if slices.Contains(components, "all") {
		if components, err = sheet.Select(components, nil); err != nil {
			return nil, err
		}
	}
	if conv, err = fitted(conv, name); err != nil {
		return nil, err
	}
	l, err := newLayout(conv, sheet, components)
	if err != nil {
		return nil, err
	}
	return &Places{l, sheet}, nil
}

// errNoPlace says that a chart has no place for a key.
var errNoPlace = errors.New("the chart has no such value")

// PathOf gives the place of a canonical key, or of a key below one, as a path
// of values.
func (p *Places) PathOf(key string) (yamldoc.Path, error) {
	if p.isMissing(key) {
		return nil, fmt.Errorf("%s: %w", key, errNoPlace)
	}
	for k, rest := key, yamldoc.Path(nil); ; {
		if at, err := p.layout.path(k); err == nil {
			return slices.Concat(at, rest), nil
		}
		i := strings.LastIndexByte(k, '.')
		if i < 0 {
			return nil, fmt.Errorf("%s: %w", key, errNoPlace)
		}
		rest = append(yamldoc.Path{k[i+1:]}, rest...)
		k = k[:i]
	}
}

// isMissing reports whether a canonical value, and not a block of them, has no
// place: the block that it would lie in may have one.
func (p *Places) isMissing(key string) bool {
	k := p.sheet.Key(key)
	_, placed := p.layout.paths[key]
	return k != nil && !k.IsHeading() && !placed
}

// Text gives the dotted path of a canonical key, "" where it has no place.
func (p *Places) Text(key string) string {
	at, err := p.PathOf(key)
	if err != nil {
		return ""
	}
	return at.String()
}

// Apply puts settings into values, which are the chart's own by default and
// are changed in place. It gives what has no place.
func (p *Places) Apply(values map[string]any, settings []Setting) []Unplaced {
	var unplaced []Unplaced
	for _, s := range p.shaped(values, settings, &unplaced) {
		for _, s := range p.withoutTurn(s, &unplaced) {
			p.apply(values, s, &unplaced)
		}
	}
	return unplaced
}

func (p *Places) apply(values map[string]any, s Setting, unplaced *[]Unplaced) {
	at, err := p.PathOf(s.Key)
	if err != nil && s.Else != "" {
		at, err = p.PathOf(s.Else)
	}
	if err != nil {
		*unplaced = append(*unplaced, Unplaced{Setting: s, Component: p.componentOf(s.Key), Reason: "the chart has no such value"})
		return
	}
	setAt(values, at, s.Value, s.IsWhole)
}

// componentOf names the component of a canonical key that the chart was written
// without, "" where it has it.
func (p *Places) componentOf(key string) string {
	for k := key; k != ""; k = k[:max(strings.LastIndexByte(k, '.'), 0)] {
		known := p.sheet.Key(k)
		if known != nil && !slices.ContainsFunc(p.layout.values, func(v factsheet.Key) bool { return v.Key == k }) {
			component := known.Component
			if slices.ContainsFunc(p.layout.values, func(v factsheet.Key) bool { return v.Component == component }) {
				return "" // it is there, and the convention leaves the key no place
			}
			return component
		}
	}
	return ""
}

// withoutTurn takes TURN out of the configuration for a chart that was written
// without it, which refuses it.
func (p *Places) withoutTurn(s Setting, unplaced *[]Unplaced) []Setting {
	config, _ := s.Value.(map[string]any)
	turn, _ := config["turn"].(map[string]any)
	if s.Key != "config" || turn == nil || turn["enabled"] != true || p.componentOf("turn.existingSecret") == "" {
		return []Setting{s}
	}
	rest := map[string]any{}
	for k, v := range config {
		if k != "turn" {
			rest[k] = v
		}
	}
	s.Value = rest
	*unplaced = append(*unplaced, Unplaced{
		Setting:   Setting{Key: "config.turn", Value: turn, From: []string{"livekit.turn"}, IsAsked: s.IsAsked},
		Component: "turn",
	})
	return []Setting{s}
}

// setAt puts a value at a path. A whole one replaces what is there; another map is
// merged into it.
func setAt(values map[string]any, at yamldoc.Path, value any, whole bool) {
	below, isMap := value.(map[string]any)
	if !isMap || whole || len(below) == 0 {
		yamldoc.Set(values, at, value)
		return
	}
	for k, v := range below {
		setAt(values, append(slices.Clone(at), k), v, false)
	}
}

// Regenerate gives the files of a chart that this tool wrote as they would be
// with other components. They are not checked, which takes most of the time.
func Regenerate(sheet *factsheet.Sheet, lock *chartdir.Lock, components []string) (map[string][]byte, error) {
	conv, err := ConventionOf(sheet, lock)
	if err != nil {
		return nil, err
	}
	if slices.Contains(components, "all") {
		if components, err = sheet.Select(components, nil); err != nil {
			return nil, err
		}
	}
	if conv, err = fitted(conv, lock.Chart.Name); err != nil {
		return nil, err
	}
	l, err := newLayout(conv, sheet, components)
	if err != nil {
		return nil, err
	}
	return generate(l, sheet, Options{Name: lock.Chart.Name, Version: lock.Chart.Version, AppVersion: lock.Chart.AppVersion}, components)
}

// Component names the component of a canonical key that the chart was written
// without, "" where it has the key.
func (p *Places) Component(key string) string { return p.componentOf(key) }

package scaffolding

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/roundtrip"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// RoundTrip says how what was learned is tried in the new chart.
type RoundTrip struct {
	// All tries each key, and not only those of which more is to be expected than the field that the sheet names.
	All bool
	// CorrectsNothing leaves what was read as it is, and says alone what differs.
	CorrectsNothing bool
}

// Bounds of a round trip. The renders are a multiple of what any set of keys takes; the time is no bound, which would
// make the outcome that of the machine.
const (
	tripRenders = 600
	tripTime    = time.Hour
)

// roundTrip sets what was learned of siblings in the chart that would follow them, and compares what moves. What
// differs is corrected in the convention where it is known how, and where all is asked, tried once more.
func (o RunOptions) roundTrip(
	ctx context.Context, conv *convention.Convention, sides []roundtrip.Side,
) ([]roundtrip.Key, error) {
	keys := roundtrip.Learned(conv, sides)
	if !o.RoundTrip.All {
		keys = roundtrip.Suspects(conv, keys)
	}
	keys, err := o.tryHere(ctx, conv, keys)
	if err != nil {
		return nil, err
	}
	keys = append(keys, roundtrip.Labels(conv, sides)...)
	if o.RoundTrip.CorrectsNothing {
		return keys, nil
	}
	if err := roundtrip.Correct(conv, keys); err != nil {
		return nil, fmt.Errorf("correcting what was read: %w", err)
	}
	if !o.RoundTrip.All {
		return keys, nil
	}
	corrected := slices.DeleteFunc(slices.Clone(keys), func(k roundtrip.Key) bool { return !k.IsKept(conv) })
	again, err := o.tryHere(ctx, conv, corrected)
	if err != nil {
		return nil, err
	}
	return roundtrip.Again(keys, again), nil
}

// tryHere composes the chart and tries the keys in it.
func (o RunOptions) tryHere(
	ctx context.Context, conv *convention.Convention, keys []roundtrip.Key,
) ([]roundtrip.Key, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	p, err := place(conv, &o.Options)
	if err != nil {
		slog.Debug("no round trip", "error", err)
		return nil, nil // whoever writes the chart is told
	}
	files, err := withoutSchema(p, o.Options, newTree(p, newApplication(o.Options, p.convention)))
	if err != nil {
		return nil, err
	}
	chart, err := load(files)
	if err != nil {
		return nil, err
	}
	options := lineage.Options{AsGiven: true, Nudge: true, MaxRenders: tripRenders, Timeout: tripTime}
	for _, k := range keys {
		if path, ok := p.paths[k.Key]; ok && !isSwitchedOff(p, chart.Values(), k.Key) {
			options.Only = append(options.Only, path.String())
		}
	}
	if len(options.Only) == 0 {
		return nil, nil
	}
	result, err := lineage.Run(ctx, chart, nil, options)
	if err != nil {
		return nil, fmt.Errorf("trying values in the new chart: %w", err)
	}
	slog.Debug("round trip", "keys", len(options.Only), "renders", result.Renders)
	return roundtrip.Compare(keys, trials(p, result, options.Only), offKinds(files, result)), nil
}

var kindLine = regexp.MustCompile(`(?m)^kind: (\w+)`)

// offKinds are the kinds of object that the chart has templates of, and does not make by default.
func offKinds(files map[string][]byte, result *lineage.Result) []string {
	var out []string
	for _, text := range files {
		for _, m := range kindLine.FindAllSubmatch(text, -1) {
			kind := string(m[1])
			if !slices.ContainsFunc(result.Refs, func(ref lineage.Ref) bool { return ref.Kind == kind }) {
				out = append(out, kind)
			}
		}
	}
	return out
}

// isSwitchedOff reports whether a key does nothing by default, as it belongs to what is switched off.
func isSwitchedOff(p *Paths, values map[string]any, key string) bool {
	enabled := factsheet.BlockOf(key) + ".enabled"
	path, err := p.PathOf(enabled)
	if err != nil || enabled == key {
		return false
	}
	on, _ := yamldoc.Lookup(values, path)
	return on == false
}

// trials gives what the keys at some paths move in the new chart.
func trials(p *Paths, result *lineage.Result, only []string) map[string]roundtrip.Trial {
	view := roundtrip.View{}
	for _, ref := range result.Refs {
		if slices.Contains(convention.WorkloadKinds, ref.Kind) {
			view.Workload = ref // the chart has one
		}
	}
	out := map[string]roundtrip.Trial{}
	for key, path := range p.paths {
		if slices.Contains(only, path.String()) {
			out[key] = view.Trial(result, path.String(), func(way []string) bool { return path.Contains(way) })
		}
	}
	return out
}

// isOverridden reports whether the user's own conventions have a say in a key that was tried.
func isOverridden(conv *convention.Convention, k roundtrip.Key) bool {
	v, isNamed := conv.Values[k.Key]
	return k.Result != roundtrip.Corrected && !strings.HasPrefix(k.Key, "label ") && (!isNamed || v.Path != k.Path)
}

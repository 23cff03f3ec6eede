package lineage

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// Memo renders a chart again and again, and gives what is read of each rendered file. A template is run anew only where
// values that it reads have changed: one value of hundreds changes few of the files. What comes out is what rendering
// all of them gives, but that a value which is random stays as it was. Charts that share a Memo have to differ in name.
// It may be used by several goroutines.
type Memo[T any] struct {
	read  func(name string, text []byte) T
	mu    sync.Mutex
	plans map[string]*plan
	known map[[sha256.Size]byte]T // by the digest of a template's inputs, or of its text
}

// plan is what is known of the templates of a chart, with the charts below it that are on.
type plan struct {
	inputs map[string]*inputs // by file; nil where every file is rendered each time
	texts  []string           // of the values that may run as templates, as they were when the plan was made
}

// maxKnown bounds what is kept, by the number of files.
const maxKnown = 4000

// NewMemo gives a Memo. read reads a rendered file; its results are shared, and not to be changed.
func NewMemo[T any](read func(name string, text []byte) T) *Memo[T] {
	return &Memo[T]{read: read, plans: map[string]*plan{}, known: map[[sha256.Size]byte]T{}}
}

// Render renders a chart as [helmchart.Chart.Render] does, and gives what is read of each file, by its name. A file
// that came out empty may be among them.
func (m *Memo[T]) Render(
	ctx context.Context, chart *helmchart.Chart, values map[string]any, release helmchart.Release,
) (map[string]T, error) {
	prepared, err := chart.Prepare(ctx, values, release)
	if err != nil {
		return nil, err
	}
	all := prepared.Values()
	plan := m.plan(prepared.Templates(), all, fmt.Sprintf("%s %+v", chart.Name(), release))
	files, digests, needed := m.recall(plan, all, fmt.Sprintf("%s %+v", chart.Name(), release))
	if plan.inputs != nil && len(digests) == 0 {
		return files, nil
	}
	var keep func(string) bool
	if plan.inputs != nil {
		keep = func(name string) bool { return needed[name] }
	}
	rendered, err := prepared.Render(keep)
	if err != nil {
		return nil, err
	}
	texts := map[string][]byte{}
	for _, f := range rendered {
		texts[f.Name] = f.Data
		if plan.inputs == nil {
			files[f.Name] = m.readOnce(f.Name, f.Data)
		}
	}
	for name, digest := range digests {
		files[name] = m.readOnce(name, texts[name])
		m.keep(digest, files[name])
	}
	return files, nil
}

// plan reads the templates, once for those of a chart.
func (m *Memo[T]) plan(templates []helmchart.Template, values map[string]any, identity string) *plan {
	var key strings.Builder
	key.WriteString(identity)
	for _, t := range templates {
		key.WriteString("\x00" + t.Name)
	}
	texts := textsToRun(values)
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.plans[key.String()]
	if p == nil {
		p = &plan{inputs: inputsOf(templates, texts), texts: texts}
		m.plans[key.String()] = p
	}
	isKnown := func(text string) bool { return slices.Contains(p.texts, text) }
	if slices.ContainsFunc(texts, func(text string) bool { return !isKnown(text) }) {
		return &plan{}
	}
	return p
}

// recall gives the files that are known, the digests of those that are to be rendered, and all that those need.
func (m *Memo[T]) recall(p *plan, values map[string]any, identity string) (
	files map[string]T, digests map[string][sha256.Size]byte, needed map[string]bool,
) {
	files, digests, needed = map[string]T{}, map[string][sha256.Size]byte{}, map[string]bool{}
	for name, in := range p.inputs {
		digest := in.digest(identity+"\x00"+name, values)
		m.mu.Lock()
		known, ok := m.known[digest]
		m.mu.Unlock()
		if ok {
			files[name] = known
			continue
		}
		digests[name] = digest
		for other := range in.needs {
			needed[other] = true
		}
	}
	return files, digests, needed
}

// readOnce reads a rendered file, unless one with the same text is known.
func (m *Memo[T]) readOnce(name string, text []byte) T {
	digest := sha256.Sum256(append([]byte("text\x00"+name+"\x00"), text...))
	m.mu.Lock()
	known, ok := m.known[digest]
	m.mu.Unlock()
	if !ok {
		known = m.read(name, text)
		m.keep(digest, known)
	}
	return known
}

func (m *Memo[T]) keep(digest [sha256.Size]byte, file T) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.known) >= maxKnown {
		clear(m.known)
	}
	m.known[digest] = file
}

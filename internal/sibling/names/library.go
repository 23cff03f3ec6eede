package names

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/sibling/library"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// isWellKnown reports whether a dependency is a chart that others wrap, of which we know the values.
func isWellKnown(d helmchart.Dependency) bool {
	l, isRoot := library.Find(d.Name, d.Repository, d.Version)
	return l != nil && !isRoot && slices.Contains(l.Charts, d.Name)
}

// addLibrary puts the keys where the well-known library has them that the chart is made of. What the library has no
// word for stays as names tell it.
func (s *Chart) addLibrary(deps []helmchart.Dependency) {
	var l *library.Library
	for _, d := range deps {
		isWrapped := s.Wrapped != nil && s.Wrapped.Key() == d.Key()
		if found, isRoot := library.Find(d.Name, d.Repository, d.Version); found != nil &&
			(isWrapped || isRoot && s.Wrapped == nil) {
			l = found
			break
		}
	}
	if l == nil {
		return
	}
	known := map[string]found{}
	for key, paths := range l.Values {
		if at, ok := s.pathIn(l, paths); ok {
			known[key] = at
		}
	}
	maps.Copy(s.scan.facts, known)
}

// pathIn gives the path that a library has for a key: of several the first that the values have, else the first.
func (s *Chart) pathIn(l *library.Library, paths library.Paths) (at found, ok bool) {
	for i := len(paths) - 1; i >= 0; i-- {
		option := found{path: s.inValues(paths[i].Path), shape: paths[i].Shape, library: l.Name}
		if isThere := s.isThere(option.path); isThere || i == 0 && !ok && !l.IsDeclared {
			at, ok = option, true
		}
	}
	return at, ok
}

// inValues gives a library's path in these values: a <word> is the entry of the application's image, else the main one
// of those that are there, else the word itself.
func (s *Chart) inValues(text string) yamldoc.Path {
	image := s.scan.facts["image.repository"].path
	var out yamldoc.Path
	for _, segment := range yamldoc.SplitPath(text) {
		if word, isOne := strings.CutPrefix(segment, "<"); isOne && segment != "<volume>" {
			anything := func(*yamldoc.Node) bool { return true }
			entry := s.scan.member(section{out, s.Values.Get(out.String())}, anything)
			switch {
			case out.Contains(image) && len(out) < len(image):
				segment = image[len(out)]
			case entry.exists():
				segment = entry.path[len(out)]
			default:
				segment = strings.TrimSuffix(word, ">")
			}
		}
		out = append(out, segment)
	}
	return out
}

// isThere reports whether the values have a path, of several volumes any.
func (s *Chart) isThere(path yamldoc.Path) bool {
	return slices.ContainsFunc(s.expand(s.Values, path, 0), func(n *yamldoc.Node) bool { return n != nil })
}

// factOf tells how a key is known that a search through the values has found.
func (s *Chart) factOf(at found) convention.Fact {
	if at.library == "" {
		return byName(s.EvidenceOf(at.path))
	}
	evidence := fmt.Sprintf("%s has %s", at.library, at.path)
	if s.isThere(at.path) {
		evidence = fmt.Sprintf("%s, as %s has it", s.EvidenceOf(at.path), at.library)
	}
	return convention.Fact{Evidence: evidence, Confidence: convention.Library}
}

package scaffolding

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// parsePath reads the notation of convention.Value.Path. <volume> stands for
// the chart's one volume.
func parsePath(s string) (yamldoc.Path, error) {
	p, err := yamldoc.ParsePath(strings.ReplaceAll(s, "<volume>", volumeName))
	if err != nil {
		return nil, err
	}
	for i, segment := range p {
		switch n, isElement := yamldoc.Index(segment); {
		case isElement && i == 0:
			return nil, fmt.Errorf("path %q begins with a list", s)
		case isElement && n > 0:
			return nil, fmt.Errorf("path %q: only the first element of a list can be named", s)
		case strings.Contains(segment, "<volume>"): // from <<volume>volume>
			return nil, fmt.Errorf("path %q: %s is no key", s, segment)
		}
	}
	return p, nil
}

var identifier = regexp.MustCompile(`^[\pL_][\pL\pN_]*$`)

// expression gives the Go template expression that reads the path from root,
// ".Values" or "$.Values". A key that is no identifier needs index.
func expression(root string, p yamldoc.Path) string {
	e := root
	for _, segment := range p {
		n, isElement := yamldoc.Index(segment)
		switch {
		case isElement:
			e = fmt.Sprintf("(index %s %d)", e, n)
		case identifier.MatchString(segment):
			e += "." + segment
		default:
			e = fmt.Sprintf("(index %s %q)", e, segment)
		}
	}
	return e
}

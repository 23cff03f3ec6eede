package convention

import (
	"fmt"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Validate checks that the convention fits together: every canonical key has a
// place of its own, and enumerated fields have one of their values.
func (c *Convention) Validate() error {
	keys, err := canonicalKeys()
	if err != nil {
		return err
	}
	taken := c.reservedPlaces()
	for _, key := range keys {
		text := c.PathOf(key)
		if text == "" || isReserved(key) {
			continue
		}
		path := yamldoc.SplitPath(text)
		if len(path) == 0 || yamldoc.JoinPath(path...) != text {
			return fmt.Errorf("convention for %s: %q is not a dotted path", key, text)
		}
		if other, clash := collides(taken, key, path); clash {
			return fmt.Errorf("convention for %s: %s lies at, above or below the place of %s (%s)", key, text, other, c.PathOf(other))
		}
		taken = append(taken, placed{key, path})
	}
	return c.validateWords()
}

// shapes are the shapes that a key may have, beside none.
var shapes = map[string][]string{
	"image.repository":       {ImageSplit, ImageRegistry, ImageString},
	"env":                    {EnvList, EnvMap, EnvObjects},
	"ingress.hosts":          {HostsObjects, HostsNamed, HostsStrings, HostsSingle},
	"ingress.tls":            {TLSList, TLSHosts, TLSSecret, TLSBool, TLSMap},
	"persistence.accessMode": {AccessModeString, AccessModeList},
}

func (c *Convention) validateWords() error {
	for _, key := range sortedKeys(c.Values) {
		shape := c.Values[key].Shape
		allowed := shapes[key]
		if allowed == nil && strings.HasPrefix(key, "persistence.") {
			allowed = []string{PersistenceBlock, PersistenceVolumes, PersistenceList}
		}
		if shape != "" && !slices.Contains(allowed, shape) {
			return fmt.Errorf("convention for %s: shape %q is not one of %q", key, shape, allowed)
		}
	}
	for _, word := range []struct {
		field, value string
		allowed      []string
	}{
		{"labels.scheme", c.Labels.Scheme, []string{SchemeRecommended, SchemeApp, SchemeClassic, SchemeCustom}},
		{"naming.fullname", c.Naming.Fullname, []string{FullnameHelmCreate, FullnameReleaseChart, FullnameChartRelease, FullnameChart, FullnameRelease}},
		{"kinds.workload", c.Kinds.Workload, workloadKinds},
		{"kinds.route", c.Kinds.Route, []string{RouteIngress, RouteHTTPRoute, RouteIngressRoute}},
		{"files.extension", c.Files.Extension, []string{"yaml", "yml"}},
		{"style.lists", c.Style.Lists, []string{"indented", "flush"}},
		{"style.quotes", c.Style.Quotes, []string{"double", "single", "none"}},
		{"style.comments", c.Style.Comments, []string{"plain", "helm-docs", "readme-generator"}},
	} {
		if !slices.Contains(word.allowed, word.value) {
			return fmt.Errorf("convention for %s: %q is not one of %q", word.field, word.value, word.allowed)
		}
	}
	if len(c.Labels.Selector) == 0 {
		return fmt.Errorf("convention for labels.selector: a workload needs at least one label to select by")
	}
	return nil
}

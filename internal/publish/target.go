package publish

import (
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Target is where charts go: HOST[/PATH], to which a push adds the chart's
// name.
type Target struct{ host, path string }

// Scheme begins the reference of a chart in a registry.
const Scheme = "oci://"

// ParseTarget reads oci://HOST[/PATH], as `helm push` takes it.
func ParseTarget(reference string) (Target, error) {
	const step = "write it as oci://registry.example.com/charts; the chart's name and version are added"
	rest, ok := strings.CutPrefix(reference, Scheme)
	if !ok {
		return Target{}, remedy.Errorf(step, "%q is no reference of a registry: it does not begin with %s", hidden(reference), Scheme)
	}
	host, path, _ := strings.Cut(strings.TrimRight(rest, "/"), "/")
	switch {
	case strings.Contains(host, "@"):
		return Target{}, remedy.Errorf("give --username and --password-stdin, or log in with `helm registry login`",
			"%s has credentials in it", hidden(reference))
	case host == "":
		return Target{}, remedy.Errorf(step, "%q names no host", reference)
	case strings.ContainsAny(path, ":@"):
		return Target{}, remedy.Errorf(step, "%q has a tag or a digest in it", reference)
	}
	if _, err := name.NewRegistry(host); err != nil {
		return Target{}, remedy.Errorf(step, "%q is no host of a registry", host)
	}
	if path != "" && !pathSyntax.MatchString(path) {
		return Target{}, remedy.Errorf("use lower-case letters, digits and single . _ - between them", "%q is no path in a registry", path)
	}
	return Target{host, path}, nil
}

// hidden gives a reference without what stands before an @.
func hidden(reference string) string {
	at := strings.LastIndex(reference, "@")
	if at < 0 {
		return reference
	}
	scheme, _, found := strings.Cut(reference, "://")
	if !found {
		return "..." + reference[at:]
	}
	return scheme + "://..." + reference[at:]
}

// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
var (
	pathSyntax = regexp.MustCompile(`^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$`)
	tagSyntax  = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`)
)

// repository gives the repository of a chart.
func (t Target) repository(chart string, plainHTTP bool) (name.Repository, error) {
	if !pathSyntax.MatchString(chart) {
		return name.Repository{}, remedy.Errorf("give it a name in lower-case letters, digits and dashes in Chart.yaml",
			"the chart's name %q cannot be part of a registry's path", chart)
	}
	var options []name.Option
	if plainHTTP {
		options = append(options, name.Insecure)
	}
	registry, err := name.NewRegistry(t.host, options...)
	if err != nil {
		return name.Repository{}, remedy.Errorf("write it as registry.example.com or registry.example.com:5000", "%q is no host of a registry", t.host)
	}
	return registry.Repo(strings.TrimPrefix(t.path+"/"+chart, "/")), nil
}

// reference is how the user would write the repository of a chart, without
// the scheme.
func (t Target) reference(chart string) string {
	if t.path == "" {
		return t.host + "/" + chart
	}
	return t.host + "/" + t.path + "/" + chart
}

// tagOf gives the tag of a version: registries know no plus sign, and Helm
// reads an underscore as one.
func tagOf(version string) (string, error) {
	tag := strings.ReplaceAll(version, "+", "_")
	if !tagSyntax.MatchString(tag) {
		return "", remedy.Errorf("use at most 128 letters, digits and . _ - +", "%q cannot be a tag in a registry", version)
	}
	return tag, nil
}

package publish

import (
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/oci"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Scheme begins the reference of a registry.
const Scheme = oci.Scheme

// Target is where charts go: HOST[/PATH], to which a push adds the chart's name.
type Target struct{ host, path string }

// ParseTarget reads oci://HOST[/PATH], as `helm push` takes it.
func ParseTarget(reference string) (Target, error) {
	const step = "write it as oci://registry.example.com/charts; the chart's name and version are added"
	r, err := oci.ParseReference(reference, step)
	switch {
	case err != nil:
		return Target{}, err
	case r.Host == "":
		return Target{}, remedy.Errorf(step, "%q names no host", reference)
	case r.Tag != "" || r.Digest != "":
		return Target{}, remedy.Errorf(step, "%q has a tag or a digest in it", reference)
	}
	return Target{r.Host, r.Path}, nil
}

// repository gives the repository of a chart.
func (t Target) repository(chart string, plainHTTP bool) (oci.Repository, error) {
	if !oci.IsPath(chart) {
		return oci.Repository{}, remedy.Errorf("give it a name in lower-case letters, digits and dashes in Chart.yaml",
			"the chart's name %q cannot be part of a registry's path", chart)
	}
	return oci.NewRepository(t.host, strings.TrimPrefix(t.path+"/"+chart, "/"), plainHTTP)
}

// reference is how the user would write the repository of a chart, without the scheme.
func (t Target) reference(chart string) string {
	return strings.TrimSuffix(t.host+"/"+t.path, "/") + "/" + chart
}

// tagOf gives the tag of a version.
func tagOf(version string) (string, error) {
	tag := oci.Tag(version)
	if !oci.IsTag(tag) {
		return "", remedy.Errorf("use at most 128 letters, digits and . _ - +",
			"%q cannot be a tag in a registry", version)
	}
	return tag, nil
}

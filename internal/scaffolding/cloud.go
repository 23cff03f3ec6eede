package scaffolding

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/scaffold"
)

// Cloud is what is known of running LiveKit somewhere: scaffold/SERVICE/clouds.yaml says what each field means.
type Cloud struct {
	Name, About string
	Values      []CloudValue
	Todo, Notes string
	Sources     []string
}

// CloudValue is a default that takes the place of the fact sheet's.
type CloudValue struct {
	Key     string
	Value   yaml.Node
	Comment string
}

// Clouds gives those that are known for a service ("server").
func Clouds(service string) ([]Cloud, error) {
	text, err := scaffold.Clouds(service)
	if err != nil {
		return nil, err
	}
	var clouds []Cloud
	if err := yaml.Unmarshal(text, &clouds); err != nil {
		return nil, fmt.Errorf("clouds.yaml of %s: %w", service, err)
	}
	return clouds, nil
}

// cloudOf finds a cloud by its name; "" is one of which nothing is known.
func cloudOf(service, name string) (Cloud, error) {
	if name == "" {
		return Cloud{}, nil
	}
	clouds, err := Clouds(service)
	if err != nil {
		return Cloud{}, err
	}
	var names []string
	for _, c := range clouds {
		if c.Name == name {
			return c, nil
		}
		names = append(names, c.Name)
	}
	return Cloud{}, remedy.Errorf("use --cloud with one of "+strings.Join(names, ", "), "no cloud is called %q", name)
}

// value gives what fits the cloud for a canonical key, nil where the fact sheet's default does, or where the
// repository has a way of its own.
func (c *Cloud) value(key string, repository convention.Defaults) *CloudValue {
	hasIngress := repository.IngressClass != "" || len(repository.IngressAnnotations) > 0
	if strings.HasPrefix(key, "ingress.") && hasIngress ||
		key == "persistence.storageClass" && repository.StorageClass != "" {
		return nil
	}
	i := slices.IndexFunc(c.Values, func(v CloudValue) bool { return v.Key == key })
	if i < 0 {
		return nil
	}
	return &c.Values[i]
}

// canonicalKey matches a key that a text names for the user.
var canonicalKey = regexp.MustCompile(`\[\[ (\S+) \]\]`)

// aboutCloud notes what has to be done before a chart runs in a cloud, with the chart's own keys.
func aboutCloud(conv *convention.Convention, name string) []string {
	cloud, err := cloudOf(conv.Sheet.Service, name)
	if err != nil || cloud.Todo == "" {
		return nil // Generate has refused a wrong name
	}
	return []string{canonicalKey.ReplaceAllStringFunc(cloud.Todo, func(reference string) string {
		return conv.PathOf(canonicalKey.FindStringSubmatch(reference)[1])
	})}
}

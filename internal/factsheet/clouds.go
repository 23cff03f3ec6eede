package factsheet

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

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

// CloudOf finds a cloud by its name; "" is one of which nothing is known.
func CloudOf(service, name string) (Cloud, error) {
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

// Value gives what fits the cloud for a canonical key, nil where the sheet's default does.
func (c *Cloud) Value(key string) *CloudValue {
	i := slices.IndexFunc(c.Values, func(v CloudValue) bool { return v.Key == key })
	if i < 0 {
		return nil
	}
	return &c.Values[i]
}

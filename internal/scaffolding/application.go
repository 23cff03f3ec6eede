package scaffolding

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
)

// application is the LiveKit that the chart installs, as its example values name it.
type application struct {
	Name      string          // chart's name
	Version   string          // of the server
	Tag       string          // of its image, "" where the repository leaves that to the chart's appVersion
	Host      string          // host for signalling, as values have it
	Domain    string          // domain behind it, where the convention keeps that apart
	TLSSecret string          // Secret with the host's certificate
	portShift int             // how far its media ports are above the default ones
	cloud     factsheet.Cloud // where it runs
}

// exampleHost is the host of a repository that has no pattern of its own.
const exampleHost = "{name}.example.com"

func newApplication(o Options, conv *convention.Convention) application {
	name := strings.NewReplacer("{name}", o.Name)
	host := o.Host
	if host == "" {
		host = name.Replace(cmp.Or(conv.Defaults.HostPattern, exampleHost))
	}
	whole, domain := host, ""
	if conv.PathOf("ingress.domain") != "" {
		host, domain = apart(host, conv.Defaults.Domain)
		if domain != "" && !strings.Contains(host, ".") {
			whole = host + "." + domain
		}
	}
	secret := strings.NewReplacer("{name}", o.Name, "{host}", whole).
		Replace(cmp.Or(conv.Defaults.TLSSecretPattern, "{name}-tls"))
	tag := ""
	if conv.Defaults.ImageTag == convention.TagInValues {
		tag = o.AppVersion
	}
	cloud, _ := factsheet.CloudOf(conv.Sheet.Service, o.Cloud) // a wrong name was refused
	return application{Name: o.Name, Version: o.AppVersion, Tag: tag, Host: host, Domain: domain, TLSSecret: secret,
		portShift: o.PortShift, cloud: cloud}
}

// apart takes the domain off a host: the repository's, or without one what stands behind the host's first dot. A host
// that would keep a dot, or lies in another domain, stays whole.
func apart(host, domain string) (label, of string) {
	label, behind, _ := strings.Cut(host, ".")
	domain = cmp.Or(domain, behind)
	if behind != domain {
		return host, domain
	}
	return label, domain
}

// fill puts the application's facts into a default of the canonical table.
func (a application) fill(s string) string {
	facts := strings.NewReplacer("[[ .App.Tag ]]", a.Tag, "[[ .Host ]]", a.Host, "[[ .App.Name ]]", a.Name)
	return facts.Replace(s)
}

// CanonicalPaths are those of a chart with all components, in the canonical convention.
func CanonicalPaths(sheet *factsheet.Sheet) (*Paths, error) {
	var all []string
	for _, c := range sheet.Components {
		all = append(all, c.Name)
	}
	return newPaths(convention.Canonical(sheet), all)
}

// Default gives the value that a chart called name is written with, in the shape that it has for the key.
func (p *Paths) Default(key factsheet.Key, name string) (any, error) {
	o := Options{Name: name}
	if err := o.complete(p.convention); err != nil {
		return nil, err
	}
	text, err := yaml.Marshal(p.defaultOf(key, newApplication(o, p.convention)))
	if err != nil {
		return nil, fmt.Errorf("default of %s: %w", key.Key, err)
	}
	var value any
	if err := yaml.Unmarshal(text, &value); err != nil {
		return nil, fmt.Errorf("default of %s: %w", key.Key, err)
	}
	return value, nil
}

// Schema gives the JSON schema of a value in the shape that the chart has for it, nil where it is LiveKit's own.
func (p *Paths) Schema(key factsheet.Key) (map[string]any, error) {
	var shaped map[string]map[string]map[string]any
	if err := yaml.Unmarshal(shapesYAML, &shaped); err != nil {
		return nil, fmt.Errorf("schemas of shapes: %w", err)
	}
	if shapes := shaped[key.Key]; shapes != nil {
		return shapes[p.shape(key.Key)], nil
	}
	return key.Schema, nil
}

// cloudValue gives the cloud's value of a canonical key, nil where the repository has a way of its own.
func (a application) cloudValue(key string, repository convention.Defaults) *factsheet.CloudValue {
	hasIngress := repository.IngressClass != "" || len(repository.IngressAnnotations) > 0
	if strings.HasPrefix(key, "ingress.") && hasIngress ||
		key == "persistence.storageClass" && repository.StorageClass != "" {
		return nil
	}
	return a.cloud.Value(key)
}

// namedKey matches a key that a text of clouds.yaml names for the user.
var namedKey = regexp.MustCompile(`\{([a-z][\w.]+)\}`)

// aboutCloud notes what has to be done before a chart runs in a cloud, with the chart's own keys.
func aboutCloud(conv *convention.Convention, name string) []string {
	cloud, err := factsheet.CloudOf(conv.Sheet.Service, name)
	if err != nil || cloud.Todo == "" {
		return nil // Generate has refused a wrong name
	}
	return []string{namedKey.ReplaceAllStringFunc(cloud.Todo, func(key string) string {
		return conv.PathOf(strings.Trim(key, "{}"))
	})}
}

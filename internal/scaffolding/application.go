package scaffolding

import (
	"cmp"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
)

// application is the LiveKit that the chart installs, as its example values name it.
type application struct {
	Name      string // chart's name
	Version   string // of the server
	Tag       string // of its image, "" where the repository leaves that to the chart's appVersion
	Host      string // host for signalling, as values have it
	Domain    string // domain behind it, where the convention keeps that apart
	TLSSecret string // Secret with the host's certificate
	portShift int    // how far its media ports are above the default ones
	cloud     Cloud  // where it runs
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
	cloud, _ := cloudOf(conv.Sheet.Service, o.Cloud) // a wrong name was refused
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

package scaffolding

import (
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
)

// app is the LiveKit that the chart installs, as its example values name it.
type app struct {
	Name      string // chart's name
	Version   string // tag of the server's image
	Host      string // host for signalling
	TLSSecret string // Secret with the host's certificate
	defaults  convention.Defaults
}

// exampleHost is the host of a repository that has no pattern of its own.
const exampleHost = "{name}.example.com"

func newApp(o Options, conv *convention.Convention) app {
	name := strings.NewReplacer("{name}", o.Name)
	host := o.Host
	if host == "" {
		host = name.Replace(or(conv.Defaults.HostPattern, exampleHost))
	}
	secret := strings.NewReplacer("{name}", o.Name, "{host}", host).
		Replace(or(conv.Defaults.TLSSecretPattern, "{name}-tls"))
	return app{
		Name: o.Name, Version: o.AppVersion, Host: host, TLSSecret: secret,
		defaults: conv.Defaults,
	}
}

// fill puts the application's facts into a default of the canonical table.
func (a app) fill(s string) string {
	return strings.NewReplacer("[[ .App.Version ]]", a.Version, "[[ .Host ]]", a.Host).Replace(s)
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

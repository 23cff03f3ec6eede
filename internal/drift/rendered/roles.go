package rendered

import (
	"cmp"
	_ "embed" // objects.yaml
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// Roles of objects. The first part is a kind, or what several kinds have in common.
const (
	RoleServer        = "Workload/server"
	RoleConfiguration = "Configuration/configuration"
	RoleKeys          = "Secret/keys"
	RoleSignalling    = "Service/signalling"
	RoleMedia         = "Service/media"
	RoleTURN          = "Service/turn"
	RoleMetrics       = "Service/metrics"
	RoleTest          = "Pod/test"
	RoleRoute         = "Ingress/signalling"
)

//go:embed objects.yaml
var objectsYAML []byte

// Facts are what objects.yaml says.
var Facts = sync.OnceValue(func() (out struct {
	APIs  []string
	Roles map[string]string
	Ports []struct {
		Role  string
		Names []string
	}
	References map[string][]string
	Ordered    []string
	Renamed    []struct{ Old, New []string }
}) {
	_ = yaml.Unmarshal(objectsYAML, &out) // it is compiled in, so that it decodes is settled by the tests
	return out
})

// withRoles gives each object a role of its own.
func withRoles(objects []*Object) *Chart {
	r := &Chart{Objects: slices.Clone(objects), ByRole: map[string]*Object{}}
	server := r.server()
	// Names and addresses decide where nothing else does, so the order is fixed.
	slices.SortStableFunc(r.Objects, func(a, b *Object) int {
		return strings.Compare(a.Kind()+"/"+a.Name(), b.Kind()+"/"+b.Name())
	})
	for _, o := range r.Objects {
		base := roleOf(o, server)
		o.Role = base
		for n := 2; r.ByRole[o.Role] != nil; n++ {
			o.Role = fmt.Sprintf("%s-%d", base, n)
		}
		r.ByRole[o.Role] = o
	}
	return r
}

func roleOf(o, server *Object) string {
	switch kind := o.Kind(); {
	case o == server:
		return RoleServer
	case strings.HasPrefix(o.Annotations()["helm.sh/hook"], "test"):
		return kind + "/test"
	case kind == "ConfigMap" || kind == "Secret":
		return dataRole(o, server)
	case kind == "Service":
		return serviceRole(o, server)
	case Facts().Roles[kind] != "":
		return kind + "/" + Facts().Roles[kind]
	}
	return o.Kind() + "/" + nameWithout(o.Name(), server)
}

// nameWithout is an object's name without what the names of the chart's objects have in common, or without the
// release's: what is left when no role is known.
func nameWithout(name string, server *Object) string {
	if server != nil {
		if name == server.Name() {
			return "server"
		}
		if rest, ok := strings.CutPrefix(name, server.Name()+"-"); ok {
			return rest
		}
	}
	return cmp.Or(strings.TrimPrefix(name, ReleaseName+"-"), name)
}

// server finds the workload that runs livekit-server.
func (r *Chart) server() *Object {
	for _, o := range r.Objects {
		if !o.IsHook() && ServerContainer(o.Object) != "" {
			return o
		}
	}
	return nil
}

// ServerContainer names the container that runs livekit-server, "" where there is none: by its image, else by its name.
func ServerContainer(o manifest.Object) string {
	byName := ""
	for _, c := range MapsIn(o.Get("spec", "template", "spec", "containers")) {
		image, _ := c["image"].(string)
		name, _ := c["name"].(string)
		if strings.HasPrefix(path.Base(image), "livekit-server") {
			return name
		}
		if name == "livekit" || name == "livekit-server" {
			byName = cmp.Or(byName, name)
		}
	}
	return byName
}

// dataRole tells ConfigMaps and Secrets apart by what they hold.
func dataRole(o, server *Object) string {
	data := readData(&Object{Object: o.Object, Role: "?"}, o.Map("data"))
	maps.Copy(data, o.Map("stringData"))
	for name, value := range data {
		text, _ := value.(string)
		var parsed map[string]any
		if yaml.Unmarshal([]byte(text), &parsed) == nil && livekit.IsConfig(parsed) {
			return RoleConfiguration
		}
		if o.Kind() == "Secret" && (isKeyFile(parsed) || strings.Contains(strings.ToUpper(name), "API")) {
			return RoleKeys
		}
	}
	return o.Kind() + "/" + nameWithout(o.Name(), server)
}

// isKeyFile reports whether a map is LiveKit's key file: names with long texts.
func isKeyFile(m map[string]any) bool {
	for _, v := range m {
		if s, ok := v.(string); !ok || len(s) < 20 {
			return false
		}
	}
	return len(m) > 0
}

// serviceRole tells Services apart by where their ports lead.
func serviceRole(o, server *Object) string {
	ports := MapsIn(o.Get("spec", "ports"))
	for _, role := range []string{RoleSignalling, RoleMedia, RoleTURN, RoleMetrics} {
		if slices.ContainsFunc(ports, func(p map[string]any) bool { return portRole(p, server) == role }) {
			return role
		}
	}
	return "Service/" + nameWithout(o.Name(), server)
}

// portRole says what a port of a Service leads to, by the name of the container's port. "" where nobody knows.
func portRole(port map[string]any, server *Object) string {
	own, _ := port["name"].(string)
	name := cmp.Or(containerPort(port, server), own)
	for _, known := range Facts().Ports {
		fits := func(pattern string) bool { ok, _ := path.Match(pattern, name); return ok }
		if slices.ContainsFunc(known.Names, fits) {
			return known.Role
		}
	}
	return ""
}

// containerPort names the port of the server's container that a Service's port leads to, "" where it has no name.
func containerPort(port map[string]any, server *Object) string {
	target := cmp.Or(port["targetPort"], port["port"])
	if name, ok := target.(string); ok {
		return name
	}
	if server == nil {
		return ""
	}
	container := ServerContainer(server.Object)
	for _, c := range MapsIn(server.Get("spec", "template", "spec", "containers")) {
		for _, p := range MapsIn(c["ports"]) {
			isSame := cmp.Or(p["protocol"], any("TCP")) == cmp.Or(port["protocol"], any("TCP"))
			if c["name"] == container && p["containerPort"] == target && isSame {
				name, _ := p["name"].(string)
				return name
			}
		}
	}
	return ""
}

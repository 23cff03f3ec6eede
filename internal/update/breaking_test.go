package update

import (
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

func released(t *testing.T, file, text string) objects {
	t.Helper()
	parsed, err := manifest.Parse(file, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	found := objects{}
	for _, o := range parsed {
		found[id(o)] = &object{Object: o}
	}
	return found
}

func TestBreaks(t *testing.T) {
	claim := func(name, spec string) string {
		return "kind: PersistentVolumeClaim\nmetadata: {name: " + name + "}\nspec: " + spec
	}
	const size = "{resources: {requests: {storage: 2Gi}}, accessModes: [ReadWriteOnce]}"
	smaller, shared := strings.Replace(size, "2Gi", "1Gi", 1), strings.Replace(size, "Once", "Many", 1)
	const service = "kind: Service\nmetadata: {name: a}"
	renamed := strings.Replace(service, "name: a", "name: b", 1)
	for name, c := range map[string]struct{ before, after, want string }{
		"nothing": {claim("a", size), claim("a", size), ""},
		"a selector": {
			"kind: Deployment\nmetadata: {name: a}\nspec: {selector: {matchLabels: {app: a}}}",
			"kind: Deployment\nmetadata: {name: a}\nspec: {selector: {matchLabels: {app: b}}}", "spec.selector changes",
		},
		"more servers": {
			"kind: Deployment\nmetadata: {name: a}\nspec: {replicas: 1}",
			"kind: Deployment\nmetadata: {name: a}\nspec: {replicas: 2}", "",
		},
		"a claim that grows":    {claim("a", size), claim("a", strings.Replace(size, "2Gi", "3Gi", 1)), ""},
		"a claim that shrinks":  {claim("a", size), claim("a", smaller), "shrinks from 2Gi to 1Gi"},
		"a claim's access mode": {claim("a", size), claim("a", shared), "spec.accessModes"},
		"a claim that goes":     {claim("a", size), "", "the claim goes"},
		"a claim that is kept": {
			"kind: PersistentVolumeClaim\nmetadata: {name: a, annotations: {helm.sh/resource-policy: keep}}", "", "",
		},
		"a claim of another name":   {claim("a", size), claim("b", size), "it is called b now: the claim goes"},
		"a Service of another name": {service, renamed, "it is called b now"},
		"a Service that goes":       {service, "", ""},
		"an object that comes":      {"", service, ""},
	} {
		t.Run(name, func(t *testing.T) {
			found := breaks(released(t, "templates/a.yaml", c.before), released(t, "templates/a.yaml", c.after))
			said := ""
			for _, b := range found {
				said += b.Why
				if b.Remedy == "" {
					t.Error("there is no remedy")
				}
			}
			if c.want == "" && said != "" || !strings.Contains(said, c.want) || len(found) > 1 {
				t.Errorf("got %q, want %q", said, c.want)
			}
		})
	}
}

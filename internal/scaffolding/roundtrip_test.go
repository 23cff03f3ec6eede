package scaffolding

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/roundtrip"
)

// Charts whose conventions are easily misread: what the round trip finds by itself, and what is corrected.
var misread = []struct {
	archive string
	found   map[string][]string // by key, what it lacks here
	// values and templates are what the corrected chart has, and has not with a minus in front of it.
	values, templates []string
}{
	{"certificate", map[string][]string{"ingress.hosts": {
		`Ingress metadata.annotations."external-dns.alpha.kubernetes.io/hostname"`,
		"Ingress spec.tls[*].hosts[*]", "container env.PUBLIC_URL",
	}}, []string{"    - secretName: livekit-tls\n", "-      hosts:\n"}, nil},
	{"port", map[string][]string{"service.targetPort": {"container ports"}},
		[]string{"containerPort: 7880\n", "-  port: 7880\n  rtc:"}, nil},
	{"extraport", nil, // an optional list's port is not taken for the server's in the first place
		[]string{"-extraPorts", "  targetPort: http\n"}, nil},
	{"switches", map[string][]string{"serviceAccount.create": {"workload"}, "nodeSelector": nil},
		[]string{"-manifests", "-node_selector_key", "nodeSelector: {}\n"}, nil},
	{"name", map[string][]string{"ingress.tls": {
		"Ingress metadata.name", "Ingress spec.rules[*].http.paths[*].backend.service.name", "Service metadata.name",
		"workload metadata.name",
	}}, []string{"-prefix"}, nil},
	{"block", map[string][]string{
		"ingress.hosts": {"Ingress spec.tls[*].hosts[*]", "container env.HOSTNAME"},
	}, []string{"-demo:", "env: []\n", "livekit:\n"}, nil},
	{"label", nil, nil, // nor is a text that was only tried the label's
		[]string{"-arm64", "-arch:"}},
}

func TestRoundTrip(t *testing.T) {
	for _, c := range misread {
		t.Run(c.archive, func(t *testing.T) {
			t.Parallel()
			root := unpackRoundTrip(t, c.archive)
			o := RunOptions{
				Dir: filepath.Join(root, "apps", "livekit"), Like: []string{filepath.Join(root, "apps", "demo")},
				Renders: Renders{Prober: &lineage.Pool{}}, RoundTrip: RoundTrip{CorrectsNothing: true},
				Options: Options{Values: convention.ValuesFull},
			}
			if diff := cmp.Diff(c.found, differing(t, o), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("found by itself:\n%s", diff)
			}
			o.RoundTrip.CorrectsNothing = false
			for key := range c.found {
				learned, err := Learn(t.Context(), o)
				if err != nil {
					t.Fatal(err)
				}
				i := slices.IndexFunc(learned.RoundTrip, func(k roundtrip.Key) bool { return k.Key == key })
				if i < 0 || learned.RoundTrip[i].Result != roundtrip.Corrected || learned.RoundTrip[i].Note == "" {
					t.Errorf("%s is not corrected: %+v", key, learned.RoundTrip)
				}
			}
			if _, err := Run(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			has(t, filepath.Join(o.Dir, "values.yaml"), c.values)
			has(t, filepath.Join(o.Dir, "templates", "_helpers.tpl"), c.templates)
		})
	}
}

// differing gives what differs, by key.
func differing(t *testing.T, o RunOptions) map[string][]string {
	t.Helper()
	learned, err := Learn(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, k := range learned.RoundTrip {
		if k.Result != roundtrip.Equal {
			found[k.Key] = k.Lacks
		}
	}
	return found
}

func has(t *testing.T, file string, texts []string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range texts {
		text, isNot := strings.CutPrefix(text, "-")
		if strings.Contains(string(data), text) == isNot {
			t.Errorf("%s: %q is there: %t\n%s", filepath.Base(file), text, isNot, data)
		}
	}
}

func unpackRoundTrip(t *testing.T, archive string) string {
	t.Helper()
	root := t.TempDir()
	parsed, err := txtar.ParseFile(filepath.Join("testdata", "roundtrip", archive+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	if err := txtar.Write(parsed, root); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, ".git"), 0o755); err != nil { // nothing above root counts
		t.Fatal(err)
	}
	return root
}

// What one key moves is what more than one field shows: the keys that are tried at once are told apart, and twice the
// same chart gives the same outcome.
func TestRoundTripOfAllKeys(t *testing.T) {
	t.Parallel()
	root := unpackRoundTrip(t, "certificate")
	o := RunOptions{
		Dir: filepath.Join(root, "apps", "livekit"), Like: []string{filepath.Join(root, "apps", "demo")},
		Renders: Renders{Prober: &lineage.Pool{}}, RoundTrip: RoundTrip{All: true},
	}
	var outcomes [2][]roundtrip.Key
	for i := range outcomes {
		learned, err := Learn(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		outcomes[i] = learned.RoundTrip
	}
	if diff := cmp.Diff(outcomes[0], outcomes[1], cmpopts.IgnoreUnexported(roundtrip.Key{})); diff != "" {
		t.Errorf("the second time something else is found:\n%s", diff)
	}
	here := map[string]string{}
	for _, k := range outcomes[0] {
		here[k.Key] = strings.Join(k.Here, ", ")
	}
	for key, want := range map[string]string{
		"replicaCount": "workload spec.replicas", "image.repository": "container image", "image.tag": "container image",
		"service.port": "Service spec.ports[*].port", "ingress.enabled": "Ingress",
		"ingress.hosts": "Ingress spec.rules[*].host, Ingress spec.tls[*].hosts[*]",
	} {
		if here[key] != want {
			t.Errorf("%s moves %q here, want %q", key, here[key], want)
		}
	}
}

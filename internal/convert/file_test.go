package convert

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
)

var update = flag.Bool("update", false, "write the golden files anew")

const homelab = "../scaffolding/testdata/homelab/apps/localai"

// target scaffolds a chart to convert for.
func target(t *testing.T, like string, with ...string) *Target {
	t.Helper()
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "apps", "livekit")
	o := scaffolding.RunOptions{Dir: dir, Options: scaffolding.Options{With: with}}
	if like != "" {
		o.Like = []string{like}
	}
	if _, err := scaffolding.Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	chart, err := Open(loadSheet(t), dir)
	if err != nil {
		t.Fatal(err)
	}
	return chart
}

func canonical(t *testing.T) *Target {
	t.Helper()
	chart, err := Canonical(loadSheet(t))
	if err != nil {
		t.Fatal(err)
	}
	return chart
}

func convert(t *testing.T, text string, chart *Target) *Result {
	t.Helper()
	r, err := File(t.Context(), "values.yaml", []byte(text), chart)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The files that come out, comments and all, read in review.
func TestGolden(t *testing.T) {
	targets := map[string]*Target{"canonical": canonical(t), "homelab": target(t, homelab, "all")}
	for _, name := range []string{"production", "small"} {
		data, err := os.ReadFile(filepath.Join("testdata", name+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		for kind, chart := range targets {
			t.Run(name+" "+kind, func(t *testing.T) {
				r := convert(t, string(data), chart)
				golden := filepath.Join("testdata", name+"."+kind+".golden.yaml")
				if *update {
					if err := os.WriteFile(golden, r.YAML, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), string(r.YAML)); diff != "" {
					t.Errorf("%s (-want +got; -update writes it anew):\n%s", golden, diff)
				}
				// The file says what the values say, whatever it looks like.
				read, err := helmchart.ParseValues("", r.YAML)
				if err != nil {
					t.Fatal(err)
				}
				if !helmchart.Equal(read, r.Values) {
					t.Errorf("the file has other values: %v, want %v", read, r.Values)
				}
			})
		}
	}
}

// Every comment of the source is in the result, wherever its value went.
func TestCommentsAreKept(t *testing.T) {
	const text = `# head of the file

# c1
replicaCount: 2 # c2
livekit:
  # c3
  redis:
    address: r:6379 # c4
  # c5
  log_level: debug # c6
  turn:
    # c7
    secretName: x
# c8
storeKeysInSecret:
  # c9
  enabled: false
# c10
loadBalancer:
  type: disable # c11
tolerations:
  # c12
  - key: a # c13
    operator: Exists
nonsense: 1 # c14
# foot
`
	for name, chart := range map[string]*Target{"canonical": canonical(t), "homelab": target(t, homelab, "all")} {
		got := string(convert(t, text, chart).YAML)
		for _, c := range []string{"head of the file", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "c10",
			"c11", "c12", "c13", "c14", "foot"} {
			if n := strings.Count(got, "# "+c+"\n") + strings.Count(got, "# "+c+" "); n != 1 {
				t.Errorf("%s: comment %s is there %d times:\n%s", name, c, n, got)
			}
		}
	}
}

// A comment stays with the value that it is about, and goes to no neighbor: what became another key, or none, has its
// comments at the end, by its name.
func TestCommentsStayWithTheirKeys(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"a comment below a key without a value", "loadBalancer:\n  tls:\n  # a\n\nreplicaCount: 1\n",
			"#\n# loadBalancer.tls:\n# a\n"},
		{"a key that became several", "loadBalancer:\n  # disable, alb, aws\n  type: disable\n",
			"#\n# loadBalancer.type:\n# disable, alb, aws\n"},
		{"a key that nobody reads", "# a\nother: 1\n# b\nreplicaCount: 1\n", "\n\n# Comments"},
		{"a block", "# scaling\nautoscaling:\n  enabled: true\n", "\n# scaling\nautoscaling:\n"},
		{"below a block", "nodeSelector:\n  a: b\n  # c\n# d\nreplicaCount: 1\n", "  a: b\n  # c\n"},
		{"a list of lines", "# a\n\n# b\nreplicaCount: 1\n", "# a\n\n# b\nreplicaCount: 1\n"},
		{"text that looks like comments", "podAnnotations:\n  a: |\n    # b\n    c\n  # d\n  e: f\n",
			"  a: |\n    # b\n    c\n  # d\n  e: f\n"},
		{"a key by another name", "livekit:\n  # loud\n  log_level: info\n", "    # loud\n    level: info\n"},
		{"windows", "# a\r\nreplicaCount: 1\r\n# b\r\n", "# a\nreplicaCount: 1\n"},
	} {
		if got := string(convert(t, c.text, canonical(t)).YAML); !strings.Contains(got, c.want) {
			t.Errorf("%s: no %q in\n%s", c.name, c.want, got)
		}
	}
}

// A second conversion for another chart must not see what the first one did.
func TestAnchorsAreResolved(t *testing.T) {
	r := convert(t, "nodeSelector: &n {a: b}\nserviceAccount: {annotations: *n}\n", canonical(t))
	if strings.ContainsAny(string(r.YAML), "&*") {
		t.Errorf("an anchor is left:\n%s", r.YAML)
	}
	want := any(map[string]any{"a": "b"})
	account, _ := r.Values["serviceAccount"].(map[string]any)
	for key, got := range map[string]any{"nodeSelector": r.Values["nodeSelector"],
		"serviceAccount.annotations": account["annotations"]} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", key, diff)
		}
	}
}

func TestLeanChart(t *testing.T) {
	lean := target(t, "")
	r := convert(t, "livekit: {turn: {enabled: true, domain: t.example.net, tls_port: 5349, secretName: "+
		"t}}\nautoscaling: {enabled: true}\n", lean)
	lost := map[string]string{}
	for _, l := range r.Lost {
		lost[l.Key] = l.Reason
	}
	for key, component := range map[string]string{"livekit.turn": "turn", "livekit.turn.secretName": "turn",
		"autoscaling.enabled": "autoscaling"} {
		if !strings.Contains(lost[key], "--with "+component) {
			t.Errorf("%s: %q does not say how to add %s", key, lost[key], component)
		}
	}
	if r.Refusal != "" {
		t.Errorf("the chart refuses what is left: %s", r.Refusal)
	}
}

func TestRefused(t *testing.T) {
	r := convert(t, "livekit: {keys: {a: short}}", canonical(t))
	if len(r.Notes) == 0 || !strings.Contains(r.Notes[0].Reason, "32") || !strings.Contains(r.Refusal, "32") {
		t.Errorf("notes %v and refusal %q do not say that the secret is too short", r.Notes, r.Refusal)
	}
	for _, text := range []string{"[1]", "a: [", "just a text"} {
		if _, err := File(t.Context(), "bad.yaml", []byte(text), canonical(t)); err == nil ||
			!strings.Contains(err.Error(), "bad.yaml") {
			t.Errorf("%q: error %v does not name the file", text, err)
		}
	}
}

// Of a key that stands twice Helm takes the last, and so does the conversion, with a note.
func TestKeyTwice(t *testing.T) {
	r := convert(t, "replicaCount: 2\nlivekit: {port: 7000}\nreplicaCount: 3 # three\n", canonical(t))
	noted := slices.ContainsFunc(r.Notes, func(n Remark) bool { return strings.Contains(n.Key, "replicaCount") })
	if !noted || !strings.Contains(string(r.YAML), "replicaCount: 3 # three\n") {
		t.Errorf("notes %v\n%s", r.Notes, r.YAML)
	}
}

func FuzzFile(f *testing.F) {
	f.Add("replicaCount: 2 # a\n# b\nlivekit: {keys: {a: b}}\n")
	f.Add("# a\nloadBalancer:\n  type: do\n  tls:\n    - hosts: [a] # b\n")
	f.Add("loadBalancer:\n  tls:\n  # a\n\nreplicaCount: 1\n")
	f.Add("# a\n\nnodeSelector:\n  a: |\n   # b\n  # c\n")
	f.Add("a: &x {b: 1}\nresources: *x\nnodeSelector: {<<: *x}\n")
	chart, err := Canonical(loadSheet(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := File(t.Context(), "v.yaml", []byte(text), chart)
		if err != nil {
			return
		}
		read, err := helmchart.ParseValues("", r.YAML)
		if err != nil {
			t.Fatalf("the result is no YAML: %v\n%s", err, r.YAML)
		}
		if !helmchart.Equal(read, r.Values) {
			t.Fatalf("the file has other values: %v, want %v\n%s", read, r.Values, r.YAML)
		}
	})
}

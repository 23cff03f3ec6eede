package merge

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

const valuesBase = `# Values of the chart.

# The image of the server.
image:
  repository: livekit/livekit-server
  tag: ""

replicas: 1

# Storage.
persistence:
  enabled: true
  # Kept for good.
  size: 1Gi
  # storageClass: fast

tolerations: []
`

func yamlMerged(t *testing.T, ours, theirs string, moves ...Move) Result {
	t.Helper()
	r, err := YAML("values.yaml", valuesBase, ours, theirs, Options{Moves: moves})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestYAML(t *testing.T) {
	edit := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(valuesBase) }
	block := "\n# A budget.\npdb:\n  enabled: false\n"
	for name, c := range map[string]struct{ ours, theirs, want string }{
		"neighboring lines": {
			edit("size: 1Gi", "size: 5Gi"), edit("Kept for good", "Kept for ever"),
			edit("size: 1Gi", "size: 5Gi", "Kept for good", "Kept for ever"),
		},
		"an empty list with a comment": {
			edit("tolerations: []", "tolerations: [] # none"), edit("replicas: 1", "replicas: 3"),
			edit("tolerations: []", "tolerations: [] # none", "replicas: 1", "replicas: 3"),
		},
		"an own key beside a new one": {
			edit("  size: 1Gi\n", "  size: 1Gi\n  own: 1\n"), edit("  size: 1Gi\n", "  size: 1Gi\n  new: 2\n"),
			edit("  size: 1Gi\n", "  size: 1Gi\n  new: 2\n  own: 1\n"),
		},
		"a new block behind an edit": {
			edit("tolerations: []", "tolerations:\n  - operator: Exists"), valuesBase + block,
			edit("tolerations: []", "tolerations:\n  - operator: Exists") + block,
		},
		"a block that goes": {
			edit("replicas: 1", "replicas: 2"), edit("\ntolerations: []\n", ""),
			edit("replicas: 1", "replicas: 2", "\ntolerations: []\n", ""),
		},
		"a comment behind a value that changes": {
			edit("replicas: 1", "replicas: 1 # for now"), edit("replicas: 1", "replicas: 3"),
			edit("replicas: 1", "replicas: 3 # for now"),
		},
		"a key that the user removed": {
			edit("  tag: \"\"\n", ""), edit("replicas: 1", "replicas: 3"),
			edit("  tag: \"\"\n", "", "replicas: 1", "replicas: 3"),
		},
		"a map on one line": {
			edit("  enabled: true\n  # Kept for good.\n  size: 1Gi\n  # storageClass: fast\n", "",
				"persistence:\n", "persistence: {enabled: true, size: 5Gi}\n"),
			edit("enabled: true", "enabled: false"),
			edit("  enabled: true\n  # Kept for good.\n  size: 1Gi\n  # storageClass: fast\n",
				"  enabled: false\n  size: 5Gi\n"),
		},
		"what was left to the user": {
			edit("tolerations: []", "tolerations: [a]"), edit("tolerations: []", "tolerations: [b]"),
			edit("tolerations: []", "tolerations: [a]"),
		},
		"wider indentation": {
			strings.ReplaceAll(edit("size: 1Gi", "size: 5Gi"), "\n  ", "\n    "),
			edit("  size: 1Gi\n", "  size: 1Gi\n  new:\n    a: 1\n"),
			wide(edit),
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := yamlMerged(t, c.ours, c.theirs)
			if len(r.Conflicts) > 0 {
				t.Errorf("conflicts: %v", r.Conflicts)
			}
			if diff := cmp.Diff(c.want, r.Text); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// wide is the base indented by four, as its user has it, with what is new indented as it came.
func wide(edit func(...string) string) string {
	text := strings.ReplaceAll(edit("size: 1Gi", "size: 5Gi"), "\n  ", "\n    ")
	return strings.Replace(text, "    size: 5Gi\n", "    size: 5Gi\n    new:\n      a: 1\n", 1)
}

func TestYAMLConflicts(t *testing.T) {
	replace := func(old, now string) string { return strings.Replace(valuesBase, old, now, 1) }
	for name, c := range map[string]struct {
		ours, theirs, path string
		line               int
	}{
		"both changed a value": {replace("1Gi", "5Gi"), replace("1Gi", "2Gi"), "persistence.size", 14},
		"an edited block that goes": {
			replace("tolerations: []", "tolerations: [a]"), replace("\ntolerations: []\n", ""), "tolerations", 17,
		},
		"a comment on a key that goes": {
			replace("replicas: 1", "# Mine.\nreplicas: 1"), replace("replicas: 1\n\n", ""), "replicas", 9,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := yamlMerged(t, c.ours, c.theirs)
			if len(r.Conflicts) != 1 || r.Conflicts[0].Path != c.path || r.Conflicts[0].Line != c.line {
				t.Errorf("got %+v, want one at line %d, %s", r.Conflicts, c.line, c.path)
			}
			if r.Text != c.ours {
				t.Error("the text is no longer the user's", cmp.Diff(c.ours, r.Text))
			}
			marked, err := YAML("values.yaml", valuesBase, c.ours, c.theirs, Options{Labels: Labels{"yours", "new"}})
			if err != nil || HasMarkers(marked.Text) == 0 {
				t.Errorf("no markers: %v\n%s", err, marked.Text)
			}
		})
	}
}

func TestYAMLMoves(t *testing.T) {
	theirs := strings.Replace(valuesBase, "replicas: 1\n", "deployment:\n  # How many.\n  replicaCount: 1\n", 1)
	ours := strings.Replace(valuesBase, "replicas: 1\n", "# Two are enough.\nreplicas: 2 # really\n", 1)
	move := Move{From: yamldoc.Path{"replicas"}, To: yamldoc.Path{"deployment", "replicaCount"}}
	r := yamlMerged(t, ours, theirs, move)
	for _, want := range []string{"deployment:\n", "# Two are enough.\n", "  replicaCount: 2 # really\n"} {
		if !strings.Contains(r.Text, want) {
			t.Errorf("%q is not in\n%s", want, r.Text)
		}
	}
	if strings.Contains(r.Text, "\nreplicas:") || len(r.Conflicts) > 0 {
		t.Errorf("%v\n%s", r.Conflicts, r.Text)
	}
}

// What is read is printed as it was, whatever a repository's values look like.
func TestOutlineIdentity(t *testing.T) {
	files, _ := filepath.Glob("../scaffolding/testdata/golden/*/values.yaml")
	shared, _ := filepath.Glob("../../../shared/examples/conventions/*/*/*/values.yaml")
	if len(files) == 0 {
		t.Fatal("no golden charts")
	}
	for _, file := range append(files, shared...) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(data), "\r\n", "\n")
		o, err := readOutline(file, text)
		if err != nil {
			continue // a key twice
		}
		if diff := cmp.Diff(text, o.String()); diff != "" && strings.HasSuffix(text, "\n") {
			t.Errorf("%s: %s", file, diff)
		}
	}
}

func TestLines(t *testing.T) {
	base := "a\nb\nc\nd\n"
	for name, c := range map[string]struct {
		ours, theirs, want string
		line               int // of the conflict, 0 for none
	}{
		"apart":                 {"A\nb\nc\nd\n", "a\nb\nc\nD\n", "A\nb\nc\nD\n", 0},
		"neighbors":             {"a\nB\nc\nd\n", "a\nb\nC\nd\n", "a\nB\nC\nd\n", 0},
		"the same":              {"a\nX\nc\nd\n", "a\nX\nc\nd\n", "a\nX\nc\nd\n", 0},
		"both":                  {"0\na\nB\nc\nd\n", "a\nX\nc\nd\n", "0\na\nB\nc\nd\n", 3},
		"two insertions":        {"a\n1\nb\nc\nd\n", "a\n2\nb\nc\nd\n", "a\n1\nb\nc\nd\n", 2},
		"removed and changed":   {"a\nd\n", "a\nb\nC\nd\n", "a\nd\n", 2},
		"nothing of ours":       {base, "x\n", "x\n", 0},
		"everything is removed": {"", base, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := Lines(base, c.ours, c.theirs, Labels{})
			line := 0
			if len(r.Conflicts) > 0 {
				line = r.Conflicts[0].Line
			}
			if r.Text != c.want || line != c.line || len(r.Conflicts) > 1 {
				t.Errorf("got %q with %v, want %q and a conflict at line %d", r.Text, r.Conflicts, c.want, c.line)
			}
		})
	}
	marked := Lines(base, "a\nB\nc\nd\n", "a\nX\nc\nd\n", Labels{"yours", "new"}).Text
	if want := "a\n<<<<<<< yours\nB\n=======\nX\n>>>>>>> new\nc\nd\n"; marked != want {
		t.Errorf("got %q, want %q", marked, want)
	}
	if HasMarkers(marked) != 2 || HasMarkers(base) != 0 {
		t.Error("markers are not found where they are")
	}
}

func TestJSON(t *testing.T) {
	base := "{\n  \"properties\": {\n    \"a\": {\"type\": \"string\"}\n  },\n  \"required\": [\"a\"]\n}\n"
	add := func(name string) string {
		text := strings.Replace(base, "\"string\"}\n", "\"string\"},\n    \""+name+"\": {\"type\": \"integer\"}\n", 1)
		return strings.Replace(text, `["a"]`, `["a", "`+name+`"]`, 1)
	}
	r, err := JSON("values.schema.json", base, add("mine"), add("new"), Labels{})
	if err != nil || len(r.Conflicts) > 0 {
		t.Fatal(err, r.Conflicts)
	}
	want := "{\n  \"properties\": {\n    \"a\": {\"type\": \"string\"},\n    \"new\": {\"type\": \"integer\"},\n" +
		"    \"mine\": {\"type\": \"integer\"}\n  },\n  \"required\": [\"a\", \"mine\", \"new\"]\n}\n"
	if diff := cmp.Diff(want, r.Text); diff != "" {
		t.Error(diff)
	}
	number, text := strings.Replace(base, "string", "number", 1), strings.Replace(base, "string", "boolean", 1)
	if r, err = JSON("values.schema.json", base, number, text, Labels{}); err != nil || len(r.Conflicts) != 1 {
		t.Fatalf("got %v, %v, want one conflict", r.Conflicts, err)
	}
	if c := r.Conflicts[0]; c.Path != "properties.a.type" || c.Line != 3 {
		t.Errorf("conflict at %+v", c)
	}
}

// Whatever the texts are: what one side alone changed is taken, and what was merged merges to the same again.
func FuzzYAML(f *testing.F) {
	f.Add(valuesBase, strings.Replace(valuesBase, "1Gi", "5Gi", 1), strings.Replace(valuesBase, "true", "false", 1))
	f.Add("a: 1\n", "a: {b: 1}\n", "a:\n  b: 2\n")
	f.Add("a: &x\n  b: 1\n", "a: |\n  # no comment\n\nb: *x\n", "a:\n- 1\n# c\nb: 1\n")
	f.Add("a:\n  b: 1\n # odd\n", "# only\n", "{}\n")
	f.Fuzz(func(t *testing.T, base, ours, theirs string) {
		for _, text := range []string{base, ours, theirs} {
			if doc, err := yamldoc.Parse("x", []byte(text)); err != nil || !doc.Root.IsMap() {
				return
			}
		}
		if r, err := YAML("x", base, ours, base, Options{}); err != nil || r.Text != ours {
			t.Fatalf("ours is lost: %v\n%q", err, r.Text)
		}
		if r, err := YAML("x", base, base, theirs, Options{}); err != nil || r.Text != theirs {
			t.Fatalf("theirs is lost: %v\n%q", err, r.Text)
		}
		r, err := YAML("x", base, ours, theirs, Options{})
		if err != nil || len(r.Conflicts) > 0 {
			return
		}
		again, err := YAML("x", theirs, r.Text, theirs, Options{})
		if err != nil || again.Text != r.Text {
			t.Fatalf("a second merge changes it: %v\n%q\n%q", err, r.Text, again.Text)
		}
	})
}

// A comment of the user's on a key that is gone is at the end: nothing that a person wrote is lost.
func TestCommentsOfKeysThatAreGone(t *testing.T) {
	base := "image:\n  repository: a\n  tag: b\nport: 1\n"
	ours := "# mine\nimage:\n  repository: a # mine, too\n  # and this\n  tag: b\nport: 1\n"
	theirs := "app:\n  image: a:b\nport: 1\n"
	merged, err := YAML("values.yaml", base, ours, theirs, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"# mine\n", "# mine, too\n", "# and this\n", "app:\n  image: a:b\n"} {
		if !strings.Contains(merged.Text, text) {
			t.Errorf("no %q in\n%s", text, merged.Text)
		}
	}
}

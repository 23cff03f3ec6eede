package manifest

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestParseSplitsDocuments(t *testing.T) {
	objects, err := Parse("templates/all.yaml", []byte(`# Source: x
---
# nothing here
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: a
data:
  text: |
    --- not a marker
---

kind: Service # second
metadata: {name: b}
--- {kind: Secret, metadata: {name: c}}
---
null
`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range objects {
		got = append(got, o.Kind()+" "+o.Name())
	}
	if want := []string{"ConfigMap a", "Service b", "Secret c"}; !slices.Equal(got, want) {
		t.Fatalf("objects %v, want %v", got, want)
	}
	for i, want := range []int{5, 14, 16} {
		if objects[i].Line != want {
			t.Errorf("%s is on line %d, want %d", objects[i], objects[i].Line, want)
		}
	}
}

func TestParseErrorsNameFileLineAndReason(t *testing.T) {
	for _, test := range []struct {
		name, text, reason string
		line               int
	}{
		{"wrong indent", "a: 1\n---\nspec:\n  containers:\n    - name: x\n   links: false\n", "did not find expected",
			6},
		{"duplicate key", "a: 1\n---\nb:\n  c: 1\n  c: 2\n", `key "c" already set`, 5},
		{"list", "---\n- a\n", "not a mapping", 2},
		{"tab", "a:\n\tb: 1\n", "cannot start any token", 2},
		{"text", "just text\n", "not a mapping", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse("templates/x.yaml", []byte(test.text))
			var parse *ParseError
			if !errors.As(err, &parse) {
				t.Fatalf("error %v, want a *ParseError", err)
			}
			// The YAML library names the line or the one before it.
			if parse.File != "templates/x.yaml" || parse.Line > test.line || parse.Line < test.line-1 {
				t.Errorf("at %s:%d, want line %d", parse.File, parse.Line, test.line)
			}
			if !strings.Contains(parse.Reason, test.reason) {
				t.Errorf("reason %q, want %q", parse.Reason, test.reason)
			}
		})
	}
}

func TestParseKeepsGoodDocumentsBesideABadOne(t *testing.T) {
	objects, err := Parse("x.yaml", []byte("kind: A\n---\na: [\n---\nkind: B\n"))
	if err == nil || len(objects) != 2 {
		t.Fatalf("%d objects, error %v; want 2 and an error", len(objects), err)
	}
}

func TestObjectAccess(t *testing.T) {
	o := one(t, `
apiVersion: v1
kind: Pod
metadata:
  name: a
  namespace: b
  labels: {app: x}
  annotations: {helm.sh/hook: test}
spec:
  containers:
  - name: c
    ports:
    - containerPort: 7880
`)
	if o.APIVersion() != "v1" || o.Kind() != "Pod" || o.Name() != "a" || o.Namespace() != "b" ||
		o.Labels()["app"] != "x" || !o.IsHook() {
		t.Errorf("identity of %s is wrong", o)
	}
	if got := o.Get("spec", "containers", "0", "ports", "0", "containerPort"); got != int64(7880) {
		t.Errorf("containerPort is %#v", got)
	}
	for _, path := range [][]string{{"spec", "containers", "1"}, {"spec", "containers", "x"},
		{"spec", "none", "deep"}, {"kind", "deep"}} {
		if got := o.Get(path...); got != nil {
			t.Errorf("%v gives %#v", path, got)
		}
	}
}

func one(t *testing.T, text string) Object {
	t.Helper()
	objects, err := Parse("templates/x.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(objects) != 1 {
		t.Fatalf("%d objects, want 1", len(objects))
	}
	return objects[0]
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("a: 1\n---\nb: [1, 2]\n"))
	f.Add([]byte(goodDeployment))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("? {a: b}\n: c\n<<: *x\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		objects, err := Parse("x.yaml", data)
		var parse *ParseError
		if err != nil && !errors.As(err, &parse) {
			t.Fatalf("error %T", err)
		}
		for _, o := range objects {
			o.Check()
		}
	})
}

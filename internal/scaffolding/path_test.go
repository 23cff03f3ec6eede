package scaffolding

import (
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

func TestPath(t *testing.T) {
	for _, c := range []struct {
		in         string
		want       yamldoc.Path
		expression string
	}{
		{"replicaCount", yamldoc.Path{"replicaCount"}, ".Values.replicaCount"},
		{"image.tag", yamldoc.Path{"image", "tag"}, ".Values.image.tag"},
		{"persistence.<volume>.size", yamldoc.Path{"persistence", "data", "size"}, ".Values.persistence.data.size"},
		{"service.ports[0].port", yamldoc.Path{"service", "ports", "[0]", "port"},
			"(index .Values.service.ports 0).port"},
		{"web-app.port", yamldoc.Path{"web-app", "port"}, `(index .Values "web-app").port`},
		{`a."b.c".d`, yamldoc.Path{"a", "b.c", "d"}, `(index .Values.a "b.c").d`},
	} {
		got, err := parsePath(c.in)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.in, diff)
		}
		if e := expression(".Values", got); e != c.expression {
			t.Errorf("%s: expression is %s, want %s", c.in, e, c.expression)
		}
		if s := strings.ReplaceAll(c.in, "<volume>", "data"); got.String() != s {
			t.Errorf("%s: written %s", c.in, got)
		}
	}
	for _, in := range []string{"", ".", "a..b", "[0].a", "a[1]", "a[", `a."b`, "a b.[x]", ".a", "a.[0]", `a"b"`} {
		if p, err := parsePath(in); err == nil {
			t.Errorf("%q is read as %v", in, p)
		}
	}
}

// A convention may come from a file of the user's, so any text is a path or an
// error, what is a path reads the same again, and its expression is a template.
func FuzzPath(f *testing.F) {
	for _, s := range []string{"image.tag", "service.ports[0].port", `a."b.c".d`, "persistence.<volume>.size",
		"a-b.c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePath(s)
		if err != nil {
			return
		}
		again, err := parsePath(p.String())
		if err != nil || !cmp.Equal(p, again) {
			t.Errorf("%q is %v, which is written %q and read as %v, %v", s, p, p, again, err)
		}
		if _, err := template.New("").Parse("{{ " + expression(".Values", p) + " }}"); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	})
}

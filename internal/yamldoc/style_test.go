package yamldoc

import (
	"reflect"
	"testing"
)

func TestStyle(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       Style
	}{
		{"empty", "", Style{Comments: "none"}},
		{"two spaces, indented, double, plain", "# c\na:\n  b:\n    - \"x\"\n    - y\n",
			Style{Indent: 2, Lists: "indented", Quotes: "double", Collections: "block", Comments: "plain"}},
		{"four spaces, flush, single, document start", "---\na:\n    b:\n    - 'x'\n",
			Style{
				Indent: 4, Lists: "flush", DocumentStart: true, Quotes: "single", Collections: "block",
				Comments: "none",
			}},
		{"a list on one line", "a:\n  b: [1]\nc: {}\n", Style{Indent: 2, Collections: "lists", Comments: "none"}},
		{"a map on one line", "a:\n  b: {c: 1}\n", Style{Indent: 2, Collections: "flow", Comments: "none"}},
		{"no quotes", "a: b\nc: d\n", Style{Quotes: "none", Comments: "none"}},
		{"helm-docs", "# -- one\na: 1\n# -- two\nb: 1\n# -- three\nc: 1\n", Style{Comments: "helm-docs"}},
		{"readme-generator", "## @section s\n##\n## @param a one\na: 1\n## @param b two\nb: 1\n",
			Style{Comments: "readme-generator"}},
		{"script in a block scalar is no comment", "a: |\n  # -- x\n  # -- y\n  # -- z\n",
			Style{Quotes: "none", Comments: "none"}},
		{"start after a comment", "# head\n---\na: b\n", Style{DocumentStart: true, Quotes: "none", Comments: "plain"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := parse(t, tt.text).Style(); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestCommented(t *testing.T) {
	doc := parse(t, `persistence:
  enabled: true
  ## what this is
  # storageClass: "-"
  size: 5Gi
  # Note: the claim is never deleted with the release
#resources:
#  limits: {}
ingress:
  # className: nginx
  hosts:
    - host: a
      # path: /
  #tls: []
script: |
  # fake: 1
# replicas: 2
last:
  # inner: 1
`)
	got := map[string]string{}
	for _, c := range doc.Commented() {
		got[c.Path] = c.Value
	}
	want := map[string]string{
		"persistence.storageClass": `"-"`, "resources": "", "ingress.className": "nginx", "ingress.tls": "[]",
		"replicas": "2", "last.inner": "1",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

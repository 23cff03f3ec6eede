package scaffolding

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// The archives of internal/sibling are small repositories, each in a style of its own. Their expected.yaml was written
// from reading the chart, before the tool was run on it.
func TestExamples(t *testing.T) {
	archives, err := filepath.Glob("../sibling/testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no examples", err)
	}
	for _, archive := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(archive), ".txtar"), func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			unpackExample(t, archive, root)
			e, err := readExpectation(filepath.Join(root, "expected.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			judged := judgeRepository(t, e, root)
			judged = append(judged, judgeStyle(t, e, filepath.Join(root, filepath.Dir(e.Like), judgedName))...)
			for _, j := range judged {
				if !j.agrees {
					t.Errorf("%s: %s", j.fact, j.detail)
				}
			}
			t.Logf("%d facts", len(judged))
		})
	}
}

// unpackExample writes an archive's charts below root/apps, and its expected.yaml to root.
func unpackExample(t *testing.T, archive, root string) {
	t.Helper()
	parsed, err := txtar.ParseFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	for i := range parsed.Files {
		if f := &parsed.Files[i]; f.Name != "expected.yaml" {
			f.Name = filepath.Join("apps", filepath.FromSlash(f.Name))
		}
	}
	if err := txtar.Write(parsed, root); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, ".git"), 0o755); err != nil { // nothing above root counts
		t.Fatal(err)
	}
}

var (
	topLevel  = regexp.MustCompile(`(?m)^(\w+):`)
	onOneLine = regexp.MustCompile(`: [{\[]\w`)
)

// judgeStyle judges how the values are written.
func judgeStyle(t *testing.T, e *expectation, dir string) []judgement {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	values := string(data)
	var out []judgement
	note := func(fact string, agrees bool) {
		out = append(out, judgement{fact, agrees, "values.yaml is written otherwise"})
	}
	if _, ok := e.Expected["yaml_doc_start"]; ok {
		note("yaml_doc_start", strings.HasPrefix(values, "---\n"))
	}
	if want := e.text("comment_style"); want != "" {
		note("comment_style", strings.Contains(values, "\n"+want+" ") || strings.Contains(values, " "+want+" "))
	}
	if e.text("collections") == "block" {
		note("collections", !onOneLine.MatchString(values))
	}
	if order, _ := e.Expected["values_order"].([]any); len(order) > 0 {
		var keys []any
		for _, line := range topLevel.FindAllStringSubmatch(values, len(order)) {
			keys = append(keys, line[1])
		}
		note("values_order", slices.Equal(keys, order))
	}
	for key, text := range e.labels("comments_above") {
		note("comments_above", strings.Contains(values, "\n# "+text+"\n"+key+":\n"))
	}
	if want := e.text("values_list_style"); want != "" {
		flush := regexp.MustCompile(`(?m)^( *)[\w-]+:\n( *)- `)
		for _, list := range flush.FindAllStringSubmatch(values, -1) {
			note("values_list_style", (list[1] == list[2]) == (want == "flush"))
		}
	}
	return out
}

// untold are the facts of real repositories that their values do not tell, by the beginnings of their names. Most stand
// in the templates, which are not in the examples; some in values above the chart, or in flat keys of the chart's own.
var untold = map[string][]string{
	"JonasHess__homelab-iac":                   {"ingress_host_path", "ingress_kind", "name", "selector"},
	"MirekNguyen__self-hosted":                 {"file", "labels", "name", "selector"},
	"NSerbin__k3s-cluster-charts":              {"name", "selector"},
	"atlassian__data-center-helm-charts":       {"file", "workload_kind"},
	"brimdor__homelab--doplarr":                {"labels", "name", "selector"},
	"cowboysysop__charts":                      {"file"},
	"davidlesicnik__homelab-argo":              {"name", "selector"},
	"elastic__helm-charts":                     {"labels", "name", "selector"},
	"gitfrederic__homelab-public":              {"service_port_key"},
	"go-skynet__helm-charts":                   {"file"},
	"haijeploeg__arr-helm":                     {"file", "name", "persistence_storage_class_key", "workload_kind"},
	"ministryofjustice__hmpps-prisoner-search": {"ingress_domain"},
	"sikalabs__charts":                         {"cluster_issuer", "file", "ingress_", "name", "selector"},
	"thatsimonsguy__homelab-k8s":               {"name"},
	"wikimedia__operations-deployment-charts":  {"labels", "name", "selector", "service_port_key", "service_selector"},
}

// The charts of real repositories, whose values alone lie beside this one.
func TestExamplesOfRealRepositories(t *testing.T) {
	files, err := filepath.Glob("../../../shared/examples/conventions/*/expected.yaml")
	if err != nil || len(files) == 0 {
		t.Skip("the examples of real repositories are not beside this repository")
	}
	for _, file := range files {
		name := filepath.Base(filepath.Dir(file))
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, err := readExpectation(file)
			if err != nil {
				t.Fatal(err)
			}
			root := filepath.Join(t.TempDir(), "repository")
			if err := os.CopyFS(root, os.DirFS(filepath.Dir(file))); err != nil {
				t.Fatal(err)
			}
			agree := 0
			judged := judgeRepository(t, e, root)
			for _, j := range judged {
				isUntold := slices.ContainsFunc(untold[name], func(fact string) bool {
					return strings.HasPrefix(j.fact, fact)
				})
				switch {
				case j.agrees:
					agree++
				case isUntold:
					t.Logf("%s: %s", j.fact, j.detail)
				default:
					t.Errorf("%s: %s", j.fact, j.detail)
				}
			}
			t.Logf("%s %d/%d", name, agree, len(judged))
		})
	}
}

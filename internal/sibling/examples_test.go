package sibling

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// keyFacts are the facts of expected.yaml that are paths, with their canonical
// keys.
var keyFacts = []struct{ fact, key string }{
	{"image_repository_key", "image.repository"},
	{"image_string_key", "image.repository"},
	{"image_registry_key", "image.registry"},
	{"image_tag_key", "image.tag"},
	{"image_pull_policy_key", "image.pullPolicy"},
	{"replicas_key", "replicaCount"},
	{"service_type_key", "service.type"},
	{"service_port_key", "service.port"},
	{"service_target_port_key", "service.targetPort"},
	{"ingress_enabled_key", "ingress.enabled"},
	{"ingress_host_path", "ingress.hosts"},
	{"ingress_class_key", "ingress.className"},
	{"ingress_annotations_key", "ingress.annotations"},
	{"ingress_tls_key", "ingress.tls"},
	{"persistence_enabled_key", "persistence.enabled"},
	{"persistence_size_key", "persistence.size"},
	{"persistence_storage_class_key", "persistence.storageClass"},
	{"persistence_access_mode_key", "persistence.accessMode"},
	{"persistence_mount_key", "persistence.mountPath"},
	{"resources_key", "resources"},
	{"node_selector_key", "nodeSelector"},
	{"tolerations_key", "tolerations"},
	{"affinity_key", "affinity"},
	{"env_key", "env"},
}

// agreement is one fact, as an expert of the repository and as this package see
// it.
type agreement struct {
	fact, want, got string
	ok              bool
}

func TestAgreesWithExamples(t *testing.T) {
	root := filepath.Join("..", "..", "..", "shared", "examples", "conventions")
	files, err := filepath.Glob(filepath.Join(root, "*", "expected.yaml"))
	if err != nil || len(files) == 0 {
		t.Skip("the examples of real repositories are not beside this module")
	}
	var agreed, total int
	for _, file := range files {
		name := filepath.Base(filepath.Dir(file))
		t.Run(name, func(t *testing.T) {
			list := compareExample(t, file)
			ok := 0
			for _, a := range list {
				mark := "FAIL"
				if a.ok {
					ok++
					mark = "ok"
				}
				t.Logf("%-4s %-30s want %-40s got %s", mark, a.fact, a.want, a.got)
			}
			agreed, total = agreed+ok, total+len(list)
			t.Logf("%s %d/%d", name, ok, len(list))
			if name == "brimdor__homelab" && ok < len(list) {
				t.Errorf("%d of %d facts agree, want all", ok, len(list))
			}
		})
	}
	t.Logf("all examples: %d of %d facts", agreed, total)
	if float64(agreed) < 0.9*float64(total) {
		t.Errorf("%d of %d facts agree, want 90%%", agreed, total)
	}
}

func compareExample(t *testing.T, file string) []agreement {
	doc, err := yamldoc.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	expected := doc.Root.Get("expected")
	dir := filepath.Join(filepath.Dir(file), filepath.FromSlash(doc.Root.Get("like").Str()))
	conv, err := Read(context.Background(), []string{dir}, ReadOptions{Sheet: serverSheet()})
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("SHOW") != "" {
		text, _ := conv.YAML()
		t.Logf("\n%s", text)
	}
	var list []agreement
	add := func(fact, want, got string, ok bool) {
		list = append(list, agreement{fact, want, got, ok})
	}
	for _, k := range keyFacts {
		want := expected.Get(k.fact).Str()
		if want == "" {
			continue
		}
		got := examplePath(conv, k.key)
		if k.fact == "ingress_enabled_key" && conv.Kinds.Route == convention.RouteHTTPRoute {
			got = conv.PathOf("httpRoute.enabled")
		}
		if k.fact == "ingress_host_path" && conv.Kinds.Route == convention.RouteHTTPRoute {
			got = conv.PathOf("httpRoute.hostnames") + "[0]"
		}
		want = lastPart(want)
		add(k.fact, want, got, want == strings.ReplaceAll(got, "{name}", "{C}"))
	}
	shapeFacts(conv, expected, add)
	otherFacts(conv, expected, add)
	return list
}

// examplePath gives a key's path as expected.yaml writes it: down to the host.
func examplePath(c *convention.Convention, key string) string {
	path := c.PathOf(key)
	switch shape := c.Values[key].Shape; key + " " + shape {
	case "ingress.hosts ", "ingress.hosts " + convention.HostsObjects:
		path += "[0].host"
	case "ingress.hosts " + convention.HostsNamed:
		path += "[0].name"
	case "ingress.hosts " + convention.HostsStrings:
		path += "[0]"
	case "ingress.tls " + convention.TLSMap:
		path += ".enabled"
	}
	return path
}

// lastPart takes notes off an expected path, and the last of several keys.
func lastPart(s string) string {
	s, _, _ = strings.Cut(s, " (")
	parts := strings.Split(s, " + ")
	return strings.TrimSpace(parts[len(parts)-1])
}

func shapeFacts(c *convention.Convention, expected *yamldoc.Node, add func(string, string, string, bool)) {
	match := func(fact, got string, words map[string]string) {
		want := expected.Get(fact).Str()
		for prefix, shape := range words {
			if strings.HasPrefix(want, prefix) {
				add(fact, want, got, got == shape)
			}
		}
	}
	match("env_shape", cmp.Or(c.Values["env"].Shape, convention.EnvList), map[string]string{
		"list": convention.EnvList, "map (": convention.EnvMap, "map,": convention.EnvMap,
		"map of {name,value}": convention.EnvObjects,
	})
	if expected.Get("env_shape").Str() == "map" {
		add("env_shape", "map", c.Values["env"].Shape, c.Values["env"].Shape == convention.EnvMap)
	}
	match("ingress_tls_shape", cmp.Or(c.Values["ingress.tls"].Shape, convention.TLSList), map[string]string{
		"list of {secretName": convention.TLSList, "raw list": convention.TLSList, "map {": convention.TLSMap,
		"scalar": convention.TLSSecret, "list of host": convention.TLSHosts, "bool": convention.TLSBool,
	})
	match("persistence_access_mode_shape", cmp.Or(c.Values["persistence.accessMode"].Shape,
		convention.AccessModeString), map[string]string{
		"list": convention.AccessModeList, "scalar": convention.AccessModeString,
	})
	persistence := convention.PersistenceBlock
	switch path := c.PathOf("persistence.mountPath") + c.PathOf("persistence.size"); {
	case strings.Contains(path, "<volume>"):
		persistence = convention.PersistenceVolumes
	case strings.Contains(path, "[0]"):
		persistence = convention.PersistenceList
	}
	match("persistence_shape", persistence, map[string]string{
		"map": convention.PersistenceVolumes, "single block": convention.PersistenceBlock,
		"list": convention.PersistenceList,
	})
	if want := expected.Get("values_prefix"); want.IsString() && c.Values["image.repository"].Evidence != "" {
		ok := want.Value == "" || strings.Contains(c.Values["image.repository"].Evidence, " "+want.Value+".")
		add("values_prefix", want.Value, c.Values["image.repository"].Evidence, ok)
	}
}

var plainWord = regexp.MustCompile(`^[\w.-]+$`)

func otherFacts(c *convention.Convention, expected *yamldoc.Node, add func(string, string, string, bool)) {
	d := c.Defaults
	for fact, got := range map[string]string{
		"ingress_domain": d.Domain, "ingress_class": d.IngressClass, "cluster_issuer": d.ClusterIssuer,
		"storage_class":             d.StorageClass,
		"cluster_issuer_annotation": d.ClusterIssuerAnnotation,
	} {
		if want := expected.Get(fact).Str(); plainWord.MatchString(want) || fact == "cluster_issuer_annotation" &&
			want != "" {
			add(fact, want, got, want == got)
		}
	}
	for fact, got := range map[string]string{"host_pattern": d.HostPattern,
		"tls_secret_name_pattern": d.TLSSecretPattern} {
		if want := expected.Get(fact).Str(); want != "" {
			add(fact, want, got, strings.ReplaceAll(want, "<app>", "{name}") == got)
		}
	}
	if kind, _, _ := strings.Cut(expected.Get("ingress_kind").Str(), " "); strings.HasPrefix(kind, "Ingress") ||
		kind == convention.RouteHTTPRoute {
		add("ingress_kind", kind, c.Kinds.Route, kind == c.Kinds.Route)
	}
	styleFacts(c.Style, expected, add)
}

func styleFacts(s convention.Style, expected *yamldoc.Node, add func(string, string, string, bool)) {
	add("indent", expected.Get("indent").Str(), strconv.Itoa(s.Indent),
		expected.Get("indent").Str() == strconv.Itoa(s.Indent))
	if want := expected.Get("values_list_style").Str(); want == "indented" || want == "flush" {
		add("values_list_style", want, s.Lists, want == s.Lists)
	}
	add("yaml_doc_start", expected.Get("yaml_doc_start").Str(), fmt.Sprint(s.DocumentStart),
		expected.Get("yaml_doc_start").Bool() == s.DocumentStart)
	add("string_quotes", expected.Get("string_quotes").Str(), s.Quotes, expected.Get("string_quotes").Str() == s.Quotes)
	comments := map[string]string{"# plain": "plain", "none": "none", "# --": "helm-docs",
		"## @param": "readme-generator", "## prose": "each"} // above every key
	want := expected.Get("comment_style").Str()
	for prefix, style := range comments {
		if strings.HasPrefix(want, prefix) {
			add("comment_style", want, s.Comments, s.Comments == style)
		}
	}
	fields := expected.Get("chart_yaml.fields").Decode()
	add("chart_yaml.fields", fmt.Sprint(fields), fmt.Sprint(s.ChartFields),
		fmt.Sprint(fields) == fmt.Sprint(s.ChartFields))
}

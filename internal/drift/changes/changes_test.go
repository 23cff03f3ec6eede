package changes

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

const container = "spec template spec containers [server] "

// at reads a path with spaces between its segments, which have underscores for spaces of their own.
func at(path string) manifest.Path {
	out := strings.Fields(path)
	for i, segment := range out {
		out[i] = strings.ReplaceAll(segment, "_", " ")
	}
	return out
}

// field is a finding about a field of the server's Deployment.
func field(path string, upstream, chart any) Finding {
	return Finding{Kind: Field, Object: "Deployment/server", Path: at(path), Upstream: upstream, Chart: chart}
}

func of(object string, f Finding) Finding { f.Object = object; return f }

func caused(f Finding, keys ...string) Finding { f.Causes = keys; return f }

func TestGroup(t *testing.T) {
	key := func(kind Kind, key, block string) Finding {
		return Finding{Kind: kind, Path: strings.Split(key, "."), Causes: []string{key}, Block: block, Upstream: 1}
	}
	edited := field(container+"readinessProbe periodSeconds", 5, 10)
	edited.IsEdit = true
	for _, c := range []struct {
		name   string
		list   []Finding
		groups string
		title  string // of the first
	}{
		{"a default with its fields", []Finding{
			key(Default, "grace", ""), caused(field("spec grace", 1, 2), "grace"), key(Default, "other", ""),
		}, "[0 1] [2]", "grace: upstream's default is 1, was absent"},
		{"a field of two keys goes with the first", []Finding{
			key(Default, "repository", ""), key(Default, "tag", ""),
			caused(field(container+"image", "a:1", "b:2"), "repository", "tag"),
		}, "[0 2] [1]", ""},
		{"new keys of one block with their object", []Finding{
			key(NewKey, "pdb.enabled", "pdb"), key(NewKey, "pdb.min", "pdb"),
			caused(Finding{Kind: Object, Object: "PodDisruptionBudget/server", Upstream: "x"}, "pdb.min"),
		}, "[0 1 2]", "pdb: in upstream's chart alone"},
		{"a probe", []Finding{
			field(container+"readinessProbe periodSeconds", 5, nil),
			field(container+"readinessProbe httpGet path", "/a", "/"),
			field(container+"livenessProbe httpGet path", "/b", "/"),
		}, "[0 1] [2]", "readinessProbe of Deployment/server: differs from upstream's"},
		{"an edit of a probe that upstream changed, too", []Finding{
			field(container+"readinessProbe httpGet path", "/a", "/"), edited,
		}, "[0] [1]", ""},
		{"a port in all of its places", []Finding{
			field(container+"ports [7880/TCP] containerPort", nil, 7880),
			field(container+"ports [7880/TCP] name", nil, "http"),
			field(container+"ports [7980/TCP] containerPort", 7980, nil),
			field(container+"ports [7980/TCP] name", "http", nil),
			of("Service/signalling", field("spec ports [80/TCP] targetPort", 7980, 7880)),
			of("NetworkPolicy/server", field("spec ingress [0] ports [7880/TCP] port", nil, 7880)),
			field(container+"readinessProbe httpGet port", 7980, 7880),
			field(container+"env [X] value", "a", nil),
		}, "[0 1 2 3 4 5 6] [7]",
			"port 7980 (7880 here) of Deployment/server, Service/signalling, NetworkPolicy/server: " +
				"differs from upstream's"},
		{"a volume with its mount", []Finding{
			field("spec template spec volumes [tmp] name", "tmp", nil),
			field("spec template spec volumes [tmp] emptyDir sizeLimit", "1Gi", nil),
			field(container+"volumeMounts [/tmp] mountPath", "/tmp", nil),
			field(container+"volumeMounts [/tmp] name", "tmp", nil),
		}, "[0 1 2 3]", ""},
		{"a container", []Finding{
			field("spec template spec containers [log] name", "log", nil),
			field("spec template spec containers [log] image", "log:1", nil),
			field("spec template spec containers [log] resources limits cpu", "1", nil),
			field("spec template spec (order_of_containers)", "server, log", "server"),
		}, "[0 1 2 3]", ""},
		{"a label of every object", []Finding{
			field("metadata labels team", "a", nil), of("Service/signalling", field("metadata labels team", "a", nil)),
			field("metadata labels tier", "a", nil),
		}, "[0 1] [2]", "labels.team of Deployment/server, Service/signalling: in upstream's chart alone"},
		{"an object with what is in it", []Finding{
			{Kind: Object, Object: "Service/turn", Upstream: "Service"},
			of("Service/turn", field("spec type", "ClusterIP", nil)), field("spec type", 1, 2),
		}, "[0 1] [2]", "Service/turn: not in this chart"},
		{"a version with images and labels", []Finding{
			{Kind: Version, Path: at("appVersion"), Upstream: "v2", Chart: "v1", Why: "upstream runs a newer server"},
			{Kind: Version, Object: "D/server", Path: at(container + "image"), Upstream: "a:v2", Chart: "a:v1"},
		}, "[0 1]", "Version: appVersion is v2, against v1 here"},
		{"a component", []Finding{
			{Kind: NewKey, Path: at("turn port"), Component: "turn"},
			{Kind: Object, Object: "Service/turn", Component: "turn"},
			{Kind: NewKey, Path: at("metrics port"), Component: "metrics"},
		}, "[0 1] [2]", "Component turn"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var groups []string
			found := Group(c.list)
			for _, change := range found {
				groups = append(groups, fmt.Sprint(change.Findings))
			}
			if got := strings.Join(groups, " "); got != c.groups {
				t.Errorf("%s, expected %s", got, c.groups)
			}
			if c.title != "" && found[0].Title != c.title {
				t.Errorf("%q, expected %q", found[0].Title, c.title)
			}
		})
	}
}

// Whatever the order of the findings, the same ones belong together.
func TestGroupInAnyOrder(t *testing.T) {
	list := []Finding{
		field(container+"ports [1/TCP] name", nil, "http"), field(container+"ports [2/TCP] name", "http", nil),
		of("Service/x", field("spec ports [1/TCP] port", nil, 1)), field("spec a", 1, 2), field("spec b", 1, 2),
	}
	for range 5 {
		list = append(list[1:], list[0])
		if got := len(Group(list)); got != 3 {
			t.Errorf("%d changes, expected 3", got)
		}
	}
}

func TestUnit(t *testing.T) {
	for path, want := range map[string]string{
		container + "args [0]":                             container + "args",
		container + "env [A] value":                        container + "env [A]",
		container + "resources limits cpu":                 container + "resources",
		"spec template spec terminationGracePeriodSeconds": "spec template spec terminationGracePeriodSeconds",
	} {
		if got := Unit(at(path)); !slices.Equal(got, at(want)) {
			t.Errorf("%s: %s, expected %s", path, got, want)
		}
	}
}

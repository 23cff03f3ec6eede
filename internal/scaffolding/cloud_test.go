package scaffolding

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
)

// Each cloud's chart is sound, lean and whole, and says why its values are what they are.
func TestClouds(t *testing.T) {
	clouds, err := factsheet.Clouds(factsheet.Server)
	if err != nil {
		t.Fatal(err)
	}
	for _, cloud := range clouds {
		for name, with := range map[string][]string{"lean": nil, "whole": {"all"}} {
			t.Run(cloud.Name+" "+name, func(t *testing.T) {
				chart, err := Generate(t.Context(), canonical(), Options{Cloud: cloud.Name, With: with})
				if err != nil {
					t.Fatal(err)
				}
				sound(t, write(t, chart), nil)
				for _, v := range cloud.Values {
					if serverSheet().Key(v.Key) == nil {
						t.Errorf("%s is no canonical key", v.Key)
					}
					comment := "# " + strings.Split(v.Comment, "\n")[0] + "\n"
					says := strings.Contains(string(chart.Files["values.yaml"]), comment)
					if isThere := with != nil || serverSheet().Key(v.Key).Component != "turn"; says != isThere {
						t.Errorf("values.yaml says why %s is what it is: %v", v.Key, says)
					}
				}
				if n := strings.Count(string(chart.Files["values.yaml"]), "\n"); with == nil && n > 180 {
					t.Errorf("values.yaml has %d lines", n)
				}
			})
		}
		if len(cloud.Sources) == 0 || cloud.Notes == "" || cloud.About == "" {
			t.Errorf("%s has no sources, no notes or no title", cloud.Name)
		}
	}
}

// What clouds.yaml says reaches the objects, and a repository's own way comes first.
func TestCloudValues(t *testing.T) {
	chart := func(cloud string, conv *convention.Convention) string {
		t.Helper()
		chart, err := Generate(t.Context(), conv, Options{Cloud: cloud})
		if err != nil {
			t.Fatal(err)
		}
		return write(t, chart)
	}
	eks := chart("eks", canonical())
	mustSet(t, eks, map[string]setting{
		"class":   {"", "Service/rel-livekit-media", []string{"spec", "loadBalancerClass"}, "service.k8s.aws/nlb"},
		"address": {"", "Service/rel-livekit-media", []string{"spec", "loadBalancerIP"}, "null"},
		"told":    {"", "Deployment/rel-livekit", server("env", "0", "value"), "192.0.2.10"},
		"scheme": {"", "Service/rel-livekit-media", []string{"metadata", "annotations",
			"service.beta.kubernetes.io/aws-load-balancer-scheme"}, "internet-facing"},
		"ingress": {"", "Ingress/rel-livekit", []string{"spec", "ingressClassName"}, "alb"},
		"storage": {"", "PersistentVolumeClaim/rel-livekit-data", []string{"spec", "storageClassName"}, "gp2"},
	})
	mustSet(t, chart("do", canonical()), map[string]setting{
		"STUN": {"", "Deployment/rel-livekit", server("env", "0", "name"), "LIVEKIT_API_KEY"},
	})
	own := canonical()
	own.Defaults.IngressClass, own.Defaults.StorageClass = "nginx", "fast"
	mustSet(t, chart("eks", own), map[string]setting{
		"the repository's class":   {"", "Ingress/rel-livekit", []string{"spec", "ingressClassName"}, "nginx"},
		"no annotations of others": {"", "Ingress/rel-livekit", []string{"metadata", "annotations"}, "null"},
		"the repository's storage": {"", "PersistentVolumeClaim/rel-livekit-data", []string{"spec", "storageClassName"},
			"fast"},
	})
	for _, style := range []string{"helm-docs", "readme-generator"} {
		conv := canonical()
		conv.Style.Comments = style
		made, err := Generate(t.Context(), conv, Options{Cloud: "gke"})
		if err != nil || !strings.Contains(string(made.Files["values.yaml"]), "# By backend service") {
			t.Errorf("comments as of %s: %v\n%s", style, err, made.Files["values.yaml"])
		}
	}
	daemons := canonical()
	daemons.Kinds.Workload = "DaemonSet"
	for _, refused := range []struct {
		cloud string
		conv  *convention.Convention
		words string
	}{{"azure", canonical(), `no cloud is called "azure"`}, {"eks", daemons, "the load balancer of --cloud eks"}} {
		_, err := Generate(t.Context(), refused.conv, Options{Cloud: refused.cloud})
		if err == nil || !strings.Contains(err.Error(), refused.words) {
			t.Errorf("%s: %v", refused.cloud, err)
		}
	}
}

const cloudDocs = "../../docs/clouds.md"

// The page of clouds is made from clouds.yaml.
func TestCloudDocs(t *testing.T) {
	clouds, err := factsheet.Clouds(factsheet.Server)
	if err != nil {
		t.Fatal(err)
	}
	want := cloudPage(clouds)
	if *update {
		if err := os.WriteFile(cloudDocs, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(cloudDocs)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != want {
		t.Errorf("%s is not what clouds.yaml says; go test ./internal/scaffolding -update writes it", cloudDocs)
	}
}

// cloudIntroduction has ' where Markdown has `.
const cloudIntroduction = `# Clouds

<!-- made from scaffold/server/clouds.yaml by go test ./internal/scaffolding -run TestCloudDocs -update -->

'helm livekit scaffold --cloud NAME' writes values that fit where the chart runs, each with its reason in a comment
of values.yaml. What charts of the repository have of their own, such as an Ingress class or a storage class, comes
first. The name is in the lock, so 'update' keeps to it.

All this was checked against the documentation that each section names, and was not run there. Report what is
different on your cluster.

Everywhere, clients are told one address and the ports of the server. So a load balancer has a fixed address, and the
same ports outside as inside, and it leads to one server. Several servers need an address each ('--with
media-addresses'), or nodes with public addresses ('media.type' HostNetwork).
`

func cloudPage(clouds []factsheet.Cloud) string {
	var b strings.Builder
	b.WriteString(strings.ReplaceAll(cloudIntroduction, "'", "`"))
	for _, c := range clouds {
		fmt.Fprintf(&b, "\n## %s\n\n%s%s.\n\n", c.Name, strings.ToUpper(c.About[:1]), c.About[1:])
		b.WriteString("| Key | Value | Why |\n| --- | --- | --- |\n")
		for _, v := range c.Values {
			why := strings.ReplaceAll(v.Comment, "\n", " ")
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", v.Key, cell(&v.Value), why)
		}
		if c.Todo != "" {
			fmt.Fprintf(&b, "\n%s\n", wrapped(namedKey.ReplaceAllString(c.Todo, "`$1`")))
		}
		fmt.Fprintf(&b, "\n%s\n\nSources:\n\n", c.Notes)
		for _, s := range c.Sources {
			fmt.Fprintf(&b, "- <%s>\n", s)
		}
	}
	return b.String()
}

// cell writes a value as one cell of a table.
func cell(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode {
		return "`" + n.Value + "`"
	}
	var lines []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		lines = append(lines, fmt.Sprintf("`%s: %s`", n.Content[i].Value,
			cmp.Or(n.Content[i+1].Value, `""`)))
	}
	return strings.Join(lines, "<br>")
}

// wrapped breaks a text into lines of 120 characters.
func wrapped(text string) string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > 120 {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return strings.Join(append(lines, line), "\n")
}

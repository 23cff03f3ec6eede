package cli

import (
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// helmFlags are Helm's own. Helm passes them to a plugin in the environment; the binary alone takes them itself.
type helmFlags struct {
	namespace string
	debug     bool
	others    *pflag.FlagSet // with the variables that stand for them
}

// variables are those in which Helm passes its flags on to plugins.
var variables = map[string]string{
	"kubeconfig":                    "KUBECONFIG",
	"kube-context":                  "HELM_KUBECONTEXT",
	"kube-token":                    "HELM_KUBETOKEN",
	"kube-apiserver":                "HELM_KUBEAPISERVER",
	"kube-as-user":                  "HELM_KUBEASUSER",
	"kube-as-group":                 "HELM_KUBEASGROUPS",
	"kube-ca-file":                  "HELM_KUBECAFILE",
	"kube-insecure-skip-tls-verify": "HELM_KUBEINSECURE_SKIP_TLS_VERIFY",
	"kube-tls-server-name":          "HELM_KUBETLS_SERVER_NAME",
	"registry-config":               "HELM_REGISTRY_CONFIG",
	"repository-cache":              "HELM_REPOSITORY_CACHE",
	"repository-config":             "HELM_REPOSITORY_CONFIG",
}

// addHelmFlags defines Helm's global flags, all of them, so that a script that passes them to every plugin works.
func addHelmFlags(flags *pflag.FlagSet) *helmFlags {
	h := &helmFlags{}
	flags.StringVarP(&h.namespace, "namespace", "n", os.Getenv("HELM_NAMESPACE"),
		"namespace that the chart is rendered for")
	flags.BoolVar(&h.debug, "debug", os.Getenv("HELM_DEBUG") == "true", "show what is done, and how long it takes")
	h.others = flags
	for name, env := range variables {
		switch name {
		case "kube-as-group":
			flags.StringArray(name, nil, "as in Helm")
		case "kube-insecure-skip-tls-verify":
			flags.Bool(name, os.Getenv(env) == "true", "as in Helm")
		default:
			flags.String(name, os.Getenv(env), "as in Helm")
		}
		flags.Lookup(name).Hidden = true
	}
	return h
}

// env gives the flags that this binary took itself, as NAME=value, for programs that it runs.
func (h *helmFlags) env() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		flag := h.others.Lookup(name)
		if !flag.Changed {
			continue
		}
		value := flag.Value.String()
		if list, ok := flag.Value.(pflag.SliceValue); ok {
			value = strings.Join(list.GetSlice(), ",")
		}
		out = append(out, variables[name]+"="+value)
	}
	return out
}

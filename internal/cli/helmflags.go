package cli

import (
	"os"

	"github.com/spf13/pflag"
)

// helmFlags are Helm's own. Helm takes them out of a plugin's arguments and
// passes them in the environment; the binary alone takes them itself.
type helmFlags struct {
	namespace string
	debug     bool
}

// addHelmFlags defines Helm's global flags, those that no command here needs
// as well, so that a script that passes them to every plugin works.
func addHelmFlags(flags *pflag.FlagSet) *helmFlags {
	h := &helmFlags{}
	flags.StringVarP(&h.namespace, "namespace", "n", os.Getenv("HELM_NAMESPACE"), "namespace that the chart is rendered for")
	flags.BoolVar(&h.debug, "debug", os.Getenv("HELM_DEBUG") == "true", "say more")
	for name, env := range map[string]string{
		"kubeconfig": "KUBECONFIG", "kube-context": "HELM_KUBECONTEXT", "kube-token": "HELM_KUBETOKEN",
		"kube-apiserver": "HELM_KUBEAPISERVER", "kube-as-user": "HELM_KUBEASUSER", "kube-ca-file": "HELM_KUBECAFILE",
		"kube-tls-server-name": "HELM_KUBETLS_SERVER_NAME", "registry-config": "HELM_REGISTRY_CONFIG",
		"repository-cache": "HELM_REPOSITORY_CACHE", "repository-config": "HELM_REPOSITORY_CONFIG",
	} {
		flags.String(name, os.Getenv(env), "as in Helm")
		hide(flags, name)
	}
	flags.StringArray("kube-as-group", nil, "as in Helm")
	flags.Bool("kube-insecure-skip-tls-verify", false, "as in Helm")
	hide(flags, "kube-as-group")
	hide(flags, "kube-insecure-skip-tls-verify")
	return h
}

func hide(flags *pflag.FlagSet, name string) { flags.Lookup(name).Hidden = true }

// Package kube connects to the cluster that Helm would use.
package kube

import (
	"strings"

	"github.com/go-logr/logr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Cluster is a connection to a Kubernetes API server.
type Cluster struct {
	Config *rest.Config
	kubernetes.Interface
}

// Connect uses KUBECONFIG (or ~/.kube/config) as kubectl does, and what Helm's
// --kube-* flags set: Helm hands those to plugins as HELM_KUBE* variables.
func Connect(getenv func(string) string) (*Cluster, error) {
	const step = "set KUBECONFIG, or --kube-context to one of its contexts"
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		clientcmd.NewDefaultClientConfigLoadingRules(), overrides(getenv)).ClientConfig()
	if err != nil {
		return nil, remedy.Errorf(step, "no cluster: %w", err)
	}
	klog.SetLogger(logr.Discard()) // client-go tells of each connection that ends
	config.QPS, config.Burst = 50, 100
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, remedy.Errorf(step, "the cluster's settings: %w", err)
	}
	return &Cluster{config, client}, nil
}

// overrides reads Helm's variables (helm help, "Environment variables").
func overrides(getenv func(string) string) *clientcmd.ConfigOverrides {
	o := &clientcmd.ConfigOverrides{CurrentContext: getenv("HELM_KUBECONTEXT")}
	o.ClusterInfo.Server = getenv("HELM_KUBEAPISERVER")
	o.ClusterInfo.CertificateAuthority = getenv("HELM_KUBECAFILE")
	o.ClusterInfo.TLSServerName = getenv("HELM_KUBETLS_SERVER_NAME")
	o.ClusterInfo.InsecureSkipTLSVerify = getenv("HELM_KUBEINSECURE_SKIP_TLS_VERIFY") == "true"
	o.AuthInfo.Token = getenv("HELM_KUBETOKEN")
	o.AuthInfo.Impersonate = getenv("HELM_KUBEASUSER")
	if groups := getenv("HELM_KUBEASGROUPS"); groups != "" {
		o.AuthInfo.ImpersonateGroups = strings.Split(groups, ",")
	}
	return o
}

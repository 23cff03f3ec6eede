package kube

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

func env(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

func TestNoCluster(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	_, err := Connect(env(map[string]string{"HELM_KUBECONTEXT": "nowhere"}))
	if err == nil || !strings.Contains(remedy.Step(err), "KUBECONFIG") {
		t.Errorf("%v", err)
	}
}

// What Helm's flags say wins over the file.
func TestHelmsFlags(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	c, err := Connect(env(map[string]string{
		"HELM_KUBEAPISERVER": "https://192.0.2.1:6443", "HELM_KUBETOKEN": "token", "HELM_KUBEASUSER": "ada",
		"HELM_KUBEASGROUPS": "one,two", "HELM_KUBEINSECURE_SKIP_TLS_VERIFY": "true", "HELM_KUBETLS_SERVER_NAME": "api",
	}))
	if err != nil {
		t.Fatal(err)
	}
	got := c.Config
	if got.Host != "https://192.0.2.1:6443" || got.BearerToken != "token" || got.Impersonate.UserName != "ada" ||
		len(got.Impersonate.Groups) != 2 || !got.Insecure || got.ServerName != "api" {
		t.Errorf("%+v", got)
	}
}

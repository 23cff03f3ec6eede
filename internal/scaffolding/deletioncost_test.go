package scaffolding

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/convention"
)

func TestDeletionCost(t *testing.T) {
	dir := canonicalChart(t, "all")
	const login = "\nmetrics: {existingSecret: login}"
	const on = "deletionCost: {enabled: true}" + login
	const deployment, policy = "Deployment/rel-livekit", "ValidatingAdmissionPolicy/default-rel-livekit-deletion-cost"
	sidecar := func(path ...string) []string { return pod(append([]string{"containers", "1"}, path...)...) }
	mustSet(t, dir, map[string]setting{
		"off by default": {"", "Role/rel-livekit-deletion-cost", nil, "(no Role/rel-livekit-deletion-cost)"},
		"no more than pods": {on, "Role/rel-livekit-deletion-cost", []string{"rules"}, "- apiGroups:\n  - \"\"\n" +
			"  resources:\n  - pods\n  verbs:\n  - patch"},
		"the pods' account": {on, "RoleBinding/rel-livekit-deletion-cost", []string{"subjects", "0", "name"},
			"rel-livekit"},
		"its policy": {on, policy, []string{"spec", "matchConditions", "0", "expression"},
			`request.userInfo.username == "system:serviceaccount:default:rel-livekit"`},
		"no policy": {"deletionCost: {enabled: true, policy: false}", policy, nil,
			"(no " + policy + ")"},
		"the token is the sidecar's": {on, deployment, sidecar("volumeMounts", "0", "name"), "deletion-cost"},
		"and no other's":             {on, deployment, pod("automountServiceAccountToken"), "false"},
		"the server has none":        {on, deployment, server("volumeMounts", "1"), "null"},
		"the login of the metrics": {on, deployment, sidecar("env", "3", "valueFrom", "secretKeyRef", "key"),
			"password"},
	})
	for name, c := range map[string]struct{ values, words string }{
		"no metrics": {"deletionCost: {enabled: true}\nconfig: {prometheus: {port: 0}}", "config.prometheus.port"},
		"everyone's account": {"deletionCost: {enabled: true}\nserviceAccount: {create: false}",
			"each pod of the namespace"},
		"a login out of reach": {"deletionCost: {enabled: true}\nconfig: {prometheus: {username: u, password: p}}",
			"metrics.existingSecret"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, dir, parse(t, c.values), c.words) })
	}
}

// Kubernetes asks for the cost of pods of a ReplicaSet alone.
func TestDeletionCostNeedsADeployment(t *testing.T) {
	conv := canonical()
	conv.Kinds.Workload = convention.WorkloadKinds[1]
	chart, err := Generate(context.Background(), conv, Options{With: []string{"all"}})
	if err != nil {
		t.Fatal(err)
	}
	refused(t, write(t, chart), parse(t, "deletionCost: {enabled: true}"), "deletionCost.enabled", "StatefulSet")
}

// The sidecar writes a number once, shows its token to nobody, and ends when it is told to.
func TestDeletionCostSidecar(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no shell")
	}
	objects := rendered(t, canonicalChart(t, "all"), "deletionCost: {enabled: true}")
	container := objects["Deployment/rel-livekit"].List(pod("containers")...)[1].(map[string]any)
	script, _ := container["args"].([]any)[0].(string)
	dir := t.TempDir()
	files := map[string]string{
		"token": "secret-token", "ca.crt": "", "metrics": "livekit_participant_total{node_id=\"a\"} 3\n",
		"curl": "#!/bin/sh\ncase \"$*\" in *127.0.0.1:6789*) cat " + dir + "/metrics; echo >>" + dir + "/asked;;\n" +
			"*) echo \"$*\" >>" + dir + "/arguments; cat >>" + dir + "/input;; esac\n",
		"sleep": "#!/bin/sh\nexec /bin/sleep 0.02\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	read := func(name string) string {
		data, _ := os.ReadFile(filepath.Join(dir, name))
		return string(data)
	}
	until := func(what string, ok func() bool) {
		t.Helper()
		for range 500 {
			if ok() {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Fatalf("%s did not happen: %s", what, read("arguments"))
	}
	cmd := exec.Command("sh", "-c", strings.ReplaceAll(script, "/var/run/secrets/deletion-cost", dir))
	cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "POD_NAME=a", "POD_NAMESPACE=b",
		"KUBERNETES_SERVICE_HOST=fd00::1", "KUBERNETES_SERVICE_PORT=443")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	until("the first look", func() bool { return strings.Count(read("asked"), "\n") > 3 })
	if got := read("arguments"); strings.Count(got, "\n") != 1 || !strings.Contains(got, `pod-deletion-cost":"3"`) ||
		!strings.HasSuffix(got, " https://[fd00::1]:443/api/v1/namespaces/b/pods/a\n") ||
		strings.Contains(got, "secret-token") {
		t.Errorf("it wrote\n%s", got)
	}
	if got := read("input"); got != `header = "Authorization: Bearer secret-token"` {
		t.Errorf("curl was told %s", got)
	}
	if err := os.WriteFile(filepath.Join(dir, "metrics"), []byte("livekit_participant_total 0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	until("the second number", func() bool { return strings.Contains(read("arguments"), `pod-deletion-cost":"0"`) })
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ends with %v", err)
	}
}

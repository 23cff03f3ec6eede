package forward

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/cluster/internal/kube"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

func TestParseTarget(t *testing.T) {
	got, err := ParseTarget("--port-forward", "livekit-test/livekit:7880")
	if want := (Target{"livekit-test", "livekit", 7880}); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	for _, text := range []string{"livekit:7880", "a/b", "a/b:0", "a/b:x", "/b:1", "a/:1", "a/b/c:1", "a/b:70000"} {
		if _, err := ParseTarget("--port-forward", text); err == nil || remedy.Step(err) == "" {
			t.Errorf("%q is taken (%v)", text, err)
		}
	}
}

// objects are what the API server of these tests has, by path.
var objects = map[string]string{
	"services/livekit":  `{"kind":"Service","apiVersion":"v1","metadata":{"name":"livekit"},"spec":{"selector":{"app":"livekit"},"ports":[{"port":80,"targetPort":"http"},{"port":443,"targetPort":5349},{"port":7881,"protocol":"UDP"}]}}`,
	"services/idle":     `{"kind":"Service","apiVersion":"v1","metadata":{"name":"idle"},"spec":{"selector":{"app":"idle"},"ports":[{"port":80}]}}`,
	"services/external": `{"kind":"Service","apiVersion":"v1","metadata":{"name":"external"},"spec":{"ports":[{"port":80}]}}`,
	"pods/alone":        `{"kind":"Pod","apiVersion":"v1","metadata":{"name":"alone"}}`,
	"pods?app=livekit": `{"kind":"PodList","apiVersion":"v1","items":[
		{"metadata":{"name":"ending","deletionTimestamp":"2026-01-01T00:00:00Z"},"status":{"conditions":[{"type":"Ready","status":"True"}]}},
		{"metadata":{"name":"starting"},"status":{"conditions":[{"type":"Ready","status":"False"}]}},
		{"metadata":{"name":"good"},"spec":{"containers":[{"name":"x","ports":[{"name":"http","containerPort":7880}]}]},"status":{"conditions":[{"type":"Ready","status":"True"}]}}]}`,
	"pods?app=idle": `{"kind":"PodList","apiVersion":"v1","items":[]}`,
}

func cluster(t *testing.T) *kube.Cluster {
	t.Helper()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/api/v1/namespaces/ns/")
		if selector := r.URL.Query().Get("labelSelector"); selector != "" {
			name += "?" + selector
		}
		w.Header().Set("Content-Type", "application/json")
		if objects[name] == "" {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w,
				`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","message":"not found","code":404}`)
			return
		}
		fmt.Fprint(w, objects[name])
	}))
	t.Cleanup(api.Close)
	file := filepath.Join(t.TempDir(), "config")
	config := fmt.Sprintf(
		`{"apiVersion":"v1","kind":"Config","current-context":"c","clusters":[{"name":"c","cluster":{"server":%q}}],"contexts":[{"name":"c","context":{"cluster":"c"}}]}`, api.URL)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", file)
	c, err := kube.Connect(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A Service leads to a ready pod's port; names of ports are followed.
func TestPodOfTarget(t *testing.T) {
	c := cluster(t)
	for _, s := range []struct {
		name string
		port int
		pod  string
		want int
		err  string
	}{
		{"livekit", 80, "good", 7880, ""},
		{"livekit", 443, "good", 5349, ""},
		{"livekit", 7880, "", 0, "no TCP port 7880 (it has 80, 443, 7881)"},
		{"livekit", 7881, "", 0, "no TCP port 7881"},
		{"alone", 7880, "alone", 7880, ""},
		{"idle", 80, "", 0, "no ready pod"},
		{"external", 80, "", 0, "selects no pods"},
		{"none", 80, "", 0, "neither a Service nor a pod"},
	} {
		pod, port, err := findPod(context.Background(), c, Target{"ns", s.name, s.port})
		if s.err != "" {
			if err == nil || !strings.Contains(err.Error(), s.err) || remedy.Step(err) == "" {
				t.Errorf("%s:%d: %v, want %q and a remedy", s.name, s.port, err, s.err)
			}
			continue
		}
		if err != nil || pod != s.pod || port != s.want {
			t.Errorf("%s:%d: %s:%d, %v; want %s:%d", s.name, s.port, pod, port, err, s.pod, s.want)
		}
	}
}

package upstream

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What real Helms leave in their caches serves offline.
func TestCachesOfRealHelms(t *testing.T) {
	none := true
	for _, variable := range []string{"HELM3_BIN", "HELM4_BIN"} {
		helm := os.Getenv(variable)
		if helm == "" {
			continue
		}
		none = false
		t.Run(variable, func(t *testing.T) {
			s := newSite(t, false)
			s.livekit(t)
			o, apps := options(t, "mine"), t.TempDir()
			for _, variable := range []string{"HELM_REPOSITORY_CACHE", "HELM_CONTENT_CACHE", "HELM_REGISTRY_CONFIG"} {
				os.Unsetenv(variable) // Helm takes an empty one for a folder; options sets it back
			}
			t.Setenv("HELM_CACHE_HOME", o.CacheHome)
			t.Setenv("HELM_REPOSITORY_CONFIG", o.RepositoryConfig)
			run(t, helm, "repo", "add", "mine", s.URL, "--username", testUser, "--password", testPassword)
			run(t, helm, "template", "x", "mine/livekit-server", "--version", "1.8.0")
			write(t, filepath.Join(apps, "Chart.yaml"), chartYAML("app", "1.0.0")+"dependencies: [{name: "+
				"livekit-server, version: 1.9.0, repository: '"+s.URL+"'}]\n")
			run(t, helm, "dependency", "update", apps)
			s.Close()
			o.Offline, o.Version = true, "1.8.0"
			for _, ref := range []string{"mine", "mine/livekit-server", s.URL} {
				o.Ref = ref
				if c := mustFind(t, o); c.Version() != "1.8.0" || !strings.Contains(strings.Join(c.Notes, " "),
					"was read at") {
					t.Errorf("%s gives %s %v", ref, c.Version(), c.Notes)
				}
			}
		})
	}
	if none {
		t.Skip("neither HELM3_BIN nor HELM4_BIN names a Helm")
	}
}

func run(t *testing.T, program string, args ...string) {
	t.Helper()
	if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
}

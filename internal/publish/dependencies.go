package publish

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// UpdateDependencies fills the charts/ of a chart by Helm itself, whose
// program is helm ("helm" in PATH where empty), with the flags that
// `helm package --dependency-update` takes for the registry.
func UpdateDependencies(ctx context.Context, helm, dir string, c Connection) error {
	if err := isChart(dir); err != nil {
		return err
	}
	if helm == "" {
		helm = "helm"
	}
	program, err := exec.LookPath(helm)
	if err != nil {
		return remedy.Errorf("run it as `helm livekit push`, or set HELM_BIN", "update dependencies: no Helm: %w", err)
	}
	cmd := exec.CommandContext(ctx, program, append([]string{"dependency", "update", dir}, c.helmFlags()...)...)
	cmd.Env = os.Environ()
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return remedy.Errorf(fmt.Sprintf("run `helm dependency update %s` by hand", dir),
			"update dependencies of %s: %w\n%s", dir, err, strings.TrimSpace(string(out)))
	}
	return nil
}

func (c Connection) helmFlags() []string {
	var out []string
	for _, flag := range []struct {
		name string
		on   bool
	}{{"--plain-http", c.PlainHTTP}, {"--insecure-skip-tls-verify", c.SkipTLSVerify}} {
		if flag.on {
			out = append(out, flag.name)
		}
	}
	for _, flag := range []struct{ name, value string }{
		{"--ca-file", c.CAFile}, {"--cert-file", c.CertFile}, {"--key-file", c.KeyFile},
	} {
		if flag.value != "" {
			out = append(out, flag.name+"="+flag.value)
		}
	}
	return out
}

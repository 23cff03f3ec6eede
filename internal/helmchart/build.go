package helmchart

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// BuildDependencies has Helm fetch the dependencies of the chart in a folder, and gives the folder of a copy that has
// them in charts/; cleanup removes it. The chart itself stays as it is. Versions are those of the lock file where it
// is up to date. Helm is the program helmBin and uses the network and its own configuration, as `helm dependency
// build` does; charts that file:// names are copied to the same places beside the copy, and get their own
// dependencies first.
//
// root is the root of the repository, out of which file:// may not lead, or "". When ctx ends, so does Helm. An error
// that Helm gives has what Helm said of it, credentials masked, and what mends it.
func BuildDependencies(ctx context.Context, helmBin, chart, root string) (dir string, cleanup func(), err error) {
	src, err := filepath.Abs(chart)
	tmp := ""
	if err == nil {
		tmp, err = os.MkdirTemp("", "helm-livekit-chart-")
	}
	if err != nil {
		return "", nil, fmt.Errorf("copy chart %s: %w", chart, err)
	}
	cleanup = func() { os.RemoveAll(tmp) }
	// Helm's own program may follow the links of a temporary folder; file:// paths then have to fit the real one.
	b := builder{helm: helmBin, tmp: realPath(tmp), built: map[string]bool{}}
	if root != "" {
		b.root = realPath(root)
	}
	if err := b.build(ctx, src, nil); err != nil {
		cleanup()
		return "", nil, err
	}
	return b.copyOf(src), cleanup, nil
}

// builder keeps copies of charts below a temporary folder, at the paths that the charts have on the disk, so that
// file:// means the same in them.
type builder struct {
	helm, tmp, root string
	built           map[string]bool
}

// copyOf is where the copy of a folder goes.
func (b *builder) copyOf(dir string) string {
	volume := filepath.VolumeName(dir)
	return filepath.Join(b.tmp, strings.ReplaceAll(volume, ":", ""), dir[len(volume):])
}

// build copies the chart in src and has Helm fetch what it lacks. above are the folders that lead to it by file://.
func (b *builder) build(ctx context.Context, src string, above []string) error {
	if i := slices.Index(above, src); i >= 0 {
		return fmt.Errorf("dependencies form a ring: %s", strings.Join(append(above[i:], src), " -> "))
	}
	if b.built[src] {
		return nil
	}
	b.built[src] = true
	if len(b.built) > maxAdded || len(above) > maxDepth {
		return fmt.Errorf("dependencies of %s are more than %d charts or %d levels", src, maxAdded, maxDepth)
	}
	c, err := loader.LoadDir(src)
	if err != nil {
		return fmt.Errorf("load chart %s: %w", src, err)
	}
	if err := b.copy(c, src); err != nil {
		return fmt.Errorf("copy chart %s: %w", src, err)
	}
	above = append(slices.Clip(above), src)
	for _, want := range c.Metadata.Dependencies {
		path, ok := strings.CutPrefix(want.Repository, "file://")
		if !ok {
			continue
		}
		dir := filepath.FromSlash(path)
		isHere := !filepath.IsAbs(dir)
		if isHere {
			dir = filepath.Join(src, dir)
		}
		if b.root != "" && !isBelow(b.root, realPath(dir)) {
			return fmt.Errorf("chart %s: its dependency file://%s leads out of the repository at %s", src, path, b.root)
		}
		// Helm reads an absolute path where it is.
		if isHere {
			if err := b.build(ctx, dir, above); err != nil {
				return err
			}
		}
	}
	isMissing := func(d *chart.Dependency) bool { return !isPresent(c, d) }
	if len(above) == 1 && len(c.Metadata.Dependencies) > 0 ||
		slices.ContainsFunc(c.Metadata.Dependencies, isMissing) {
		return b.fetch(ctx, c, src)
	}
	return nil
}

// copy writes the files that Helm loads of a chart.
func (b *builder) copy(c *chart.Chart, src string) error {
	for _, f := range c.Raw {
		name := filepath.FromSlash(f.Name)
		if !filepath.IsLocal(name) {
			return fmt.Errorf("%s is no name of a file in a chart", f.Name)
		}
		name = filepath.Join(b.copyOf(src), name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// fetch runs Helm on the copy of a chart: `build` keeps to the lock file, and `update` does without where there is
// none or an old one.
func (b *builder) fetch(ctx context.Context, c *chart.Chart, src string) error {
	refresh := slices.ContainsFunc(c.Metadata.Dependencies, func(d *chart.Dependency) bool {
		return isRemote(d.Repository) && !strings.HasPrefix(d.Repository, "oci://")
	})
	action := "build"
	if c.Lock == nil {
		action = "update"
	}
	run := func(action string) (string, error) {
		args := []string{"dependency", action, b.copyOf(src)}
		if !refresh {
			args = append(args, "--skip-refresh")
		}
		return runHelm(ctx, b.helm, args...)
	}
	output, err := run(action)
	if err != nil && action == "build" && strings.Contains(output, "out of sync") {
		output, err = run("update")
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	if output = strings.ReplaceAll(output, b.tmp, ""); output != "" {
		err = errors.New(output)
	}
	return remedy.Errorf(step(output, src), "fetch the dependencies of %s: helm dependency: %w", src, err)
}

// step is what the user can do about Helm's words.
func step(output, src string) string {
	switch {
	// helm-manager is how Helm calls a repository that it was not told of.
	case strings.Contains(output, "no repository definition for"),
		strings.Contains(output, "repository for helm-manager-"):
		return "make the repository known to Helm: helm repo add NAME URL"
	case strings.Contains(output, "no cached repository for"):
		return "fetch the repositories' indexes: helm repo update"
	}
	return "see what Helm says to it by itself: helm dependency update " + src
}

// UpdateDependencies has Helm fill charts/ of the chart in a folder, where it is. helmBin and errors are as for
// BuildDependencies.
func UpdateDependencies(ctx context.Context, helmBin, dir string, flags ...string) error {
	output, err := runHelm(ctx, helmBin, append([]string{"dependency", "update", dir}, flags...)...)
	if err == nil || ctx.Err() != nil {
		return err
	}
	return remedy.Errorf(step(output, dir), "update dependencies of %s: %w\n%s", dir, err, output)
}

// credentials are user and password in a URL.
var credentials = regexp.MustCompile(`://[^\s/?#]*@`)

// runHelm runs Helm and gives what it says of failures, credentials masked.
func runHelm(ctx context.Context, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	killGroup(cmd)
	// What Helm started may hold its standard error open.
	cmd.WaitDelay = 2 * time.Second
	err := cmd.Run()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil
	}
	said := credentials.ReplaceAllString(failedUpdates(stdout.String())+stderr.String(), "://***@")
	return strings.TrimSpace(said), err
}

// failedUpdates gives the lines that say why a repository's index could not be fetched. Helm has them among its
// progress on standard output, and its error later on is that the index is not there.
func failedUpdates(stdout string) string {
	var out strings.Builder
	within := false
	for line := range strings.Lines(stdout) {
		within = strings.Contains(line, "Unable to get an update from") || within && strings.HasPrefix(line, "\t")
		if within {
			out.WriteString(line)
		}
	}
	return out.String()
}

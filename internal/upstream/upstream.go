// Package upstream finds the chart that another one is compared with: in a directory, an archive, a chart repository,
// an OCI registry, or in what Helm and this program have cached of those. What it gives was checked against the
// digest that its source names, and fits in memory whatever the source sends.
package upstream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/helmcache"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/oci"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// What is looked for by default: LiveKit's own repository (https://github.com/livekit/livekit-helm, README.md).
const (
	DefaultRepository = "https://helm.livekit.io"
	DefaultChart      = "livekit-server"
)

// Options say which chart, and how it is reached.
type Options struct {
	// Ref is a directory with a Chart.yaml, a .tgz file, the URL of a chart repository or of a .tgz in one,
	// oci://HOST/PATH[:TAG][@DIGEST], or NAME or NAME/CHART of a repository that Helm knows; DefaultRepository where
	// empty.
	Ref string
	// Version is a version or a range, as Helm reads them; the newest stable version where empty. A chart that can
	// have one version only must meet it.
	Version string
	// ChartName is the chart in a repository, DefaultChart where empty. CHART of Ref goes before it.
	ChartName string
	// Offline asks nobody: files and caches alone.
	Offline bool

	// Helm's own files, each from Helm's environment or its default where empty.
	RepositoryConfig string // repositories.yaml
	CacheHome        string // folder of Helm's caches, in which this program's own goes, too
	RegistryConfig   string // credentials of helm registry login

	oci.TLS        // goes before what repositories.yaml says
	PlainHTTP bool // HTTP for oci://, and never HTTPS; HTTPS alone otherwise

	// UserAgent names this program to servers.
	UserAgent string
	// Timeout is how long everything may take, 2 minutes where 0.
	Timeout time.Duration
	// Wait is the pause after a first failure that may pass, 500 ms where 0. It doubles.
	Wait time.Duration
	// Log takes a line for each step; nil takes none. Credentials are never in it.
	Log io.Writer
}

// Chart is a chart that was found.
type Chart struct {
	*helmchart.Chart
	// Source is what gets the same chart again, as a person would type it for Ref: a directory, a file, a URL or an
	// OCI reference. Credentials and the query of a URL are left out.
	Source string
	// Digest is the archive's, "sha256:...", "" for a directory.
	Digest string
	// Newest is the newest stable version that the repository or registry has, "" where none was asked or it has
	// none. Versions are all of them, the newest first.
	Newest   string
	Versions []string
	// Notes say what a reader should know of how the chart was found, each a lower-case sentence without a full stop.
	Notes []string
}

// Find gets the chart. Errors carry what to do, and no credentials. What is cached was read as a whole and checked.
func Find(ctx context.Context, o Options) (*Chart, error) {
	f, err := newFinder(o)
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeoutCause(ctx, f.o.Timeout, errTimeout)
	defer cancel()
	c, err := f.find(limited)
	if err == nil {
		err = f.check(c)
	}
	switch {
	case err == nil:
		return c, nil
	case errors.Is(context.Cause(limited), errTimeout):
		return nil, remedy.Errorf("raise --timeout; else "+otherWays,
			"%s: not read within %s", f.shown, f.o.Timeout)
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return nil, err
}

// errTimeout is the cause of a context that ended by Options.Timeout.
var errTimeout = errors.New("time is up")

// finder is one search.
type finder struct {
	o     Options
	own   *store
	helm  helmcache.Caches
	retry *oci.Retry
	shown string // Ref without credentials
	meets func(version string) bool
	// version is what errors say to ask for: Options.Version, until a repository's index names one.
	version string
}

func newFinder(o Options) (*finder, error) {
	o = complete(o, os.Getenv)
	if (o.CertFile == "") != (o.KeyFile == "") {
		return nil, remedy.Errorf("give both", "a client's certificate and its key belong together, and one is missing")
	}
	f := &finder{o: o, own: &store{}, shown: shown(o.Ref), version: o.Version}
	var err error
	if f.meets, err = parseConstraint(o.Version); err != nil {
		return nil, err
	}
	f.retry = &oci.Retry{Tries: tries, Wait: o.Wait, MaxWait: maxPause, Notes: o.Log, Secrets: &oci.Secrets{}}
	if o.CacheHome != "" {
		f.own.dir = filepath.Join(o.CacheHome, "helm-livekit", "upstream")
	}
	f.helm = helmcache.Find(func(name string) string {
		if name == "HELM_CACHE_HOME" {
			return o.CacheHome
		}
		return os.Getenv(name)
	})
	return f, nil
}

func complete(o Options, getenv func(string) string) Options {
	o.Ref = cmp.Or(o.Ref, DefaultRepository)
	o.ChartName = cmp.Or(o.ChartName, DefaultChart)
	o.CacheHome = cmp.Or(o.CacheHome, helmcache.Home(getenv))
	o.RepositoryConfig = cmp.Or(o.RepositoryConfig, helmcache.RepositoriesFile(getenv))
	o.RegistryConfig = cmp.Or(o.RegistryConfig, getenv("HELM_REGISTRY_CONFIG"), helmchart.RegistryConfig())
	o.Timeout = cmp.Or(o.Timeout, 2*time.Minute)
	o.Wait = cmp.Or(o.Wait, 500*time.Millisecond)
	o.Log = cmp.Or(o.Log, io.Discard)
	return o
}

// check compares the chart with what was asked for. One of another name may be meant; another version is not.
func (f *finder) check(c *Chart) error {
	if f.o.Version != "" && !f.meets(c.Version()) {
		return remedy.Errorf("leave --upstream-version out, or point --upstream to that version",
			"%s: Chart.yaml says version %s, not %s", c.Source, c.Version(), f.o.Version)
	}
	if c.Name() != f.o.ChartName {
		c.note("the chart in %s is called %s, not %s", c.Source, c.Name(), f.o.ChartName)
	}
	if missing := c.MissingDependencies(); len(missing) > 0 {
		c.note("dependencies of the chart in %s are not in its charts/: %s", c.Source, strings.Join(missing, ", "))
	}
	return nil
}

func (c *Chart) note(format string, args ...any) {
	c.Notes = append(c.Notes, fmt.Sprintf(format, args...))
}

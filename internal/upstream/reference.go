package upstream

import (
	"cmp"
	"context"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/helmcache"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/oci"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// lookup gets the chart that a reference leads to.
type lookup func(context.Context) (*Chart, error)

// forms are what may be compared with.
const forms = "give a directory, a .tgz file, the URL of a chart repository, oci://HOST/PATH, " +
	"or the NAME of a repository that `helm repo list` shows"

// resolve tells what ref is. As in Helm, what lies on disk goes before a name.
func (f *finder) resolve(ref string) (lookup, error) {
	if strings.HasPrefix(ref, oci.Scheme) {
		return func(ctx context.Context) (*Chart, error) { return f.registry(ctx, ref, f.o.Version) }, nil
	}
	scheme, rest, isURL := strings.Cut(ref, "://")
	switch {
	case scheme == "http" && isURL, scheme == "https" && isURL:
		return f.resolveURL(ref)
	case scheme == "file" && isURL:
		return f.resolvePath(filepath.FromSlash(rest))
	case isURL:
		return nil, remedy.Errorf("fetch the chart with `helm pull`, and give the .tgz to --upstream",
			"%s: the scheme %s is not known here", shown(ref), scheme)
	}
	if looksLikePath(ref) {
		return f.resolvePath(ref)
	}
	if isChart, _ := helmchart.IsChartDir(ref); isChart || isArchive(ref) {
		return f.resolvePath(ref)
	}
	return f.resolveName(ref)
}

// looksLikePath knows what can be nothing but a path.
func looksLikePath(ref string) bool {
	return filepath.IsAbs(ref) || strings.HasPrefix(ref, ".") || strings.HasPrefix(ref, "~") ||
		strings.HasSuffix(ref, "/") || isArchiveName(ref) || !nameSyntax.MatchString(ref)
}

// nameSyntax is NAME or NAME/CHART.
var nameSyntax = regexp.MustCompile(`^[^/\\:\s]+(/[^/\\:\s]+)?$`)

func isArchive(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func isArchiveName(name string) bool {
	return strings.HasSuffix(name, ".tgz") || strings.HasSuffix(name, ".tar.gz")
}

func (f *finder) resolvePath(path string) (lookup, error) {
	info, err := os.Stat(path)
	switch {
	case os.IsNotExist(err):
		return nil, remedy.Errorf(forms, "%s is not there", path)
	case err != nil:
		return nil, remedy.Errorf("look at the file's rights", "read upstream's chart: %w", err)
	case info.IsDir():
		return func(ctx context.Context) (*Chart, error) { return f.directory(ctx, path) }, nil
	case !info.Mode().IsRegular():
		return nil, remedy.Errorf("give a directory with a Chart.yaml, or a .tgz file",
			"%s is neither a directory nor a file", path)
	}
	return func(context.Context) (*Chart, error) { return f.file(path) }, nil
}

func (f *finder) resolveURL(ref string) (lookup, error) {
	u, err := url.Parse(ref)
	if err != nil || u.Host == "" {
		return nil, remedy.Errorf(forms, "%s is no URL", shown(ref))
	}
	known, err := f.repositories()
	if err != nil {
		return nil, err
	}
	u.Fragment = ""
	if isArchiveName(u.Path) {
		r := known.ofArchive(u)
		return func(ctx context.Context) (*Chart, error) { return f.archiveURL(ctx, r, bare(u)) }, nil
	}
	r := known.ofURL(u)
	return func(ctx context.Context) (*Chart, error) { return f.repository(ctx, r) }, nil
}

func (f *finder) resolveName(ref string) (lookup, error) {
	name, chart, _ := strings.Cut(ref, "/")
	known, err := f.repositories()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(known, func(e helmcache.Repository) bool { return e.Name == name })
	if i < 0 {
		where := "no Chart.yaml lies there, and Helm knows no repository of that name"
		if names := known.names(); names != "" {
			where += " (it knows " + names + ")"
		}
		return nil, remedy.Errorf("add it with `helm repo add "+name+" URL`; else "+forms, "%s: %s", ref, where)
	}
	r, err := newRepository(known[i])
	if err != nil {
		return nil, remedy.Errorf("add it again with `helm repo add "+name+" URL --force-update`",
			"%s: repository %s: %w", f.o.RepositoryConfig, name, err)
	}
	f.o.ChartName = cmp.Or(chart, f.o.ChartName)
	return func(ctx context.Context) (*Chart, error) { return f.repository(ctx, r) }, nil
}

// shown gives a reference without credentials: those of a URL, and its query, as
// signed URLs have them there.
func shown(ref string) string {
	scheme, rest, isURL := strings.Cut(ref, "://")
	if !isURL {
		return ref
	}
	rest, _, _ = strings.Cut(rest, "?")
	host, path, hasPath := strings.Cut(rest, "/")
	if at := strings.LastIndex(host, "@"); at >= 0 {
		host = host[at+1:]
	}
	if hasPath {
		path = "/" + path
	}
	return scheme + "://" + host + path
}

// bare gives a URL without credentials.
func bare(u *url.URL) *url.URL {
	out := *u
	out.User = nil
	return &out
}

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
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// forms are what may be compared with.
const forms = "give a directory, a .tgz file, the URL of a chart repository, oci://HOST/PATH, " +
	"or the NAME of a repository that `helm repo list` shows"

// find tells what Options.Ref is, and gets the chart. As in Helm, what lies on disk goes before a name.
func (f *finder) find(ctx context.Context) (*Chart, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ref := f.o.Ref
	scheme, rest, isURL := strings.Cut(ref, "://")
	switch isChart, _ := helmchart.IsChartDir(ref); {
	case !isURL && (!nameSyntax.MatchString(ref) || isArchiveName(ref) || isChart || isArchive(ref)):
		return f.path(ctx, ref)
	case !isURL:
		return f.named(ctx, ref)
	case scheme == "file":
		return f.path(ctx, filepath.FromSlash(rest))
	case scheme == "http", scheme == "https":
		return f.url(ctx, ref)
	case scheme == "oci":
		return f.registry(ctx, ref, f.o.Version)
	}
	return nil, remedy.Errorf("fetch the chart with `helm pull`, and give the .tgz to --upstream",
		"%s: the scheme %s is not known here", shown(ref), scheme)
}

// nameSyntax is NAME or NAME/CHART: what can be something else than a path.
var nameSyntax = regexp.MustCompile(`^[^/\\:\s.~][^/\\:\s]*(/[^/\\:\s]+)?$`)

func isArchive(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func isArchiveName(name string) bool {
	return strings.HasSuffix(name, ".tgz") || strings.HasSuffix(name, ".tar.gz")
}

// path gets the chart in a folder or archive.
func (f *finder) path(ctx context.Context, path string) (*Chart, error) {
	info, err := os.Stat(path)
	switch {
	case os.IsNotExist(err):
		return nil, remedy.Errorf(forms, "%s is not there", path)
	case err != nil:
		return nil, remedy.Errorf("look at the file's rights", "read upstream's chart: %w", err)
	case info.IsDir():
		return f.directory(ctx, path)
	}
	return f.file(path)
}

// url gets the chart of an archive's URL, or of a repository's.
func (f *finder) url(ctx context.Context, ref string) (*Chart, error) {
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
		return f.byURL(ctx, known.ofArchive(u), bare(u))
	}
	return f.repository(ctx, known.ofURL(u))
}

// named gets the chart of NAME or NAME/CHART.
func (f *finder) named(ctx context.Context, ref string) (*Chart, error) {
	name, chart, _ := strings.Cut(ref, "/")
	known, err := f.repositories()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(known, func(e helmcache.Repository) bool { return e.Name == name })
	if i < 0 {
		where := "no Chart.yaml lies there, and Helm knows no repository of that name"
		var names []string
		for _, e := range known {
			names = append(names, e.Name)
		}
		if len(names) > 0 {
			where += " (it knows " + some(names) + ")"
		}
		return nil, remedy.Errorf("add it with `helm repo add "+name+" URL`; else "+forms, "%s: %s", ref, where)
	}
	r, err := newRepository(known[i])
	if err != nil {
		return nil, remedy.Errorf("add it again with `helm repo add "+name+" URL --force-update`",
			"%s: repository %s: %w", f.o.RepositoryConfig, name, err)
	}
	f.o.ChartName = cmp.Or(chart, f.o.ChartName)
	return f.repository(ctx, r)
}

// secretParts matches a URL: what begins it, credentials, what is shown, and the query, where signed URLs have them.
var secretParts = regexp.MustCompile(`(?s)^(.*?://)(?:[^/?]*@)?([^?]*).*$`)

// shown gives a reference without credentials.
func shown(ref string) string { return secretParts.ReplaceAllString(ref, "$1$2") }

// bare gives a URL without credentials.
func bare(u *url.URL) *url.URL {
	out := *u
	out.User = nil
	return &out
}

package upstream

import (
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

// kind says what a reference is.
type kind int

const (
	aDirectory kind = iota
	aFile
	anArchiveURL
	aRegistry
	aRepository
)

// reference is a reference that was understood.
type reference struct {
	kind       kind
	path       string     // of a directory or file
	url        *url.URL   // of an archive
	repository repository // of an archive's URL, too: whose credentials go there
	chart      string     // in a repository
}

// forms are what may be compared with.
const forms = "give a directory, a .tgz file, the URL of a chart repository, oci://HOST/PATH, " +
	"or the NAME of a repository that `helm repo list` shows"

// resolve tells what ref is. As in Helm, what lies on disk goes before a name.
func (f *finder) resolve(ref string) (reference, error) {
	if strings.HasPrefix(ref, oci.Scheme) {
		return reference{kind: aRegistry}, nil
	}
	scheme, rest, isURL := strings.Cut(ref, "://")
	switch {
	case scheme == "http" && isURL, scheme == "https" && isURL:
		return f.resolveURL(ref)
	case scheme == "file" && isURL:
		return resolvePath(filepath.FromSlash(rest))
	case isURL:
		return reference{}, remedy.Errorf("fetch the chart with `helm pull`, and give the .tgz to --upstream",
			"%s: the scheme %s is not known here", shown(ref), scheme)
	}
	if looksLikePath(ref) {
		return resolvePath(ref)
	}
	if isChart, _ := helmchart.IsChartDir(ref); isChart || isArchive(ref) {
		return resolvePath(ref)
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

func resolvePath(path string) (reference, error) {
	info, err := os.Stat(path)
	switch {
	case os.IsNotExist(err):
		return reference{}, remedy.Errorf(forms, "%s is not there", path)
	case err != nil:
		return reference{}, remedy.Errorf("look at the file's rights", "read upstream's chart: %w", err)
	case info.IsDir():
		return reference{kind: aDirectory, path: path}, nil
	case !info.Mode().IsRegular():
		return reference{}, remedy.Errorf("give a directory with a Chart.yaml, or a .tgz file",
			"%s is neither a directory nor a file", path)
	}
	return reference{kind: aFile, path: path}, nil
}

func (f *finder) resolveURL(ref string) (reference, error) {
	u, err := url.Parse(ref)
	if err != nil || u.Host == "" {
		return reference{}, remedy.Errorf(forms, "%s is no URL", shown(ref))
	}
	known, err := f.repositories()
	if err != nil {
		return reference{}, err
	}
	u.Fragment = ""
	if isArchiveName(u.Path) {
		return reference{kind: anArchiveURL, url: bare(u), repository: known.ofArchive(u)}, nil
	}
	u.Path, u.RawPath = strings.TrimSuffix(u.Path, "/index.yaml"), strings.TrimSuffix(u.RawPath, "/index.yaml")
	return reference{kind: aRepository, repository: known.ofURL(u), chart: f.o.ChartName}, nil
}

func (f *finder) resolveName(ref string) (reference, error) {
	name, chart, hasChart := strings.Cut(ref, "/")
	if !hasChart {
		chart = f.o.ChartName
	}
	known, err := f.repositories()
	if err != nil {
		return reference{}, err
	}
	i := slices.IndexFunc(known, func(e helmcache.Repository) bool { return e.Name == name })
	if i < 0 {
		where := "no Chart.yaml lies there, and Helm knows no repository of that name"
		if names := known.names(); names != "" {
			where += " (it knows " + names + ")"
		}
		return reference{}, remedy.Errorf("add it with `helm repo add "+name+" URL`; else "+forms, "%s: %s", ref, where)
	}
	r, err := newRepository(known[i])
	if err != nil {
		return reference{}, remedy.Errorf("add it again with `helm repo add "+name+" URL --force-update`",
			"%s: repository %s: %w", f.o.RepositoryConfig, name, err)
	}
	return reference{kind: aRepository, repository: r, chart: chart}, nil
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

package upstream

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/helm-livekit/helm-livekit/internal/helmcache"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// repository is where charts are, and how to reach it.
type repository struct {
	helmcache.Repository              // what Helm knows of it
	names                []string     // that Helm has for it
	url                  *url.URL     // without credentials and a slash at its end
	client               *http.Client // nil until something is read
}

// repositories reads Helm's repositories.yaml.
func (f *finder) repositories() (knownRepositories, error) {
	all, err := helmcache.Repositories(f.o.RepositoryConfig)
	if err != nil {
		return nil, remedy.Errorf("mend the file, or give --repository-config another one", "%w", err)
	}
	return all, nil
}

// knownRepositories are those of repositories.yaml.
type knownRepositories []helmcache.Repository

func newRepository(known helmcache.Repository) (*repository, error) {
	u, err := url.Parse(known.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is no URL that begins with http:// or https://", shown(known.URL))
	}
	r := &repository{Repository: known, names: []string{known.Name}}
	r.setURL(u)
	return r, nil
}

// setURL takes a URL, and credentials in it before others.
func (r *repository) setURL(u *url.URL) {
	r.setUser(u.User)
	r.url = bare(u)
	r.url.Path, r.url.RawPath = strings.TrimRight(r.url.Path, "/"), strings.TrimRight(r.url.RawPath, "/")
}

func (r *repository) setUser(user *url.Userinfo) {
	if user != nil {
		r.Username = user.Username()
		r.Password, _ = user.Password()
	}
}

// ofURL gives the repository at a URL or at that of its index, with what Helm knows of it.
func (all knownRepositories) ofURL(u *url.URL) *repository {
	const file = "/index.yaml"
	u.Path, u.RawPath = strings.TrimSuffix(u.Path, file), strings.TrimSuffix(u.RawPath, file)
	out := &repository{}
	for _, e := range all {
		r, err := newRepository(e)
		if err != nil || !sameOrigin(r.url, u) || r.url.Path != strings.TrimRight(u.Path, "/") {
			continue
		}
		if out.names == nil {
			out = r
		} else {
			out.names = append(out.names, e.Name)
		}
	}
	out.setURL(u)
	return out
}

// ofArchive gives the repository whose URL the archive's begins with, else one of nothing but its host.
func (all knownRepositories) ofArchive(archive *url.URL) *repository {
	out := &repository{}
	for _, e := range all {
		r, err := newRepository(e)
		if err != nil || !sameOrigin(r.url, archive) || !strings.HasPrefix(archive.Path, r.url.Path+"/") {
			continue
		}
		if out.url == nil || len(r.url.Path) > len(out.url.Path) {
			out = r
		}
	}
	if out.url == nil {
		out.setURL(&url.URL{Scheme: archive.Scheme, Host: archive.Host})
	}
	out.setUser(archive.User)
	return out
}

// index is the URL of the repository's index.
func (r *repository) index() *url.URL {
	return r.url.JoinPath("index.yaml")
}

// resolve gives the URL of a chart that the index names. As in Helm, relative ones begin at the repository and have
// its query, which may be a token, so other hosts do not get it.
func (r *repository) resolve(chart string) (*url.URL, error) {
	u, err := url.Parse(chart)
	if err != nil {
		return nil, fmt.Errorf("%q is no URL", shown(chart))
	}
	if u.IsAbs() {
		u.Fragment = ""
		return u, nil
	}
	out := r.url.JoinPath("/").ResolveReference(u)
	if r.url.RawQuery != "" && sameOrigin(out, r.url) {
		out.RawQuery = r.url.RawQuery
	}
	return out, nil
}

// sameOrigin tells whether two URLs lead to the same server, ports included.
func sameOrigin(a, b *url.URL) bool {
	usual := map[string]string{"http": "80", "https": "443"}[a.Scheme]
	return a.Scheme == b.Scheme && a.Hostname() == b.Hostname() &&
		cmp.Or(a.Port(), usual) == cmp.Or(b.Port(), usual)
}

// maxNamed is how many names an error lists.
const maxNamed = 10

// some lists names, and how many more there are. What a terminal would take for an order is left out of them.
func some(names []string) string {
	var out []string
	for _, name := range names[:min(len(names), maxNamed)] {
		out = append(out, printable(name))
	}
	text := strings.Join(out, ", ")
	if len(names) > maxNamed {
		text += fmt.Sprintf(" and %d more", len(names)-maxNamed)
	}
	return text
}

// maxWord is how much of one name is shown, in runes.
const maxWord = 100

func printable(word string) string {
	out := []rune(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, word))
	if len(out) > maxWord {
		return string(out[:maxWord]) + "..."
	}
	return string(out)
}

package upstream

import (
	"cmp"
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/helm-livekit/helm-livekit/internal/oci"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// repository gets a chart of a repository.
func (f *finder) repository(ctx context.Context, r repository) (*Chart, error) {
	c, err := f.client(r)
	switch {
	case err != nil:
		return nil, err
	case c == nil:
		return f.repositoryOffline(ctx, r)
	}
	defer c.close()
	x, err := f.index(ctx, c, r)
	if err != nil {
		return nil, err
	}
	return f.ofIndex(ctx, c, r, x)
}

// index reads the repository's index.
func (f *finder) index(ctx context.Context, c *client, r repository) (*index, error) {
	u := r.index()
	data, err := f.get(ctx, c, u, theIndex)
	if err != nil {
		return nil, err
	}
	x, err := parseIndex(data, f.o.ChartName)
	if err != nil {
		return nil, f.badIndex(err, shown(u.String()))
	}
	f.remember(cacheKey(u), data)
	return x, nil
}

func (f *finder) badIndex(err error, where string) error {
	step := "give the URL that `helm repo add` takes, the URL of a .tgz file, or oci://HOST/PATH"
	if strings.Contains(err.Error(), "HTML") {
		step = "look at the address in a browser: a proxy, a login page or a network's sign-in page may stand before it"
	}
	return remedy.Errorf(step, "%s is not the index of a chart repository: %w", where, err)
}

// ofIndex gets the chart that an index leads to. c is nil without a network.
func (f *finder) ofIndex(ctx context.Context, c *client, r repository, x *index) (*Chart, error) {
	if len(x.entries) == 0 {
		step := "name another one with --upstream NAME/CHART"
		if len(x.charts) == 0 {
			step = forms
		}
		there := cmp.Or(some(x.charts), "none")
		return nil, remedy.Errorf(step, "%s has no chart %s; it has %s", r.url, f.o.ChartName, there)
	}
	versions := x.versions()
	i, err := choose(f.o.Version, versions)
	if err != nil {
		return nil, remedy.Errorf(remedy.Step(err), "%s: chart %s: %w", r.url, f.o.ChartName, err)
	}
	chart, err := f.ofEntry(ctx, c, r, x.entries[i])
	if err != nil {
		return nil, err
	}
	chart.Versions, chart.Newest = sorted(versions), newestStable(versions)
	if x.unread > 0 {
		chart.note("%d entries for %s in the index of %s are not to be read, and were left out",
			x.unread, f.o.ChartName, r.url)
	}
	if v := x.entries[i].Version; v != chart.Version() {
		chart.note("the index of %s calls the chart's version %s, Chart.yaml says %s", r.url, v, chart.Version())
	}
	return chart, nil
}

// ofEntry gets the chart of an entry: of a cache where its digest is known.
func (f *finder) ofEntry(ctx context.Context, c *client, r repository, e entry) (*Chart, error) {
	want, err := parseDigest(e.Digest)
	if err != nil {
		return nil, remedy.Errorf("fetch the chart with `helm pull` and give the .tgz to --upstream, if you trust it",
			"%s: version %s: %w", r.index(), e.Version, err)
	}
	if len(e.URLs) == 0 {
		return nil, remedy.Errorf("name another version with --upstream-version",
			"%s: version %s names no URL", r.index(), e.Version)
	}
	if strings.HasPrefix(e.URLs[0], oci.Scheme) {
		out, err := f.registry(ctx, e.URLs[0], "")
		if err == nil && want != "" && out.Digest != want.String() {
			return nil, wrongDigest(e.URLs[0], digest.Digest(out.Digest), want)
		}
		return out, err
	}
	u, err := r.resolve(e.URLs[0])
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, remedy.Errorf("fetch the chart with `helm pull` and give the .tgz to --upstream",
			"%s: version %s: %q is no URL that is known here", r.index(), e.Version, shown(e.URLs[0]))
	}
	if want != "" {
		return f.byDigest(shown(u.String()), want,
			func() ([]byte, error) { return f.fetch(ctx, c, u, want, e.Version) })
	}
	out, err := f.byURL(ctx, c, u, e.Version)
	if err == nil {
		out.note("the index of %s gives no digest for version %s, so nothing vouches for the archive", r.url, e.Version)
	}
	return out, err
}

// parseDigest reads the digest of an entry: the SHA-256 in hexadecimal digits, with or without its name. "" is
// allowed.
func parseDigest(text string) (digest.Digest, error) {
	if text == "" {
		return "", nil
	}
	d := digest.Digest("sha256:" + strings.ToLower(strings.TrimPrefix(text, "sha256:")))
	if err := d.Validate(); err != nil {
		return "", remedy.Errorf("", "its digest %q is no SHA-256", text)
	}
	return d, nil
}

func wrongDigest(where string, got, want digest.Digest) error {
	return remedy.Errorf("try again later; if it stays so, tell whoever keeps the repository: "+
		"the archive is not the one that was published", "%s has digest %s, and the index says %s", where, got, want)
}

// byDigest gets the chart of an archive whose digest is known: from a cache, else from where fetch reads and checks
// it. where is its source, without credentials.
func (f *finder) byDigest(where string, d digest.Digest, fetch func() ([]byte, error)) (*Chart, error) {
	data := f.cachedArchive(d)
	isNew := data == nil
	if isNew {
		var err error
		if data, err = fetch(); err != nil {
			return nil, err
		}
	}
	chart, err := loadArchive(where, data)
	if err != nil {
		return nil, err
	}
	if isNew {
		f.keep(data)
	}
	return &Chart{Chart: chart, Source: where, Digest: d.String()}, nil
}

// fetch reads an archive that has a digest.
func (f *finder) fetch(
	ctx context.Context, c *client, u *url.URL, want digest.Digest, version string,
) ([]byte, error) {
	where := shown(u.String())
	if c == nil {
		return nil, f.notCached(version,
			"the archive of version %s (%s) is in no cache, and --offline forbids to read it%s",
			version, where, f.cachedVersions())
	}
	data, err := f.get(ctx, c, u, theArchive)
	if err != nil {
		return nil, err
	}
	if d := digestOf(data); d != want {
		return nil, wrongDigest(where, d, want)
	}
	return data, nil
}

// byURL gets an archive of which the URL alone is known.
func (f *finder) byURL(ctx context.Context, c *client, u *url.URL, version string) (*Chart, error) {
	data, read := f.own.recall(cacheKey(u))
	switch {
	case c != nil:
		var err error
		if data, err = f.get(ctx, c, u, theArchive); err != nil {
			return nil, err
		}
	case data == nil:
		return nil, f.notCached(version,
			"the archive %s is in no cache, and --offline forbids to read it", shown(u.String()))
	}
	chart, err := loadArchive(shown(u.String()), data)
	if err != nil {
		return nil, err
	}
	out := &Chart{Chart: chart, Source: shown(u.String()), Digest: digestOf(data).String()}
	if c == nil {
		out.note("the archive was read at %s", moment(read))
	} else {
		f.remember(cacheKey(u), data)
	}
	return out, nil
}

// archiveURL gets a chart by the URL of its archive.
func (f *finder) archiveURL(ctx context.Context, r repository, u *url.URL) (*Chart, error) {
	c, err := f.client(r)
	if err != nil {
		return nil, err
	}
	defer c.close()
	return f.byURL(ctx, c, u, "")
}

// remember keeps an answer. A cache that cannot be written is no reason to fail.
func (f *finder) remember(key string, data []byte) {
	if err := f.own.remember(key, data); err != nil {
		f.log("The cache cannot be written: %v", err)
	}
}

// keep keeps content by its digest.
func (f *finder) keep(data []byte) {
	if err := f.own.put(data); err != nil {
		f.log("The cache cannot be written: %v", err)
	}
}

// cacheKey is the question that a URL is: its query belongs to it, for a repository may be chosen by it.
func cacheKey(u *url.URL) string { return bare(u).String() }

// cachedArchive looks for an archive in this program's cache and in Helm's.
func (f *finder) cachedArchive(d digest.Digest) []byte {
	if data := f.own.get(d); data != nil {
		return data
	}
	data, file := f.helmArchive(d)
	if data != nil {
		f.log("Taking the chart from Helm's cache: %s", file)
	}
	return data
}

// get reads what lies at a URL, and says what to do where it cannot.
func (f *finder) get(ctx context.Context, c *client, u *url.URL, what string) ([]byte, error) {
	data, err := c.get(ctx, u, what)
	if err != nil {
		login := "`helm repo add NAME " + u.Scheme + "://" + u.Host + "/... --username USER --password-stdin`, " +
			"and give the NAME to --upstream"
		return nil, f.failure(err, u, what, login)
	}
	return data, nil
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

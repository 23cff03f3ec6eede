package upstream

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/helm-livekit/helm-livekit/internal/oci"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// repository gets a chart of a repository.
func (f *finder) repository(ctx context.Context, r *repository) (*Chart, error) {
	if f.o.Offline {
		return f.repositoryOffline(ctx, r)
	}
	u := r.index()
	data, err := f.get(ctx, r, u, theIndex)
	if err != nil {
		return nil, err
	}
	x, err := parseIndex(data, f.o.ChartName)
	if err != nil {
		step := theIndex.missing
		if strings.Contains(err.Error(), "HTML") {
			step = "look at the address in a browser: " +
				"a proxy, a login page or a network's sign-in page may stand before it"
		}
		return nil, remedy.Errorf(step, "%s is not the index of a chart repository: %w", shown(u.String()), err)
	}
	f.cache(f.own.remember(bare(u).String(), data))
	return f.ofIndex(ctx, r, x)
}

// ofIndex gets the chart that an index leads to.
func (f *finder) ofIndex(ctx context.Context, r *repository, x *index) (*Chart, error) {
	if len(x.entries) == 0 {
		step := "name another one with --upstream NAME/CHART"
		if len(x.charts) == 0 {
			step = forms
		}
		there := cmp.Or(some(x.charts), "none")
		return nil, remedy.Errorf(step, "%s has no chart %s; it has %s", r.url, f.o.ChartName, there)
	}
	var versions []string
	for _, e := range x.entries {
		versions = append(versions, e.Version)
	}
	version, err := choose(f.o.Version, versions)
	if err != nil {
		return nil, remedy.Errorf(remedy.Step(err), "%s: chart %s: %w", r.url, f.o.ChartName, err)
	}
	f.version = version
	chart, err := f.ofEntry(ctx, r, x.entries[slices.Index(versions, version)])
	if err != nil {
		return nil, err
	}
	chart.Versions, chart.Newest = sorted(versions), newestStable(versions)
	if x.unread > 0 {
		chart.note("%d entries for %s in the index of %s are not to be read, and were left out",
			x.unread, f.o.ChartName, r.url)
	}
	if version != chart.Version() {
		chart.note("the index of %s calls the chart's version %s, Chart.yaml says %s", r.url, version, chart.Version())
	}
	return chart, nil
}

// ofEntry gets the chart of an entry: of a cache where its digest is known.
func (f *finder) ofEntry(ctx context.Context, r *repository, e entry) (*Chart, error) {
	const pull = "fetch the chart with `helm pull` and give the .tgz to --upstream"
	want := digest.Digest("sha256:" + strings.ToLower(strings.TrimPrefix(e.Digest, "sha256:")))
	switch {
	case e.Digest != "" && want.Validate() != nil:
		return nil, remedy.Errorf(pull+", if you trust it", "%s: version %s: its digest %q is no SHA-256",
			r.index(), e.Version, e.Digest)
	case len(e.URLs) == 0:
		return nil, remedy.Errorf("name another version with --upstream-version",
			"%s: version %s names no URL", r.index(), e.Version)
	case strings.HasPrefix(e.URLs[0], oci.Scheme):
		out, err := f.registry(ctx, e.URLs[0], "")
		if err == nil && e.Digest != "" && out.Digest != want.String() {
			return nil, wrongDigest(e.URLs[0], out.Digest, want)
		}
		return out, err
	}
	u, err := r.resolve(e.URLs[0])
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, remedy.Errorf(pull, "%s: version %s: %q is no URL that is known here",
			r.index(), e.Version, shown(e.URLs[0]))
	}
	if e.Digest != "" {
		return f.byDigest(shown(u.String()), want, func() ([]byte, error) { return f.fetch(ctx, r, u, want) })
	}
	out, err := f.byURL(ctx, r, u)
	if err == nil {
		out.note("the index of %s gives no digest for version %s, so nothing vouches for the archive", r.url, e.Version)
	}
	return out, err
}

func wrongDigest(where, got string, want digest.Digest) error {
	return remedy.Errorf("try again later; if it stays so, tell whoever keeps the repository: "+
		"the archive is not the one that was published", "%s has digest %s, and the index says %s", where, got, want)
}

// byDigest gets the chart of an archive whose digest is known: from a cache, else from where fetch reads and checks
// it. where is its source, without credentials.
func (f *finder) byDigest(where string, d digest.Digest, fetch func() ([]byte, error)) (*Chart, error) {
	data := f.own.get(d)
	if data == nil {
		data = f.helmArchive(d)
	}
	if data != nil {
		return loadArchive(where, data)
	}
	data, err := fetch()
	if err != nil {
		return nil, err
	}
	chart, err := loadArchive(where, data)
	if err == nil {
		f.cache(f.own.put(data))
	}
	return chart, err
}

// fetch reads an archive that has a digest.
func (f *finder) fetch(ctx context.Context, r *repository, u *url.URL, want digest.Digest) ([]byte, error) {
	where := shown(u.String())
	if f.o.Offline {
		return nil, f.notCached("the archive of version %s (%s) is in no cache, and --offline forbids to read it%s",
			f.version, where, f.cachedVersions())
	}
	data, err := f.get(ctx, r, u, theArchive)
	if d := digestOf(data); err == nil && d != want {
		return nil, wrongDigest(where, d.String(), want)
	}
	return data, err
}

// byURL gets an archive of which the URL alone is known.
func (f *finder) byURL(ctx context.Context, r *repository, u *url.URL) (out *Chart, err error) {
	where := shown(u.String())
	missing := f.notCached("the archive %s is in no cache, and --offline forbids to read it", where)
	read := func() ([]byte, error) { return f.get(ctx, r, u, theArchive) }
	err = f.ask(bare(u).String(), missing, read, func(data []byte, kept time.Time) (err error) {
		if out, err = loadArchive(where, data); err == nil && f.o.Offline {
			out.note("the archive was read at %s", moment(kept))
		}
		return err
	})
	return out, err
}

// ask gives use what a server says to a question whose answer changes, and keeps that where use takes it. Offline it
// is the answer that was kept last, and when that was; missing says that there is none.
func (f *finder) ask(
	question string, missing error, read func() ([]byte, error), use func(data []byte, kept time.Time) error,
) error {
	if f.o.Offline {
		data, kept := f.own.recall(question)
		if data == nil {
			return missing
		}
		return use(data, kept)
	}
	data, err := read()
	if err != nil {
		return err
	}
	if err := use(data, time.Time{}); err != nil {
		return err
	}
	f.cache(f.own.remember(question, data))
	return nil
}

// cache takes what came of writing into the cache: one that cannot be written is no reason to fail.
func (f *finder) cache(err error) {
	if err != nil {
		fmt.Fprintf(f.o.Log, "The cache cannot be written: %v\n", err)
	}
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

package helmchart

import (
	"context"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/helmcache"
)

// Sources are the places on this machine where dependencies are looked for
// that charts/ lacks. The zero value has none but file:// folders.
type Sources struct {
	// Root is the root of the repository that the chart lies in: charts in it
	// serve too, and file:// may not lead out of it. "" for none.
	Root string `json:"root,omitempty"`
	// Caches are folders in which Helm keeps charts, as helmcache.Find names them.
	Caches []string `json:"caches,omitempty"`
	// Repositories is Helm's repositories.yaml, as helmcache.RepositoriesFile
	// names it. By
	// it and the indexes in the caches an archive is known to be the declared
	// repository's, not another one's of that name. "" for none.
	Repositories string `json:"repositories,omitempty"`
}

// HelmSources gives all that Helm keeps on this machine, for a chart in the
// repository at root. getenv is os.Getenv.
func HelmSources(root string, getenv func(string) string) Sources {
	return Sources{Root: root, Caches: helmcache.Find(getenv), Repositories: helmcache.RepositoriesFile(getenv)}
}

// inCaches knows the charts in Helm's caches by what is in them. It looks once,
// when it is first asked.
type inCaches struct {
	dirs         helmcache.Caches
	config       string // repositories.yaml
	looked       bool
	charts       []offer
	repositories []helmcache.Repository // nil until they are read
}

// named gives the charts of that name, the highest version first.
func (c *inCaches) named(ctx context.Context, name string) ([]offer, error) {
	if err := c.look(ctx); err != nil {
		return nil, err
	}
	out := offersOf(c.charts, name)
	slices.SortStableFunc(out, func(a, b offer) int { return CompareVersions(b.Version, a.Version) })
	return out, nil
}

func (c *inCaches) look(ctx context.Context) error {
	if c.looked {
		return nil
	}
	for _, path := range c.dirs.Archives(func(string) bool { return true }) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if h, err := helmcache.HeadOfArchive(path); err == nil {
			c.charts = append(c.charts, offer{
				Head: h, path: path, source: "Helm's cache (by name and version alone)", cached: true,
			})
		}
	}
	c.looked = true
	return nil
}

// vouch tells whether a cached index of the repository has the archive: an index
// names the SHA-256 of each, so it can vouch for one that lies in a cache without a
// word of where it is from.
func (c *inCaches) vouch(repository, archive string) bool {
	files := c.indexes(repository)
	if len(files) == 0 {
		return false
	}
	digest, err := helmcache.Digest(archive)
	return err == nil && slices.ContainsFunc(files, func(file string) bool {
		return helmcache.IndexHas(file, digest.Encoded())
	})
}

// indexes names the indexes of a repository, as Chart.yaml has it.
func (c *inCaches) indexes(repository string) []string {
	for _, prefix := range []string{"@", "alias:"} {
		if name, is := strings.CutPrefix(repository, prefix); is {
			return c.dirs.Indexes([]string{name}, nil)
		}
	}
	if repository == "" || strings.HasPrefix(repository, "oci://") {
		return nil
	}
	if c.repositories == nil {
		// One that cannot be read names no repositories.
		c.repositories, _ = helmcache.Repositories(c.config)
	}
	var names []string
	for _, r := range c.repositories {
		if strings.TrimSuffix(r.URL, "/") == strings.TrimSuffix(repository, "/") {
			names = append(names, r.Name)
		}
	}
	return c.dirs.Indexes(names, []string{repository})
}

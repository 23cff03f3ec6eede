package helmchart

import (
	"context"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
)

// maxArchives is how many archives of Helm's caches are looked into.
const maxArchives = 5000

// inCaches knows the charts in Helm's caches by what is in them: the name of a
// file there follows a repository's URL or a digest of something else than the
// archive. It looks once, when it is first asked.
type inCaches struct {
	dirs   []string
	looked bool
	charts []offer
}

// named gives the charts of that name, the highest version first.
func (c *inCaches) named(ctx context.Context, name string) ([]offer, error) {
	if err := c.look(ctx); err != nil {
		return nil, err
	}
	var out []offer
	for _, o := range c.charts {
		if o.Name == name {
			out = append(out, o)
		}
	}
	slices.SortStableFunc(out, func(a, b offer) int { return compareVersions(b.Version, a.Version) })
	return out, nil
}

func (c *inCaches) look(ctx context.Context) error {
	if c.looked {
		return nil
	}
	var paths []string
	for _, dir := range c.dirs {
		paths = append(paths, archives(dir)...)
	}
	for _, path := range paths[:min(len(paths), maxArchives)] {
		if err := ctx.Err(); err != nil {
			return err
		}
		if h, err := headOfArchive(path); err == nil {
			c.charts = append(c.charts, offer{head: h, path: path, source: "Helm's cache (by name and version alone)", cached: true})
		}
	}
	c.looked = true
	return nil
}

// archives lists the archives in one of Helm's caches: DIR/*.tgz as in the
// repository cache, and DIR/ab/*.chart as in Helm 4's content cache.
func archives(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case filepath.Ext(path) == ".tgz":
			out = append(out, path)
		case e.IsDir() && isByte(e.Name()):
			out = append(out, contents(path)...)
		}
	}
	return out
}

func contents(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		if filepath.Ext(e.Name()) == ".chart" {
			out = append(out, filepath.Join(dir, e.Name()))
		}
	}
	return out
}

func isByte(name string) bool {
	b, err := hex.DecodeString(name)
	return err == nil && len(b) == 1
}

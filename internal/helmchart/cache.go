package helmchart

import (
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/helmcache"
)

// Sources are the places on this machine where dependencies are looked for that charts/ lacks. The zero value has
// none but file:// folders.
type Sources struct {
	// Root is the root of the repository that the chart lies in: charts in it serve too, and file:// may not lead out
	// of it. "" for none.
	Root string `json:"root,omitempty"`
	// Caches are folders in which Helm keeps charts, as helmcache.Find names them.
	Caches []string `json:"caches,omitempty"`
	// Repositories is Helm's repositories.yaml, as helmcache.RepositoriesFile names it. By it and the indexes in the
	// caches an archive is known to be the declared repository's, not another one's of that name. "" for none.
	Repositories string `json:"repositories,omitempty"`
	// NearVersions lets a chart of the repository serve in another version than is asked for, where none in that is at
	// hand: for reading what a chart means, not for installing it. Chart.Instead says where that was done.
	NearVersions bool `json:"nearVersions,omitempty"`
}

// HelmSources gives all that Helm keeps on this machine, for a chart in the repository at root. getenv is os.Getenv.
func HelmSources(root string, getenv func(string) string) Sources {
	return Sources{Root: root, Caches: helmcache.Find(getenv), Repositories: helmcache.RepositoriesFile(getenv)}
}

// vouch tells whether a cached index of the repository has the archive: an index names the SHA-256 of each, so it can
// vouch for one that lies in a cache without a word of where it is from.
func (s Sources) vouch(repository, archive string) bool {
	indexes := s.indexes(repository)
	if len(indexes) == 0 {
		return false
	}
	digest, err := helmcache.Digest(archive)
	return err == nil && slices.ContainsFunc(indexes, func(file string) bool {
		return helmcache.IndexHas(file, digest.Encoded())
	})
}

// indexes names the cached indexes of a repository, as Chart.yaml has it.
func (s Sources) indexes(repository string) []string {
	caches := helmcache.Caches(s.Caches)
	for _, prefix := range []string{"@", "alias:"} {
		if name, is := strings.CutPrefix(repository, prefix); is {
			return caches.Indexes([]string{name}, nil)
		}
	}
	if strings.HasPrefix(repository, "oci://") {
		return nil
	}
	known, _ := helmcache.Repositories(s.Repositories) // one that cannot be read names none
	var names []string
	for _, r := range known {
		if strings.TrimSuffix(r.URL, "/") == strings.TrimSuffix(repository, "/") {
			names = append(names, r.Name)
		}
	}
	return caches.Indexes(names, []string{repository})
}

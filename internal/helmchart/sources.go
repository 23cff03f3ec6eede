package helmchart

import (
	"path/filepath"
	"runtime"
	"slices"
)

// Sources are the places on this machine where dependencies are looked for
// that charts/ lacks. The zero value has none but file:// folders.
type Sources struct {
	// Root is the root of the repository that the chart lies in: charts in it
	// serve too, and file:// may not lead out of it. "" for none.
	Root string `json:"root,omitempty"`
	// Caches are folders in which Helm keeps charts, as HelmCaches names them.
	Caches []string `json:"caches,omitempty"`
	// Repositories is Helm's repositories.yaml, as HelmRepositories names it. By
	// it and the indexes in the caches an archive is known to be the declared
	// repository's, not another one's of that name. "" for none.
	Repositories string `json:"repositories,omitempty"`
}

// HelmSources gives all that Helm keeps on this machine, for a chart in the
// repository at root. getenv is os.Getenv.
func HelmSources(root string, getenv func(string) string) Sources {
	return Sources{Root: root, Caches: HelmCaches(getenv), Repositories: HelmRepositories(getenv)}
}

// HelmRepositories names the file in which Helm keeps the repositories that it
// knows, whether it is there or not; "" where the environment does not tell.
func HelmRepositories(getenv func(string) string) string {
	return helmRepositories(runtime.GOOS, getenv)
}

func helmRepositories(system string, getenv func(string) string) string {
	if file := getenv("HELM_REPOSITORY_CONFIG"); file != "" {
		return file
	}
	home := helmHome(system, getenv, configHomes())
	if home == "" {
		return ""
	}
	return filepath.Join(home, "repositories.yaml")
}

// HelmCaches names the folders in which Helm 3 and Helm 4 keep the archives that
// they have fetched, whether they are there or not: Helm 3's repository cache
// (NAME-VERSION.tgz) and Helm 4's content cache (two digits of the digest, then
// DIGEST.chart). getenv is os.Getenv.
//
// As Helm's pkg/cli and pkg/helmpath have it, $HELM_REPOSITORY_CACHE and
// $HELM_CONTENT_CACHE go before $HELM_CACHE_HOME, and that before
// $XDG_CACHE_HOME and the system's folder for caches.
func HelmCaches(getenv func(string) string) []string {
	return helmCaches(runtime.GOOS, getenv)
}

func helmCaches(system string, getenv func(string) string) []string {
	home := helmHome(system, getenv, cacheHomes())
	var out []string
	for _, cache := range []struct{ variable, name string }{
		{"HELM_REPOSITORY_CACHE", "repository"},
		{"HELM_CONTENT_CACHE", "content"},
	} {
		dir := getenv(cache.variable)
		if dir == "" && home != "" {
			dir = filepath.Join(home, cache.name)
		}
		if dir != "" && !slices.Contains(out, dir) {
			out = append(out, dir)
		}
	}
	return out
}

func cacheHomes() homes {
	return homes{"HELM_CACHE_HOME", "XDG_CACHE_HOME", map[string][2]string{
		"": {"HOME", ".cache"}, "darwin": {"HOME", "Library/Caches"}, "windows": {"TEMP", ""},
	}}
}

func configHomes() homes {
	return homes{"HELM_CONFIG_HOME", "XDG_CONFIG_HOME", map[string][2]string{
		"": {"HOME", ".config"}, "darwin": {"HOME", "Library/Preferences"}, "windows": {"APPDATA", ""},
	}}
}

// homes says where Helm looks for one of its folders.
type homes struct {
	variable, xdg string
	// systems has, by GOOS, the variable and the folder below it that serve where
	// the others are empty; "" is any other system.
	systems map[string][2]string
}

// helmHome gives one of Helm's folders, "" where the environment does not tell.
func helmHome(system string, getenv func(string) string, h homes) string {
	if dir := getenv(h.variable); dir != "" {
		return dir
	}
	base := getenv(h.xdg)
	if base == "" {
		otherwise, known := h.systems[system]
		if !known {
			otherwise = h.systems[""]
		}
		if base = getenv(otherwise[0]); base == "" {
			return ""
		}
		base = filepath.Join(base, filepath.FromSlash(otherwise[1]))
	}
	return filepath.Join(base, "helm")
}

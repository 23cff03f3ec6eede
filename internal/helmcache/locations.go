package helmcache

import (
	"path/filepath"
	"runtime"
	"slices"
)

// RepositoriesFile names the file in which Helm keeps the repositories that it
// knows, whether it is there or not; "" where the environment does not tell.
func RepositoriesFile(getenv func(string) string) string {
	return repositoriesFile(runtime.GOOS, getenv)
}

func repositoriesFile(system string, getenv func(string) string) string {
	if file := getenv("HELM_REPOSITORY_CONFIG"); file != "" {
		return file
	}
	home := helmHome(system, getenv, configHomes())
	if home == "" {
		return ""
	}
	return filepath.Join(home, "repositories.yaml")
}

// Find names the folders in which Helm 3 and Helm 4 keep the archives that
// they have fetched, whether they are there or not: Helm 3's repository cache
// (NAME-VERSION.tgz) and Helm 4's content cache (two digits of the digest, then
// DIGEST.chart). getenv is os.Getenv.
//
// As Helm's pkg/cli and pkg/helmpath have it, $HELM_REPOSITORY_CACHE and
// $HELM_CONTENT_CACHE go before $HELM_CACHE_HOME, and that before
// $XDG_CACHE_HOME and the system's folder for caches.
func Find(getenv func(string) string) Caches {
	return findCaches(runtime.GOOS, getenv)
}

func findCaches(system string, getenv func(string) string) Caches {
	home := helmHome(system, getenv, cacheHomes())
	var out Caches
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

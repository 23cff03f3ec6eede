package helmcache

import (
	"cmp"
	"path/filepath"
	"runtime"
	"slices"
)

// home says where Helm looks for one of its folders.
type home struct {
	variable, xdg string
	// systems has, by GOOS, the variable and the folder below it that serve where the others are empty; "" is any
	// other system.
	systems map[string][2]string
}

func cacheHome() home {
	return home{"HELM_CACHE_HOME", "XDG_CACHE_HOME", map[string][2]string{
		"": {"HOME", ".cache"}, "darwin": {"HOME", "Library/Caches"}, "windows": {"TEMP", ""},
	}}
}

func configHome() home {
	return home{"HELM_CONFIG_HOME", "XDG_CONFIG_HOME", map[string][2]string{
		"": {"HOME", ".config"}, "darwin": {"HOME", "Library/Preferences"}, "windows": {"APPDATA", ""},
	}}
}

// file gives what lies in the folder, "" where the environment does not tell.
func (h home) file(system string, getenv func(string) string, name string) string {
	if dir := getenv(h.variable); dir != "" {
		return filepath.Join(dir, name)
	}
	if dir := getenv(h.xdg); dir != "" {
		return filepath.Join(dir, "helm", name)
	}
	otherwise, known := h.systems[system]
	if !known {
		otherwise = h.systems[""]
	}
	base := getenv(otherwise[0])
	if base == "" {
		return ""
	}
	return filepath.Join(base, filepath.FromSlash(otherwise[1]), "helm", name)
}

// Home is the folder of Helm's caches; "" where the environment does not tell.
func Home(getenv func(string) string) string { return cacheHome().file(runtime.GOOS, getenv, "") }

// RepositoriesFile names the file in which Helm keeps the repositories that it knows, whether it is there or not; ""
// where the environment does not tell.
func RepositoriesFile(getenv func(string) string) string {
	return repositoriesFile(runtime.GOOS, getenv)
}

func repositoriesFile(system string, getenv func(string) string) string {
	return cmp.Or(getenv("HELM_REPOSITORY_CONFIG"), configHome().file(system, getenv, "repositories.yaml"))
}

// Find names the folders in which Helm 3 and Helm 4 keep what they have fetched, whether they are there or not.
// getenv is os.Getenv.
//
// As Helm's pkg/cli and pkg/helmpath have it, $HELM_REPOSITORY_CACHE and $HELM_CONTENT_CACHE go before
// $HELM_CACHE_HOME, and that before $XDG_CACHE_HOME and the system's folder for caches.
func Find(getenv func(string) string) Caches { return findCaches(runtime.GOOS, getenv) }

func findCaches(system string, getenv func(string) string) Caches {
	var out Caches
	for _, dir := range []string{
		cmp.Or(getenv("HELM_REPOSITORY_CACHE"), cacheHome().file(system, getenv, "repository")),
		cmp.Or(getenv("HELM_CONTENT_CACHE"), cacheHome().file(system, getenv, "content")),
	} {
		if dir != "" && !slices.Contains(out, dir) {
			out = append(out, dir)
		}
	}
	return out
}

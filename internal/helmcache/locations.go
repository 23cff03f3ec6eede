package helmcache

import (
	"cmp"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// inHome gives what lies in Helm's folder CACHE or CONFIG, as its pkg/helmpath does; "" where nothing tells.
func inHome(kind, system string, getenv func(string) string, name string) string {
	if dir := getenv("HELM_" + kind + "_HOME"); dir != "" {
		return filepath.Join(dir, name)
	}
	if dir := getenv("XDG_" + kind + "_HOME"); dir != "" {
		return filepath.Join(dir, "helm", name)
	}
	// The variable, and the folder below it, that serve where the others are empty.
	otherwise, known := map[string][2]string{
		"CACHE darwin": {"HOME", "Library/Caches"}, "CONFIG darwin": {"HOME", "Library/Preferences"},
		"CACHE windows": {"TEMP", ""}, "CONFIG windows": {"APPDATA", ""},
	}[kind+" "+system]
	if !known {
		otherwise = [2]string{"HOME", "." + strings.ToLower(kind)}
	}
	base := getenv(otherwise[0])
	if base == "" {
		return ""
	}
	return filepath.Join(base, filepath.FromSlash(otherwise[1]), "helm", name)
}

// Home is the folder of Helm's caches; "" where the environment does not tell.
func Home(getenv func(string) string) string { return inHome("CACHE", runtime.GOOS, getenv, "") }

// RepositoriesFile names the file in which Helm keeps the repositories that it knows, whether it is there or not; ""
// where the environment does not tell.
func RepositoriesFile(getenv func(string) string) string {
	return repositoriesFile(runtime.GOOS, getenv)
}

func repositoriesFile(system string, getenv func(string) string) string {
	return cmp.Or(getenv("HELM_REPOSITORY_CONFIG"), inHome("CONFIG", system, getenv, "repositories.yaml"))
}

// Find names the folders in which Helm 3 and Helm 4 keep what they have fetched, whether they are there or not.
// getenv is os.Getenv. As in Helm's pkg/cli, $HELM_REPOSITORY_CACHE and $HELM_CONTENT_CACHE go before all others.
func Find(getenv func(string) string) Caches { return findCaches(runtime.GOOS, getenv) }

func findCaches(system string, getenv func(string) string) Caches {
	var out Caches
	for _, dir := range []string{
		cmp.Or(getenv("HELM_REPOSITORY_CACHE"), inHome("CACHE", system, getenv, "repository")),
		cmp.Or(getenv("HELM_CONTENT_CACHE"), inHome("CACHE", system, getenv, "content")),
	} {
		if dir != "" && !slices.Contains(out, dir) {
			out = append(out, dir)
		}
	}
	return out
}

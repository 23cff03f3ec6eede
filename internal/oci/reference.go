package oci

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// Scheme begins the reference of a chart in a registry.
const Scheme = "oci://"

// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
var (
	pathSyntax = regexp.MustCompile(`^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$`)
	tagSyntax  = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`)
)

// IsPath reports whether a text can be a path in a registry.
func IsPath(text string) bool { return pathSyntax.MatchString(text) }

// IsTag reports whether a text can be a tag.
func IsTag(text string) bool { return tagSyntax.MatchString(text) }

// IsHost reports whether a text can be a registry's host, with or without a port.
func IsHost(text string) bool {
	_, err := name.NewRegistry(text)
	return text != "" && err == nil
}

// Tag gives the tag of a version: registries know no plus sign, and Helm reads an underscore as one.
func Tag(version string) string { return strings.ReplaceAll(version, "+", "_") }

// Version gives the version that a tag stands for.
func Version(tag string) string { return strings.ReplaceAll(tag, "_", "+") }

// Repository is a repository in a registry.
type Repository struct {
	repo   name.Repository
	scheme string
}

// NewRepository gives the repository at host/path. A host without a dot is a host, not a part of Docker Hub.
func NewRepository(host, path string, plainHTTP bool) (Repository, error) {
	scheme, options := "https", []name.Option(nil)
	if plainHTTP {
		scheme, options = "http", []name.Option{name.Insecure}
	}
	registry, err := name.NewRegistry(host, options...)
	if err != nil {
		return Repository{}, fmt.Errorf("%q is no host of a registry: %w", host, err)
	}
	return Repository{registry.Repo(path), scheme}, nil
}

// URL is that of something in the repository.
func (r Repository) URL(path string) *url.URL {
	return &url.URL{Scheme: r.scheme, Host: r.Host(), Path: "/v2/" + r.Path() + path}
}

// Host is the registry's host, as requests have it.
func (r Repository) Host() string { return r.repo.RegistryStr() }

// Path is the path in the registry.
func (r Repository) Path() string { return r.repo.RepositoryStr() }

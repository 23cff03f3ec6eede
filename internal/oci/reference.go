package oci

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/opencontainers/go-digest"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
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

// Reference is what stands after oci://: HOST[/PATH][:TAG][@DIGEST].
type Reference struct {
	Host, Path string
	Tag        string // as registries write it
	Digest     digest.Digest
}

// ParseReference reads a reference. step says in its errors how to write one.
func ParseReference(text, step string) (r Reference, err error) {
	rest, ok := strings.CutPrefix(text, Scheme)
	host, path, _ := strings.Cut(rest, "/")
	path, sum, hasDigest := strings.Cut(path, "@")
	path, tag, hasTag := strings.Cut(path, ":")
	r = Reference{host, strings.TrimRight(path, "/"), Tag(tag), digest.Digest(sum)}
	_, hostErr := name.NewRegistry(host)
	switch {
	case !ok:
		err = remedy.Errorf(step, "%q is no reference of a registry: it does not begin with %s",
			text[strings.LastIndex(text, "@")+1:], Scheme) // what stands before it may be a password
	case strings.Contains(host, "@"):
		err = remedy.Errorf("leave them out, and log in with `helm registry login`",
			"%s... has credentials in it", Scheme)
	case host != "" && hostErr != nil:
		err = remedy.Errorf(step, "%s: %q is no host of a registry", text, host)
	case hasDigest && (r.Digest.Validate() != nil || r.Digest.Algorithm() != digest.SHA256):
		err = remedy.Errorf(step, "%s: %q is no digest", text, sum)
	case hasTag && !IsTag(r.Tag):
		err = remedy.Errorf(step, "%s: %q is no tag", text, tag)
	case r.Path != "" && !IsPath(r.Path):
		err = remedy.Errorf(step+"; a path has lower-case letters, digits and single . _ - between them",
			"%s: %q is no path in a registry", text, r.Path)
	}
	return r, err
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

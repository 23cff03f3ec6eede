package names

import (
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// publicRegistries are where applications publish their images themselves.
var publicRegistries = []string{
	"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com", "ghcr.io", "quay.io", "gcr.io",
	"lscr.io", "mcr.microsoft.com", "registry.k8s.io", "k8s.gcr.io", "public.ecr.aws", "registry.gitlab.com",
	"docker.elastic.co", "cgr.dev", "nvcr.io", "codeberg.org",
}

// registry gives the registry of the application's image, "" for a public one.
func (s *Chart) registry() string {
	at, ok := s.scan().facts["image.registry"]
	if !ok {
		at, ok = s.scan().facts["image.repository"]
	}
	if !ok {
		return ""
	}
	host, _, isPath := strings.Cut(s.Values.Get(yamldoc.JoinPath(at.path...)).Str(), "/")
	isHost := strings.ContainsAny(host, ".:") && (isPath || at.key == "image.registry")
	isPublic := slices.Contains(publicRegistries, host) || strings.HasSuffix(host, ".gcr.io")
	if !isHost || isPublic || strings.Contains(host, "example") {
		return ""
	}
	return host
}

package names

import (
	"regexp"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

var (
	imageReference  = regexp.MustCompile(`^[\w.-]+(:\d+)?(/[\w.-]+)*(:[\w.-]+)?(@sha256:[0-9a-f]+)?$`)
	taggedReference = regexp.MustCompile(`[^/]:[\w.-]+(@sha256:[0-9a-f]+)?$|@sha256:`)
	helperImage     = regexp.MustCompile(`(^|/)(busybox|alpine|curl|kubectl|bash|os-shell|debian|ubuntu)(:|$)`)
)

// imageCandidate is a candidate for the application's image.
type imageCandidate struct {
	block      section // map with the image's parts, or with the image as a scalar
	flat       bool    // the image is a scalar of the block
	repository section
	score      int // less is better
}

// image finds the application's image among all images in the values.
func (s *scan) image() (imageCandidate, bool) {
	var best imageCandidate
	for _, p := range s.maps {
		for _, e := range p.below() {
			c, is := s.imageAt(p, e)
			if !is {
				continue
			}
			c.score += s.judgeImage(c)
			if !best.repository.exists() || c.score < best.score {
				best = c
			}
		}
	}
	return best, best.repository.exists()
}

// imageAt tells whether a section of a map is an image: a map with a repository, or a string with a reference.
func (s *scan) imageAt(p, e section) (imageCandidate, bool) {
	name, parent := e.name(), p.name()
	if e.IsMap() {
		c := imageCandidate{block: e, repository: s.named(e, "image.repository")}
		if name != "image" {
			c.score = 2
		}
		isImage := strings.Contains(name, "image") && !strings.Contains(name, "pull")
		return c, isImage && c.repository.exists()
	}
	text := e.Str()
	if e.Kind != yamldoc.Scalar || text != "" && !imageReference.MatchString(text) || text == "" && !e.IsString() {
		return imageCandidate{}, false
	}
	c := imageCandidate{block: p, flat: true, repository: e}
	switch {
	case strings.Contains(parent, "image") && slices.Contains(s.sheet.Of("image.repository").Names, name):
		return imageCandidate{}, false // the map itself is the candidate
	case name == "image", name == "imagerepository", name == "imagerepo":
		return c, true
	}
	c.score = 4
	isTagged := parent == "tags" && len(p.path) > 1 && convention.SameName(p.path[len(p.path)-2], "images") &&
		taggedReference.MatchString(text)
	return c, strings.HasSuffix(name, "image") || name == "imagename" || isTagged ||
		name == "repository" && s.named(p, "image.tag").exists()
}

// judgeImage prefers shallow images, main ones and those that bear the chart's name.
func (s *scan) judgeImage(c imageCandidate) int {
	score := 10 * len(c.block.path)
	if c.flat {
		score += 10
	}
	repository, name := convention.NormalizeName(c.repository.Str()), convention.NormalizeName(s.name)
	if name != "" && strings.Contains(repository, name) {
		score -= 15
	}
	if helperImage.MatchString(c.repository.Str()) {
		score += 100
	}
	for _, segment := range c.block.path {
		switch n := convention.NormalizeName(segment); {
		case n == "main", n == "app", n == "server", n == name:
			score -= 3
		}
	}
	return score
}

func (s *scan) findImage() {
	c, ok := s.image()
	if !ok {
		return
	}
	s.imageBlock, s.imageFlat = c.block, c.flat
	tag, isTagged := s.named(c.block, "image.tag"), taggedReference.MatchString(c.repository.Str())
	if c.flat && isTagged {
		tag = section{} // "version" beside repo:tag is something else
	}
	shape, registry := convention.ImageSplit, s.registry(c)
	switch {
	case !tag.exists() && c.flat && (isTagged || c.repository.name() == "image"):
		shape = convention.ImageString
	case registry != nil:
		shape = convention.ImageRegistry
		s.add("image.registry", registry, "")
	}
	s.add("image.repository", c.repository.path, shape)
	s.add("image.tag", tag.path, "")
	s.findPullPolicy(c, registry)
}

// findPullPolicy finds the policy among the image's parts, beside its registry
// (docker.{registry,pull_policy}), else anywhere.
func (s *scan) findPullPolicy(c imageCandidate, registry []string) {
	if !c.flat {
		s.addNamed(c.block, "image.pullPolicy")
	}
	k := s.sheet.Of("image.pullPolicy")
	for _, p := range s.maps {
		if len(registry) > 0 && slices.Equal(p.path, registry[:len(registry)-1]) {
			s.add(k.Key, p.pick(k.Loose, mayHold[k.Value]).path, "")
		}
	}
	s.addLoose(k, k.Loose)
}

// registry finds the registry's key: among the image's parts, or in a block of
// its own (docker.registry) for an image that names none.
func (s *scan) registry(c imageCandidate) []string {
	if e := s.named(c.block, "image.registry"); e.exists() {
		return e.path
	}
	if host, _, _ := strings.Cut(c.repository.Str(), "/"); strings.ContainsAny(host, ".:") {
		return nil
	}
	for _, p := range s.maps {
		if slices.Contains([]string{"docker", "registry", "image", "images"}, p.name()) {
			if e := s.named(p, "image.registry"); e.IsString() {
				return e.path
			}
		}
	}
	return nil
}

// publicRegistries are where applications publish their images themselves.
var publicRegistries = []string{
	"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com", "ghcr.io", "quay.io", "gcr.io",
	"lscr.io", "mcr.microsoft.com", "registry.k8s.io", "k8s.gcr.io", "public.ecr.aws", "registry.gitlab.com",
	"docker.elastic.co", "cgr.dev", "nvcr.io", "codeberg.org",
}

// registry gives the registry of the application's image, "" for a public one.
func (s *Chart) registry() string {
	at, isApart := s.scan.facts["image.registry"]
	if !isApart {
		at = s.scan.facts["image.repository"]
	}
	host, _, isPath := strings.Cut(s.Values.Get(yamldoc.JoinPath(at.path...)).Str(), "/")
	isHost := strings.ContainsAny(host, ".:") && (isPath || isApart)
	isPublic := slices.Contains(publicRegistries, host) || strings.HasSuffix(host, ".gcr.io")
	if !isHost || isPublic || strings.Contains(host, "example") {
		return ""
	}
	return host
}

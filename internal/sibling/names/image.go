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
	block      section  // map with the image's parts, or with the image as a scalar
	flat       bool     // the image is a scalar of the block
	repository []string // path
	text       string   // the repository, for comparison
	score      int      // less is better
}

// image finds the application's image among all images in the values.
func (s *scan) image() (imageCandidate, bool) {
	var best imageCandidate
	ok := false
	for _, p := range s.maps {
		for i := range p.node.Entries {
			c, is := s.imageAt(p, &p.node.Entries[i])
			if !is {
				continue
			}
			c.score += s.judgeImage(c)
			if !ok || c.score < best.score {
				best, ok = c, true
			}
		}
	}
	return best, ok
}

// imageAt tells whether an entry is an image: a map with a repository, or a
// string with a reference.
func (s *scan) imageAt(p section, e *yamldoc.Entry) (imageCandidate, bool) {
	name := convention.NormalizeName(e.Key)
	if e.Value.IsMap() {
		if !strings.Contains(name, "image") || strings.Contains(name, "pull") {
			return imageCandidate{}, false
		}
		repository := s.named(e.Value, "image.repository")
		if repository == nil {
			return imageCandidate{}, false
		}
		block := section{p.child(e.Key), e.Value}
		c := imageCandidate{block: block, repository: block.child(repository.Key), text: repository.Value.Str()}
		if name != "image" {
			c.score = 2
		}
		return c, true
	}
	if !scalarOrNull(e) || !imageReference.MatchString(e.Value.Str()) && e.Value.Str() != "" {
		return imageCandidate{}, false
	}
	c := imageCandidate{block: p, flat: true, repository: p.child(e.Key), text: e.Value.Str()}
	parent := convention.NormalizeName(p.name())
	switch {
	case strings.Contains(parent, "image") && slices.Contains(s.sheet.Of("image.repository").Names, name):
		return imageCandidate{}, false // the map itself is the candidate
	case name == "image", name == "imagerepository", name == "imagerepo":
	case strings.HasSuffix(name, "image"), name == "imagename", name == "dockerimage":
		c.score = 4
	case name == "repository" && s.named(p.node, "image.tag") != nil:
		c.score = 4
	case parent == "tags" && len(p.path) > 1 && convention.SameName(p.path[len(p.path)-2], "images") &&
		taggedReference.MatchString(c.text):
		c.score = 4
	default:
		return imageCandidate{}, false
	}
	if c.text == "" && !e.Value.IsString() {
		return imageCandidate{}, false
	}
	return c, true
}

// judgeImage prefers shallow images, main ones and those that bear the chart's
// name.
func (s *scan) judgeImage(c imageCandidate) int {
	score := 10 * len(c.block.path)
	if c.flat {
		score += 10
	}
	if s.name != "" && strings.Contains(convention.NormalizeName(c.text), convention.NormalizeName(s.name)) {
		score -= 15
	}
	if helperImage.MatchString(c.text) {
		score += 100
	}
	for _, segment := range c.block.path {
		switch n := convention.NormalizeName(segment); {
		case n == "main", n == "app", n == "server", n == convention.NormalizeName(s.name):
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
	tag := s.named(c.block.node, "image.tag")
	if c.flat && tag != nil && taggedReference.MatchString(c.text) {
		tag = nil // "version" beside repo:tag is something else
	}
	shape, last := convention.ImageSplit, c.repository[len(c.repository)-1]
	registry := s.registry(c)
	switch {
	case tag == nil && c.flat && (taggedReference.MatchString(c.text) || convention.SameName(last, "image")):
		shape = convention.ImageString
	case registry != nil:
		shape = convention.ImageRegistry
		s.add("image.registry", registry, "")
	}
	s.add("image.repository", c.repository, shape)
	if tag != nil && shape != convention.ImageString {
		s.add("image.tag", c.block.child(tag.Key), "")
	}
	s.findPullPolicy(c, registry)
}

// registry finds the registry's key: among the image's parts, or in a block of
// its own (docker.registry) for an image that names none.
func (s *scan) registry(c imageCandidate) []string {
	if e := s.named(c.block.node, "image.registry"); e != nil {
		return c.block.child(e.Key)
	}
	if host, _, _ := strings.Cut(c.text, "/"); strings.ContainsAny(host, ".:") {
		return nil
	}
	for _, p := range s.maps {
		if slices.Contains([]string{"docker", "registry", "image", "images"}, convention.NormalizeName(p.name())) {
			if e := s.named(p.node, "image.registry"); e != nil && e.Value.IsString() {
				return p.child(e.Key)
			}
		}
	}
	return nil
}

// findPullPolicy finds the policy among the image's parts, beside its registry (docker.{registry,pull_policy}), else
// anywhere.
func (s *scan) findPullPolicy(c imageCandidate, registry []string) {
	if !c.flat {
		s.addNamed(c.block, "image.pullPolicy")
	}
	k := s.sheet.Of("image.pullPolicy")
	for _, p := range s.maps {
		if len(registry) == 0 || !slices.Equal(p.path, registry[:len(registry)-1]) {
			continue
		}
		if e := pick(p.node, k.Loose, accepts(k)); e != nil {
			s.add(k.Key, p.child(e.Key), "")
		}
	}
	s.addLoose(k, k.Loose)
}

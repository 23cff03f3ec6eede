package names

import (
	"regexp"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

var (
	repositoryNames = []string{"repository", "repo", "name", "image"}
	tagNames        = []string{"tag", "imagetag", "version", "imageversion"}
	policyNames     = []string{"pullpolicy", "imagepullpolicy"}
	imageReference  = regexp.MustCompile(`^[\w.-]+(:\d+)?(/[\w.-]+)*(:[\w.-]+)?(@sha256:[0-9a-f]+)?$`)
	taggedReference = regexp.MustCompile(`[^/]:[\w.-]+(@sha256:[0-9a-f]+)?$|@sha256:`)
	helperImage     = regexp.MustCompile(`(^|/)(busybox|alpine|curl|kubectl|bash|os-shell|debian|ubuntu)(:|$)`)
)

// imagePlace is a candidate for the application's image.
type imagePlace struct {
	block      place    // map with the image's parts, or with the image as a scalar
	flat       bool     // the image is a scalar of the block
	repository []string // path
	text       string   // the repository, for comparison
	score      int      // less is better
}

// image finds the application's image among all images in the values.
func (s *scan) image() (imagePlace, bool) {
	var best imagePlace
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
func (s *scan) imageAt(p place, e *yamldoc.Entry) (imagePlace, bool) {
	name := convention.NormalizeName(e.Key)
	if e.Value.IsMap() {
		if !strings.Contains(name, "image") || strings.Contains(name, "pull") {
			return imagePlace{}, false
		}
		repository := pick(e.Value, repositoryNames, scalarOrNull)
		if repository == nil {
			return imagePlace{}, false
		}
		block := place{p.child(e.Key), e.Value}
		c := imagePlace{block: block, repository: block.child(repository.Key), text: repository.Value.Str()}
		if name != "image" {
			c.score = 2
		}
		return c, true
	}
	if !scalarOrNull(e) || !imageReference.MatchString(e.Value.Str()) && e.Value.Str() != "" {
		return imagePlace{}, false
	}
	c := imagePlace{block: p, flat: true, repository: p.child(e.Key), text: e.Value.Str()}
	parent := convention.NormalizeName(p.name())
	switch {
	case strings.Contains(parent, "image") && slices.Contains(repositoryNames, name):
		return imagePlace{}, false // the map itself is the candidate
	case name == "image", name == "imagerepository", name == "imagerepo":
	case strings.HasSuffix(name, "image"), name == "imagename", name == "dockerimage":
		c.score = 4
	case name == "repository" && pick(p.node, tagNames, scalarOrNull) != nil:
		c.score = 4
	case parent == "tags" && len(p.path) > 1 && convention.NormalizeName(p.path[len(p.path)-2]) == "images" && taggedReference.MatchString(c.text):
		c.score = 4
	default:
		return imagePlace{}, false
	}
	if c.text == "" && !e.Value.IsString() {
		return imagePlace{}, false
	}
	return c, true
}

// judgeImage prefers shallow images, main ones and those that bear the chart's
// name.
func (s *scan) judgeImage(c imagePlace) int {
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
	tag := pick(c.block.node, tagNames, scalarOrNull)
	if c.flat && tag != nil && taggedReference.MatchString(c.text) {
		tag = nil // "version" beside repo:tag is something else
	}
	shape := convention.ImageSplit
	registry := s.registry(c)
	switch {
	case tag == nil && c.flat && (taggedReference.MatchString(c.text) || convention.NormalizeName(c.repository[len(c.repository)-1]) == "image"):
		shape = convention.ImageString
	case registry != nil:
		shape = convention.ImageRegistry
		s.add("image.registry", registry, "")
	}
	s.add("image.repository", c.repository, shape)
	if tag != nil && shape != convention.ImageString {
		s.add("image.tag", c.block.child(tag.Key), "")
	}
	s.findPullPolicy(c)
}

// registry finds the registry's key: among the image's parts, or in a block of
// its own (docker.registry) for an image that names none.
func (s *scan) registry(c imagePlace) []string {
	isRegistry := []string{"registry", "imageregistry"}
	if e := pick(c.block.node, isRegistry, scalarOrNull); e != nil {
		return c.block.child(e.Key)
	}
	if host, _, _ := strings.Cut(c.text, "/"); strings.ContainsAny(host, ".:") {
		return nil
	}
	for _, p := range s.maps {
		if name := convention.NormalizeName(p.name()); name == "docker" || name == "registry" || name == "image" || name == "images" {
			if e := pick(p.node, isRegistry, func(e *yamldoc.Entry) bool { return e.Value.IsString() }); e != nil {
				return p.child(e.Key)
			}
		}
	}
	return nil
}

func (s *scan) findPullPolicy(c imagePlace) {
	if !c.flat {
		if e := pick(c.block.node, append(slices.Clone(policyNames), "policy"), scalarOrNull); e != nil {
			s.add("image.pullPolicy", c.block.child(e.Key), "")
			return
		}
	}
	p, e := s.lookup(policyNames, func(_ place, e *yamldoc.Entry) bool { return scalarOrNull(e) })
	if e != nil {
		s.add("image.pullPolicy", p.child(e.Key), "")
	}
}

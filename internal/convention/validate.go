package convention

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Validate checks that the convention fits together: every canonical key has a
// path of its own, and enumerated fields have one of their values.
func (c *Convention) Validate() error {
	return cmp.Or(c.validatePaths(c.Sheet.Values()), c.validateKeys(), c.validateWords(), c.validateTexts())
}

// validatePaths checks that each of the keys has a path of its own.
func (c *Convention) validatePaths(keys []string) error {
	taken := c.reservedPaths()
	for at := range c.paths(keys) {
		text := c.PathOf(at.key)
		if len(at.path) == 0 || at.path.String() != text {
			return wrong(at.key, "%q is not a dotted path", text)
		}
		if other, found := conflict(taken, at); found {
			return wrong(at.key, "%s lies at, above or below the place of %s (%s)", text,
				other, c.PathOf(other))
		}
		taken = append(taken, at)
	}
	return nil
}

// validateKeys finds names that are no canonical keys, and shapes that a key does not have.
func (c *Convention) validateKeys() error {
	for _, key := range slices.Sorted(maps.Keys(c.Values)) {
		v, known := c.Values[key], c.Sheet.Of(key)
		shapes := known.Shapes
		if shapes == nil {
			shapes = c.Sheet.Of(known.Block()).Shapes
		}
		switch {
		case known.Key == "":
			return likely(c.Sheet.Values(), key, wrong(key, "there is no such canonical key"))
		case known.IsHeading():
			return wrong(key, "that is a block, name the values in it")
		case c.Sheet.IsReserved(key) && v.Path != key:
			return wrong(key, "values of that block stay where they are")
		case v.Shape != "" && !slices.Contains(shapes, v.Shape):
			return wrong(key, "shape %q is not one of %q", v.Shape, shapes)
		}
	}
	return nil
}

// Texts become parts of templates and file names, so each has to look like
// what it is: a convention may come from a file, or from a stranger's chart.
var (
	labelName    = regexp.MustCompile(`^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$`)
	labelPattern = regexp.MustCompile(`^([-A-Za-z0-9_.]|\{(name|chart|release|fullname|version|service)\})*$`)
	namePattern  = regexp.MustCompile(`^([-A-Za-z0-9_.]|\{name\})+$`)
	fullPrefix   = regexp.MustCompile(`^([a-z0-9]([-a-z0-9]*[a-z0-9])?-)?$`)
	nameSuffix   = regexp.MustCompile(`^-?([a-z0-9]([-a-z0-9]*[a-z0-9])?|\{name\})$`)
	claimName    = regexp.MustCompile(`^(\{fullname\}(-[a-z0-9]([-a-z0-9]*[a-z0-9])?)?)?$`)
	templateFile = regexp.MustCompile(`^([-\w.]|\{name\}|/)+\.(ya?ml|tpl)$`)
	valuesFile   = regexp.MustCompile(`^(\.\./)*(([\w{][-\w{}]*\.?)+/)*([\w{][-\w{}]*\.)+ya?ml$`)
	hostPattern  = regexp.MustCompile(`^(\*\.)?([-a-z0-9.]|\{name\})*$`)
	apiVersion   = regexp.MustCompile(`^([-a-z0-9.]+/[a-z0-9]+)?$`)
	objectName   = regexp.MustCompile(`^([-a-z0-9.]|\{(name|host)\})*$`)
)

// IsValid reports whether a label can become part of a template.
func (l Label) IsValid() bool {
	return labelName.MatchString(l.Name) && labelPattern.MatchString(l.Value)
}

// IsObjectName reports whether a text can name an object, placeholders included.
func IsObjectName(text string) bool { return objectName.MatchString(text) }

// IsValuesFile reports whether a text can be the path of a stage's values file, from a chart's folder.
func IsValuesFile(text string) bool { return valuesFile.MatchString(text) && text != "values.yaml" }

// IsHostPattern reports whether a text can be a host, placeholders included.
func IsHostPattern(text string) bool { return hostPattern.MatchString(text) }

// suffixedKinds are the kinds of object that a chart names, and filedKinds those
// that have a file of their own, beside the helpers.
var (
	suffixedKinds = append(slices.Clone(NamedKinds), "HorizontalPodAutoscaler", "NetworkPolicy",
		"PodDisruptionBudget", "ServiceMonitor")
	filedKinds = append(slices.Concat(WorkloadKinds, slices.Sorted(maps.Keys(FileWords))), "helpers")
)

// The least and the greatest number of spaces of an indentation that can be read.
const (
	MinIndent = 2
	MaxIndent = 8
)

// formed is a text that has to have a form.
type formed struct {
	field, value string
	form         *regexp.Regexp
}

// stageTexts gives the texts of the stages, and checks what is no text alone: the path of a file.
func (c *Convention) stageTexts() (texts []formed, err error) {
	for i, e := range c.Defaults.Environments {
		at := fmt.Sprintf("defaults.environments[%d].", i)
		if !IsValuesFile(e.File) {
			return nil, wrong(at+"file", "%q is no path of a stage's values file", e.File)
		}
		texts = append(texts,
			formed{at + "hostPattern", e.HostPattern, hostPattern},
			formed{at + "tlsSecretPattern", e.TLSSecretPattern, objectName},
			formed{at + "ingressClass", e.IngressClass, objectName},
			formed{at + "storageClass", e.StorageClass, objectName})
	}
	return texts, nil
}

func (c *Convention) validateTexts() error {
	texts := []formed{
		{"naming.helperPrefix", c.Naming.HelperPrefix, namePattern},
		{"naming.prefix", c.Naming.Prefix, fullPrefix},
		{"naming.claim", c.Naming.Claim, claimName},
		{"defaults.hostPattern", c.Defaults.HostPattern, hostPattern},
		{"defaults.tlsSecretPattern", c.Defaults.TLSSecretPattern, objectName},
		{"defaults.ingressClass", c.Defaults.IngressClass, objectName},
		{"defaults.storageClass", c.Defaults.StorageClass, objectName},
		{"secrets.apiVersion", c.Secrets.APIVersion, apiVersion},
	}
	selectors := slices.Concat(c.Labels.Selector, c.Labels.ServiceSelector)
	for _, l := range slices.Concat(c.Labels.Set, selectors) {
		texts = append(texts, formed{"labels", l.Name, labelName}, formed{"labels: " + l.Name, l.Value, labelPattern})
	}
	for _, l := range selectors {
		if strings.Contains(l.Value, "{chart}") || strings.Contains(l.Value, "{version}") {
			return wrong("labels.selector", "%s changes with the version (%s): no selector may", l.Name, l.Value)
		}
	}
	if c.Naming.Prefix != "" && c.Naming.Fullname != FullnameChart {
		return wrong("naming.prefix", "%q stands before the chart's name alone, and naming.fullname is %q",
			c.Naming.Prefix, c.Naming.Fullname)
	}
	for _, kind := range slices.Sorted(maps.Keys(c.Naming.Suffixes)) {
		if !slices.Contains(suffixedKinds, kind) {
			err := wrong("naming.suffixes."+kind, "%q is not one of %q", kind, suffixedKinds)
			return likely(suffixedKinds, kind, err)
		}
		texts = append(texts, formed{"naming.suffixes." + kind, c.Naming.Suffixes[kind], nameSuffix})
	}
	for _, kind := range slices.Sorted(maps.Keys(c.Files.Templates)) {
		if !slices.Contains(filedKinds, kind) {
			err := wrong("files.templates."+kind, "%q is not one of %q", kind, filedKinds)
			return likely(filedKinds, kind, err)
		}
		texts = append(texts, formed{"files.templates." + kind, c.Files.Templates[kind], templateFile})
	}
	for _, name := range slices.Sorted(maps.Keys(c.Defaults.IngressAnnotations)) {
		texts = append(texts, formed{"defaults.ingressAnnotations", name, labelName})
	}
	stages, err := c.stageTexts()
	if err != nil {
		return err
	}
	texts = append(texts, stages...)
	for _, t := range texts {
		if !t.form.MatchString(t.value) {
			return wrong(t.field, "%q does not have the form %s", t.value, t.form)
		}
		if strings.Contains(t.value, "..") {
			return wrong(t.field, "%q has two dots in a row", t.value)
		}
	}
	if c.Style.Indent < MinIndent || c.Style.Indent > MaxIndent {
		return wrong("style.indent", "%d is not between %d and %d", c.Style.Indent,
			MinIndent, MaxIndent)
	}
	return nil
}

// Word is a field that takes one of a few words.
type Word struct {
	Field, Value string
	Allowed      []string
}

// Words gives the fields that take one of a few words, with what the convention has there.
func (c *Convention) Words() []Word {
	return []Word{
		{"labels.scheme", c.Labels.Scheme, []string{SchemeRecommended, SchemeApp, SchemeClassic, SchemeCustom}},
		{"naming.fullname", c.Naming.Fullname, []string{
			FullnameHelmCreate, FullnameReleaseChart, FullnameChartRelease, FullnameChartReleaseOnce, FullnameChart,
			FullnameRelease,
		}},
		{"kinds.workload", c.Kinds.Workload, WorkloadKinds},
		{"kinds.route", c.Kinds.Route, []string{RouteIngress, RouteHTTPRoute, RouteIngressRoute}},
		{"files.extension", c.Files.Extension, []string{"yaml", "yml"}},
		{"secrets.mechanism", c.Secrets.Mechanism, slices.Concat(Operators,
			[]string{"", SecretsPlain, SecretsExisting, SecretsVault})},
		{"style.lists", c.Style.Lists, []string{"indented", "flush"}},
		{"style.collections", c.Style.Collections, []string{"", "flow", "lists", "block"}},
		{"style.quotes", c.Style.Quotes, []string{"double", "single", "none"}},
		{"style.values", c.Style.Values, []string{"", ValuesFull, ValuesLean}},
		{"style.comments", c.Style.Comments, []string{"plain", "helm-docs", "readme-generator", "each", "none"}},
	}
}

func (c *Convention) validateWords() error {
	for _, w := range c.Words() {
		if !slices.Contains(w.Allowed, w.Value) {
			return likely(w.Allowed, w.Value, wrong(w.Field, "%q is not one of %q", w.Value, w.Allowed))
		}
	}
	if len(c.Labels.Selector) == 0 {
		return wrong("labels.selector", "a workload needs at least one label to select by")
	}
	return nil
}

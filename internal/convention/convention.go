// Package convention holds a repository's habits of writing charts as data, each fact with its evidence: its form as
// YAML and JSON, its validation, and the paths of keys that the repository has no name for.
package convention

import (
	"maps"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
)

// Confidence says how a fact is known.
type Confidence string

// From the surest to the least sure.
const (
	Probed  Confidence = "probed"  // a changed key moved the rendered field
	Voted   Confidence = "voted"   // most of several siblings agree
	Library Confidence = "library" // a well-known library that the chart is made of has it there
	Name    Confidence = "name"    // judged by names and shapes alone
	Default Confidence = "default" // no sibling says anything: the canonical way
)

// Convention is everything that scaffold obeys.
type Convention struct {
	// Sheet has the keys that the convention is about.
	Sheet *factsheet.Sheet `json:"-" yaml:"-"`
	// Source names the charts that the convention was read from, as the user
	// named them ("apps/localai"), empty for the canonical convention.
	Source []string `json:"source" yaml:"source"`
	// Values maps a canonical key to the path that the repository gives it.
	// A key that is not there keeps its canonical path.
	Values map[string]Value `json:"values" yaml:"values"`
	Labels Labels           `json:"labels" yaml:"labels"`
	Naming Naming           `json:"naming" yaml:"naming"`
	// Kinds are the kinds of object that the repository uses for a role.
	Kinds    Kinds    `json:"kinds" yaml:"kinds"`
	Files    Files    `json:"files" yaml:"files"`
	Style    Style    `json:"style" yaml:"style"`
	Defaults Defaults `json:"defaults" yaml:"defaults"`
	// Secrets are how the repository gets its Secrets.
	Secrets Secrets `json:"secrets" yaml:"secrets"`
	// Notes say, a sentence each, what of the siblings' habits a standalone
	// chart cannot have or could not be understood, and what is done instead.
	Notes []string `json:"notes,omitempty" yaml:"notes,omitempty"`
}

// Fact is how one thing is known.
type Fact struct {
	// Evidence names file and key, or the vote ("9 of 11 charts").
	Evidence   string     `json:"evidence,omitempty" yaml:"evidence,omitempty"`
	Confidence Confidence `json:"confidence" yaml:"confidence"`
}

// Value is where one canonical value is.
type Value struct {
	// Path is dotted ("deployment.image.repository"). A list's element is written [n] ("service.ports[0].port"), a
	// segment with a dot in it is quoted ("annotations.\"kubernetes.io/ingress.class\""), <volume> stands for the name
	// of a volume ("persistence.<volume>.size"), and {name} for the chart's name ("{name}.service.port"; see ForChart).
	Path string `json:"path" yaml:"path"`
	// Shape is one of the Shape constants of the key, "" for the plain one.
	Shape string `json:"shape,omitempty" yaml:"shape,omitempty"`
	// Declared says that the siblings' own values.yaml has the key: then a lean one has it, too.
	Declared bool `json:"declared,omitempty" yaml:"declared,omitempty"`
	Fact     `yaml:",inline"`
}

// Shapes of image.repository.
const (
	ImageSplit    = "split"    // repository and tag apart
	ImageRegistry = "registry" // registry, repository and tag apart; the registry's path is that of image.registry
	ImageString   = "string"   // repository:tag in one string; image.tag has no path
)

// Shapes of env.
const (
	EnvList    = "list"    // Kubernetes' own list of {name, value}
	EnvMap     = "map"     // NAME: value, or NAME: {valueFrom: ...}
	EnvObjects = "objects" // any: {name: NAME, value: value}
)

// Shapes of ingress.hosts.
const (
	HostsObjects = "objects" // [{host, paths: [{path, pathType}]}]
	HostsNamed   = "named"   // [{name, path}]
	HostsStrings = "strings" // [host]
	HostsSingle  = "host"    // one string
)

// Shapes of ingress.tls.
const (
	TLSList    = "list"    // [{secretName, hosts: []}]
	TLSHosts   = "hosts"   // [host], the Secret named after the chart
	TLSSecrets = "secrets" // [secretName], each for all hosts
	TLSSecret  = "secret"  // the Secret's name in one string
	TLSBool    = "bool"    // on or off, the Secret named after the host
	TLSMap     = "map"     // {enabled, secretName}
	// [{secretName}], for the hosts of the Ingress; hosts may be given.
	TLSFollows = "follows"
)

// Shapes of service.targetPort.
const (
	PortName   = "name"   // http, which follows config.port; a number has to be that
	PortNumber = "number" // the number of the port, which the server listens on
)

// Shapes of persistence.enabled and its siblings: they describe the block.
const (
	PersistenceBlock   = "block"   // one block
	PersistenceVolumes = "volumes" // a map of named volumes
	PersistenceList    = "list"    // a list of volumes
)

// Shapes of persistence.accessMode.
const (
	AccessModeString = "string"
	AccessModeList   = "list"
)

// Label schemes, as names for the usual sets.
const (
	SchemeRecommended = "app.kubernetes.io"          // Kubernetes' recommended labels
	SchemeApp         = "app"                        // app alone
	SchemeClassic     = "app-chart-release-heritage" // Helm 2's labels, or most of them
	SchemeCustom      = "custom"
)

// Labels are the labels of a repository's objects.
type Labels struct {
	// Scheme is one of the Scheme constants; Set and Selector say what it means.
	Scheme string `json:"scheme" yaml:"scheme"`
	// Set holds the labels of every object, in the order in which they are written.
	Set []Label `json:"set" yaml:"set"`
	// Selector holds the labels by which the workload selects its pods.
	Selector []Label `json:"selector" yaml:"selector"`
	// ServiceSelector is what Services select by, Selector where it is empty.
	ServiceSelector []Label `json:"serviceSelector,omitempty" yaml:"serviceSelector,omitempty"`
	Fact            `yaml:",inline"`
}

// Label is a label with the pattern of its value. In the pattern {name} is the chart's name (nameOverride honored),
// {chart} name and version, {release} the release, {fullname} the objects' name, {version} the application's version,
// {service} Helm ("Helm" as .Release.Service gives it).
type Label struct {
	Name  string `json:"name" yaml:"name"`
	Value string `json:"value" yaml:"value"`
}

// Ways to name objects, as patterns of Naming.Fullname.
const (
	// The release alone where it contains the chart's name, as `helm create` has it.
	FullnameHelmCreate   = "{release}-{name}?"
	FullnameReleaseChart = "{release}-{name}"
	FullnameChartRelease = "{name}-{release}"
	FullnameChart        = "{name}"
	FullnameRelease      = "{release}"
	// The release alone where it contains the chart's name, else the two the other way round.
	FullnameChartReleaseOnce = "{name}-{release}?"
)

// Naming is how objects get their names.
type Naming struct {
	// Fullname is one of the Fullname constants.
	Fullname string `json:"fullname" yaml:"fullname"`
	// Prefix stands before the chart's name ("shop-"), where Fullname is that alone.
	Prefix string `json:"prefix,omitempty" yaml:"prefix,omitempty"`
	// Suffixes are appended to Fullname by kind ("Deployment": "-deployment"); {name} in them is the chart's name.
	Suffixes map[string]string `json:"suffixes,omitempty" yaml:"suffixes,omitempty"`
	// Claim is how the claim is named: {fullname}, with or without a suffix. Empty is {fullname}-data.
	Claim string `json:"claim,omitempty" yaml:"claim,omitempty"`
	// HelperPrefix stands before the names of the chart's named templates, {name} for the chart's own name.
	HelperPrefix string `json:"helperPrefix" yaml:"helperPrefix"`
	Fact         `yaml:",inline"`
}

// Kinds of Kinds.Route.
const (
	RouteIngress      = "Ingress"
	RouteHTTPRoute    = "HTTPRoute"    // Gateway API
	RouteIngressRoute = "IngressRoute" // Traefik
)

// Kinds are kinds of object by role.
type Kinds struct {
	Workload string `json:"workload" yaml:"workload"` // Deployment, StatefulSet or DaemonSet
	Route    string `json:"route" yaml:"route"`       // one of the Route constants
	// NoRoute says that no chart of the repository has a route: then that of the new one is off.
	NoRoute bool `json:"noRoute,omitempty" yaml:"noRoute,omitempty"`
	Fact    `yaml:",inline"`
}

// Files is where templates lie.
type Files struct {
	// Templates maps a kind ("Deployment", "PersistentVolumeClaim") or
	// "helpers" to a path below templates/; {name} in it is the chart's name.
	Templates map[string]string `json:"templates,omitempty" yaml:"templates,omitempty"`
	// Extension of templates without an entry: "yaml" or "yml".
	Extension string `json:"extension" yaml:"extension"`
	Fact      `yaml:",inline"`
}

// Style is how YAML and comments are written.
type Style struct {
	Indent        int    `json:"indent" yaml:"indent"`               // spaces
	Lists         string `json:"lists" yaml:"lists"`                 // "indented" or "flush" below their key
	DocumentStart bool   `json:"documentStart" yaml:"documentStart"` // --- at the head of values.yaml and Chart.yaml
	Quotes        string `json:"quotes" yaml:"quotes"`               // "double", "single", or "none" where not needed
	// Comments are "plain" #, "helm-docs" # --, "readme-generator" ## @param, "each", plain ones above every key, or
	// "none".
	Comments string `json:"comments" yaml:"comments"`
	// Collections says what may stand on one line: "flow" maps and lists ({a: 1}), "lists" these alone, "block" none.
	Collections string `json:"collections,omitempty" yaml:"collections,omitempty"`
	// Values is how much values.yaml says: "full", all values, or "lean", those that differ from their defaults.
	Values string `json:"values,omitempty" yaml:"values,omitempty"`
	// Header are the lines that files begin with: a license, each line without its "#".
	Header []string `json:"header,omitempty" yaml:"header,omitempty"`
	// ChartFields are the fields of Chart.yaml in their order.
	ChartFields []string `json:"chartFields,omitempty" yaml:"chartFields,omitempty"`
	// ValuesOrder are the top-level keys of values.yaml in their order.
	ValuesOrder []string `json:"valuesOrder,omitempty" yaml:"valuesOrder,omitempty"`
	Fact        `yaml:",inline"`
}

// Defaults are example values that carry over to the new chart.
type Defaults struct {
	// Domain is the part of a host behind the application's name ("example.com").
	Domain string `json:"domain,omitempty" yaml:"domain,omitempty"`
	// HostPattern has {name} for the application ("{name}.example.com").
	HostPattern string `json:"hostPattern,omitempty" yaml:"hostPattern,omitempty"`
	// TLSSecretPattern has {name} for the application and {host} for the whole host ("{name}-example-com-tls").
	TLSSecretPattern string `json:"tlsSecretPattern,omitempty" yaml:"tlsSecretPattern,omitempty"`
	IngressClass     string `json:"ingressClass,omitempty" yaml:"ingressClass,omitempty"`
	// ClusterIssuer is cert-manager's, with the annotation that names it.
	ClusterIssuer           string `json:"clusterIssuer,omitempty" yaml:"clusterIssuer,omitempty"`
	ClusterIssuerAnnotation string `json:"clusterIssuerAnnotation,omitempty" yaml:"clusterIssuerAnnotation,omitempty"`
	// IngressAnnotations are those that suit any application, the cluster issuer's among them.
	IngressAnnotations map[string]string `json:"ingressAnnotations,omitempty" yaml:"ingressAnnotations,omitempty"`
	// ParentRefs are the Gateways that the repository's HTTPRoutes attach to,
	// each with name, namespace and sectionName where they are given.
	ParentRefs []map[string]string `json:"parentRefs,omitempty" yaml:"parentRefs,omitempty"`
	// EntryPoints are those of Traefik that IngressRoutes listen on.
	EntryPoints  []string `json:"entryPoints,omitempty" yaml:"entryPoints,omitempty"`
	StorageClass string   `json:"storageClass,omitempty" yaml:"storageClass,omitempty"`
	// ImageTag says where images have their tags: TagInValues or TagOfChart.
	ImageTag string `json:"imageTag,omitempty" yaml:"imageTag,omitempty"`
	// Environments are the stages that the repository's charts have values files for.
	Environments []Environment `json:"environments,omitempty" yaml:"environments,omitempty"`
	// ChartVersion is the version that new charts of the repository start with.
	ChartVersion string `json:"chartVersion,omitempty" yaml:"chartVersion,omitempty"`
	Fact         `yaml:",inline"`
}

// Environment is a stage of a repository with the example values that hold there: all of them, be they the same as
// elsewhere or not. A class that is empty there is the cluster's default.
type Environment struct {
	// Stage is its name ("dev").
	Stage string `json:"stage" yaml:"stage"`
	// File is a chart's values file for it, from the chart's folder ("values-dev.yaml"); {name} is the chart's name.
	File string `json:"file" yaml:"file"`
	// InBlock says that the file has the chart's values below its name, beside those of other charts.
	InBlock          bool   `json:"inBlock,omitempty" yaml:"inBlock,omitempty"`
	Domain           string `json:"domain,omitempty" yaml:"domain,omitempty"`
	HostPattern      string `json:"hostPattern,omitempty" yaml:"hostPattern,omitempty"`
	TLSSecretPattern string `json:"tlsSecretPattern,omitempty" yaml:"tlsSecretPattern,omitempty"`
	IngressClass     string `json:"ingressClass,omitempty" yaml:"ingressClass,omitempty"`
	ClusterIssuer    string `json:"clusterIssuer,omitempty" yaml:"clusterIssuer,omitempty"`
	StorageClass     string `json:"storageClass,omitempty" yaml:"storageClass,omitempty"`
}

// Defaults gives the example values of the stage, d being those of the repository.
func (e Environment) Defaults(d Defaults) Defaults {
	d.Domain, d.HostPattern, d.TLSSecretPattern = e.Domain, e.HostPattern, e.TLSSecretPattern
	d.IngressClass, d.StorageClass = e.IngressClass, e.StorageClass
	if e.ClusterIssuer != d.ClusterIssuer && d.ClusterIssuerAnnotation != "" {
		d.ClusterIssuer = e.ClusterIssuer
		d.IngressAnnotations = maps.Clone(d.IngressAnnotations)
		d.IngressAnnotations[d.ClusterIssuerAnnotation] = e.ClusterIssuer
	}
	return d
}

// Differs reports whether anything is otherwise in the stage than elsewhere.
func (e Environment) Differs(d Defaults) bool {
	same := EnvironmentOf(d)
	same.Stage, same.File, same.InBlock = e.Stage, e.File, e.InBlock
	return e != same
}

// EnvironmentOf is a stage in which all is as it is elsewhere.
func EnvironmentOf(d Defaults) Environment {
	return Environment{
		Domain: d.Domain, HostPattern: d.HostPattern, TLSSecretPattern: d.TLSSecretPattern,
		IngressClass: d.IngressClass, ClusterIssuer: d.ClusterIssuer, StorageClass: d.StorageClass,
	}
}

// Places of an image's tag, for Defaults.ImageTag.
const (
	TagInValues = "values"     // values.yaml names it
	TagOfChart  = "appVersion" // values.yaml leaves it to the chart's appVersion
)

// Ways to get a Secret into the cluster, for Secrets.Mechanism.
const (
	SecretsPlain       = "plain"             // the chart writes it from its values
	SecretsExisting    = "existingSecret"    // values name one that is there
	SecretsExternal    = "ExternalSecret"    // External Secrets Operator
	SecretsSealed      = "SealedSecret"      // Bitnami's sealed secrets
	SecretsOnePassword = "OnePasswordItem"   // 1Password operator
	SecretsVault       = "vault-annotations" // HashiCorp's injector
)

// Secrets are how a repository gets its Secrets.
type Secrets struct {
	// Mechanism is one of the constants, "" where no sibling says anything.
	Mechanism string `json:"mechanism,omitempty" yaml:"mechanism,omitempty"`
	// APIVersion is that of the operator's objects ("external-secrets.io/v1").
	APIVersion string `json:"apiVersion,omitempty" yaml:"apiVersion,omitempty"`
	// Spec holds what of such an object's spec suits any application: the store, how often it is asked. It is as the
	// object has it ({secretStoreRef: {kind: ClusterSecretStore, name: vault}}).
	Spec map[string]any `json:"spec,omitempty" yaml:"spec,omitempty"`
	Fact `yaml:",inline"`
}

// Forms of values.yaml, for Style.Values.
const (
	ValuesFull = "full" // all values
	ValuesLean = "lean" // those that differ from their defaults, which are in defaults.yaml
)

// Canonical is the plain convention for the keys of a sheet: what scaffold writes where no sibling says otherwise.
func Canonical(sheet *factsheet.Sheet) *Convention {
	byDefault := Fact{Confidence: Default}
	return &Convention{
		Sheet:  sheet,
		Source: []string{},
		Values: map[string]Value{},
		Labels: Labels{
			Scheme: SchemeRecommended,
			Set: []Label{
				{"helm.sh/chart", "{chart}"},
				{"app.kubernetes.io/name", "{name}"},
				{"app.kubernetes.io/instance", "{release}"},
				{"app.kubernetes.io/version", "{version}"},
				{"app.kubernetes.io/managed-by", "{service}"},
			},
			Selector: []Label{
				{"app.kubernetes.io/name", "{name}"},
				{"app.kubernetes.io/instance", "{release}"},
			},
			Fact: byDefault,
		},
		Naming:   Naming{Fullname: FullnameHelmCreate, HelperPrefix: "{name}", Fact: byDefault},
		Kinds:    Kinds{Workload: "Deployment", Route: RouteIngress, Fact: byDefault},
		Files:    Files{Extension: "yaml", Fact: byDefault},
		Style:    Style{Indent: 2, Lists: "indented", Quotes: "double", Comments: "plain", Fact: byDefault},
		Defaults: Defaults{Fact: byDefault},
		Secrets:  Secrets{Fact: byDefault},
	}
}

package helmchart

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"sort"
	"time"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/helmpath"
	"sigs.k8s.io/yaml"
)

// Metadata is what a registry shows of a chart: parts of its Chart.yaml.
type Metadata struct {
	Name, Version, Description, Home string

	Sources     []string
	Maintainers []Maintainer
	Annotations map[string]string
}

// Maintainer is one of the maintainers in Chart.yaml.
type Maintainer struct{ Name, Email string }

// PackageOptions change what goes into a package.
type PackageOptions struct {
	Version    string // in place of Chart.yaml's, where not empty
	AppVersion string // in place of Chart.yaml's, where not empty
	// LockTime stands in for the time at which Chart.lock says that it was made, which differs with every `helm
	// dependency update`.
	LockTime time.Time
}

// Packaged is a chart as it goes into an archive.
type Packaged struct {
	// Files are named with the chart's name in front ("livekit/Chart.yaml"), in order of name. Their data is that of
	// the chart and is not to be changed.
	Files    []File
	Metadata Metadata
	// Config is Chart.yaml as JSON, byte for byte what `helm push` writes as the config of the archive's OCI manifest.
	Config []byte
}

// Package gives the files that `helm package` puts into an archive, with the contents that it gives them: Chart.yaml
// is written from its fields, so that comments and unknown keys are lost; archives in charts/ are unpacked.
func (c *Chart) Package(o PackageOptions) (*Packaged, error) {
	metadata := *c.c.Metadata
	metadata.Version = cmp.Or(o.Version, metadata.Version)
	metadata.AppVersion = cmp.Or(o.AppVersion, metadata.AppVersion)
	if err := metadata.Validate(); err != nil {
		return nil, fmt.Errorf("package chart %s: %w", c.Name(), err)
	}
	p := packer{lockTime: o.LockTime}
	if err := p.add(c.c, metadata, ""); err != nil {
		return nil, fmt.Errorf("package chart %s: %w", c.Name(), err)
	}
	sort.Slice(p.files, func(i, j int) bool { return p.files[i].Name < p.files[j].Name })
	for i := 1; i < len(p.files); i++ {
		if p.files[i].Name == p.files[i-1].Name {
			return nil, fmt.Errorf("package chart %s: %s is there twice", c.Name(), p.files[i].Name)
		}
	}
	packaged := &Packaged{Files: p.files}
	config, err := json.Marshal(metadata)
	if err == nil {
		packaged.Config = config
		err = json.Unmarshal(config, &packaged.Metadata)
	}
	if err != nil {
		return nil, fmt.Errorf("package chart %s: %w", c.Name(), err)
	}
	return packaged, nil
}

type packer struct {
	files    []File
	lockTime time.Time
}

// add adds a chart and those below it. The rules are those of Helm's own packaging (chartutil.Save), which cannot be
// told what time it is.
func (p *packer) add(c *chart.Chart, metadata chart.Metadata, prefix string) error {
	base := path.Join(prefix, metadata.Name)
	isV1 := metadata.APIVersion == chart.APIVersionV1
	if isV1 {
		metadata.Dependencies = nil // they are in requirements.yaml
	}
	if err := p.addYAML(base+"/Chart.yaml", metadata); err != nil {
		return err
	}
	if c.Lock != nil && !isV1 {
		lock := *c.Lock
		lock.Generated = p.lockTime
		if err := p.addYAML(base+"/Chart.lock", lock); err != nil {
			return err
		}
	}
	for _, f := range c.Raw {
		if f.Name == "values.yaml" {
			p.files = append(p.files, File{base + "/values.yaml", f.Data})
		}
	}
	if c.Schema != nil {
		if !json.Valid(c.Schema) {
			return errors.New(base + "/values.schema.json is not JSON")
		}
		p.files = append(p.files, File{base + "/values.schema.json", c.Schema})
	}
	for _, files := range [][]*chart.File{c.Templates, c.Files} {
		for _, f := range files {
			p.files = append(p.files, File{base + "/" + f.Name, f.Data})
		}
	}
	for _, d := range c.Dependencies() {
		if err := p.add(d, *d.Metadata, base+"/charts"); err != nil {
			return err
		}
	}
	return nil
}

func (p *packer) addYAML(name string, value any) error {
	data, err := yaml.Marshal(value)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	p.files = append(p.files, File{name, data})
	return nil
}

// RegistryConfig is the file in which Helm keeps its credentials for registries where $HELM_REGISTRY_CONFIG names no
// other.
func RegistryConfig() string { return helmpath.ConfigPath("registry/config.json") }

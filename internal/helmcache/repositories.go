package helmcache

import (
	"errors"
	"fmt"
	"io/fs"

	"sigs.k8s.io/yaml"
)

// Repository is a chart repository as Helm's repositories.yaml has it (https://helm.sh/docs/helm/helm_repo_add/).
type Repository struct {
	Name               string `json:"name"`
	URL                string `json:"url"`
	Username           string `json:"username"`
	Password           string `json:"password"`
	CertFile           string `json:"certFile"`
	KeyFile            string `json:"keyFile"`
	CAFile             string `json:"caFile"`
	InsecureSkipVerify bool   `json:"insecure_skip_tls_verify"`
	PassCredentialsAll bool   `json:"pass_credentials_all"`
}

// Repositories reads Helm's repositories.yaml. One that is not there has none.
func Repositories(path string) ([]Repository, error) {
	data, err := ReadFile(path, maxIndex)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read Helm's repositories: %w", err)
	}
	var file struct {
		Repositories []Repository `json:"repositories"`
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		// What YAML's errors quote may be a password.
		return nil, fmt.Errorf("%s: it is not the YAML that Helm writes", path)
	}
	return file.Repositories, nil
}

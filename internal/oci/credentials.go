package oci

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	dockerconfig "github.com/docker/cli/cli/config"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// authenticator gives the credentials for a repository: those of the options, else what Helm stored, else Docker's
// and its credential helpers', else none.
func (o Options) authenticator(ctx context.Context, repo name.Repository) (authn.Authenticator, error) {
	if o.Username != "" || o.Password != "" {
		return authn.FromConfig(authn.AuthConfig{Username: o.Username, Password: o.Password}), nil
	}
	var auth authn.Authenticator
	done := make(chan error, 1)
	// A credential helper is a program that hears of no context.
	go func() {
		chain := authn.NewMultiKeychain(helmKeychain{o.RegistryConfig}, authn.DefaultKeychain)
		var err error
		auth, err = authn.Resolve(ctx, chain, resource{repo})
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			host := repo.RegistryStr()
			step := "mend the file, install the helper, or log in with `helm registry login " + host + "`"
			return nil, remedy.Errorf(step, "read the stored credentials for %s: %w", host, err)
		}
		return auth, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// resource is a repository under the name that credentials are stored for: Docker Hub has several.
type resource struct{ name.Repository }

func (r resource) RegistryStr() string {
	if r.Repository.RegistryStr() == "registry-1.docker.io" {
		return name.DefaultRegistry
	}
	return r.Repository.RegistryStr()
}

// helmKeychain reads the file that `helm registry login` writes, which has the form of Docker's.
type helmKeychain struct{ file string }

// Resolve is go-containerregistry's.
func (k helmKeychain) Resolve(target authn.Resource) (authn.Authenticator, error) {
	data, err := os.ReadFile(k.file)
	if errors.Is(err, fs.ErrNotExist) || (err == nil && len(bytes.TrimSpace(data)) == 0) {
		return authn.Anonymous, nil
	}
	if err != nil {
		return nil, err
	}
	config, err := dockerconfig.LoadFromReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.file, err)
	}
	key := target.RegistryStr()
	if key == name.DefaultRegistry {
		key = authn.DefaultAuthKey
	}
	stored, err := config.GetAuthConfig(key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.file, err)
	}
	found := authn.AuthConfig{
		Username: stored.Username, Password: stored.Password, Auth: stored.Auth,
		IdentityToken: stored.IdentityToken, RegistryToken: stored.RegistryToken,
	}
	if found == (authn.AuthConfig{}) {
		return authn.Anonymous, nil
	}
	return authn.FromConfig(found), nil
}

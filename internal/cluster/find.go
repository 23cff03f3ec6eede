package cluster

import (
	"os"
	"os/exec"
	"path/filepath"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Variable names the environment variable with the command's file.
const Variable = "HELM_LIVEKIT_CLUSTER_BIN"

const (
	name    = "helm-livekit-cluster"
	install = "install it with: go install github.com/helm-livekit/helm-livekit/cluster/helm-livekit-cluster@latest; " +
		"in a checkout of the plugin: make cluster"
)

// Find gives the command's file: the one that the variable names, else the one beside
// this program, else the one on the path.
func Find() (string, error) {
	if file := os.Getenv(Variable); file != "" {
		if _, err := exec.LookPath(file); err != nil {
			return "", remedy.Errorf("set "+Variable+" to the file of "+name+", or unset it; "+install,
				"%s: %w", Variable, err)
		}
		return file, nil
	}
	if program, err := os.Executable(); err == nil {
		if file, err := exec.LookPath(beside(program)); err == nil {
			return file, nil
		}
	}
	file, err := exec.LookPath(name)
	if err != nil {
		return "", remedy.Errorf(install,
			"%s, which tries charts on a cluster, is neither beside the plugin nor on the path", name)
	}
	return file, nil
}

// beside gives the command's file in the folder of a program, links followed. On Windows, LookPath adds the ending.
func beside(program string) string {
	if real, err := filepath.EvalSymlinks(program); err == nil {
		program = real
	}
	return filepath.Join(filepath.Dir(program), name)
}

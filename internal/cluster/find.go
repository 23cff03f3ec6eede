package cluster

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

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
		if err := runnable(file); err != nil {
			return "", remedy.Errorf("set "+Variable+" to the file of "+name+", or unset it; "+install,
				"%s: %w", Variable, err)
		}
		return file, nil
	}
	if program, err := os.Executable(); err == nil {
		if file := beside(program); runnable(file) == nil {
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

// beside gives the command's file in the folder of a program, links followed.
func beside(program string) string {
	if real, err := filepath.EvalSymlinks(program); err == nil {
		program = real
	}
	file := filepath.Join(filepath.Dir(program), name)
	if runtime.GOOS == "windows" {
		file += ".exe"
	}
	return file
}

func runnable(file string) error {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s is a folder", file)
	case runtime.GOOS != "windows" && info.Mode()&0o111 == 0:
		return fmt.Errorf("%s cannot be run", file)
	}
	return nil
}

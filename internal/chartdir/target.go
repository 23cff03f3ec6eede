package chartdir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// ResolveTarget gives the absolute path of a chart's folder, which need not be
// there yet. It refuses a file, and a symbolic link that leads out of the
// tree: out of the repository (or, without one, the current directory) that
// the path lies in, and anywhere else for a path outside of it.
func ResolveTarget(dir string) (string, error) {
	target, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("target %s: %w", dir, err)
	}
	real, err := resolve(target)
	if err != nil {
		return "", fmt.Errorf("target %s: %w", dir, err)
	}
	if info, err := os.Stat(real); err == nil && !info.IsDir() {
		return "", remedy.Errorf("name a folder", "target %s is a file, not a folder", dir)
	}
	tree, err := TreeOf(target)
	if err != nil {
		return "", err
	}
	realTree, err := resolve(tree)
	if err != nil {
		return "", fmt.Errorf("target %s: %w", dir, err)
	}
	if !within(realTree, real) {
		return "", remedy.Errorf("name that folder itself if you mean it",
			"target %s is a link that leads out of %s, to %s", dir, tree, real)
	}
	return real, nil
}

// TreeOf gives the nearest folder above target with a .git in it, the current
// directory where target lies in that, else target's own parent.
func TreeOf(target string) (string, error) {
	for dir := filepath.Dir(target); ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	current, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("current directory: %w", err)
	}
	if within(current, target) {
		return current, nil
	}
	return filepath.Dir(target), nil
}

func within(tree, p string) bool {
	rel, err := filepath.Rel(tree, p)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// resolve follows links in the part of the path that is there.
func resolve(p string) (string, error) {
	rest := ""
	for dir := p; ; dir = filepath.Dir(dir) {
		real, err := filepath.EvalSymlinks(dir)
		if err == nil {
			return filepath.Join(real, rest), nil
		}
		if _, lerr := os.Lstat(dir); lerr == nil || !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			return "", err // a link to nowhere, or no right to look
		}
		rest = filepath.Join(filepath.Base(dir), rest)
	}
}

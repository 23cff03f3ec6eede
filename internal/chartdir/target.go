package chartdir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// ResolveTarget gives the absolute path, free of links, of a chart's folder, which need not be there yet. It refuses
// a file, and a symbolic link that leads out of the tree: out of the repository that the path lies in or, without
// one, the current directory. Links above the current directory are the user's own way of getting there.
func ResolveTarget(dir string) (string, error) {
	if dir == "" {
		return "", remedy.Errorf("name a folder", "the chart's folder has an empty name")
	}
	current, target, err := absolute(dir)
	if err != nil {
		return "", fmt.Errorf("target %s: %w", dir, err)
	}
	real, err := resolve(target)
	if err != nil {
		return "", remedy.Errorf("name a folder, or a place where one can be made", "target %s: %w", dir, err)
	}
	if info, err := os.Stat(real); err == nil && !info.IsDir() {
		return "", remedy.Errorf("name a folder", "target %s is a file, not a folder", dir)
	}
	for _, tree := range treesOf(target, current) {
		realTree, err := resolve(tree)
		if err != nil {
			return "", fmt.Errorf("target %s: %w", dir, err)
		}
		if !within(realTree, real) {
			return "", remedy.Errorf("name that folder itself if you mean it",
				"target %s is a link that leads out of %s, to %s", dir, tree, real)
		}
	}
	return real, nil
}

// absolute gives the current directory, free of links, and the absolute path of dir, below that where it lies in it.
func absolute(dir string) (current, target string, err error) {
	shown, err := os.Getwd()
	if err == nil {
		current, err = filepath.EvalSymlinks(shown)
	}
	if err == nil {
		target, err = filepath.Abs(dir)
	}
	if err != nil {
		return "", "", fmt.Errorf("current directory: %w", err)
	}
	if rel, err := filepath.Rel(shown, target); err == nil && filepath.IsLocal(rel) {
		target = filepath.Join(current, rel)
	}
	return current, target, nil
}

// TreeOf gives the repository that target, an absolute path from ResolveTarget, lies in: the nearest folder above it
// with a .git in it, without one the current directory where target lies in that, else target's own parent.
func TreeOf(target string) (string, error) {
	current, target, err := absolute(target)
	if err != nil {
		return "", err
	}
	return treesOf(target, current)[0], nil
}

// treesOf gives the folders that target must not lead out of, the nearest first: all above it with a .git in them,
// since a link may lead into another repository; without any, the current directory where target lies in that, else
// its own parent.
func treesOf(target, current string) []string {
	var trees []string
	for dir := filepath.Dir(target); ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			trees = append(trees, dir)
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	if len(trees) == 0 && within(current, target) {
		return []string{current}
	} else if len(trees) == 0 {
		return []string{filepath.Dir(target)}
	}
	return trees
}

func within(tree, p string) bool {
	rel, err := filepath.Rel(tree, p)
	return err == nil && filepath.IsLocal(rel)
}

// resolve follows links in the part of the path that is there.
func resolve(p string) (string, error) {
	rest := ""
	for dir := p; ; dir = filepath.Dir(dir) {
		real, err := filepath.EvalSymlinks(dir)
		if err == nil {
			return filepath.Join(real, rest), nil
		}
		info, lerr := os.Lstat(dir)
		if lerr == nil && info.Mode().Type() == fs.ModeSymlink {
			return "", fmt.Errorf("%s is a link to nowhere: %w", dir, err)
		}
		if lerr == nil || !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			return "", err // a file in the way, or no right to look
		}
		rest = filepath.Join(filepath.Base(dir), rest)
	}
}

package upstream

import (
	"context"
	"path/filepath"

	"github.com/helm-livekit/helm-livekit/internal/helmcache"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// directory loads the chart in a folder.
func (f *finder) directory(ctx context.Context, dir string) (*Chart, error) {
	isChart, err := helmchart.IsChartDir(dir)
	if err != nil {
		return nil, remedy.Errorf("look at the folder's rights", "read upstream's chart: %w", err)
	}
	if !isChart {
		return nil, remedy.Errorf("give the folder in which its Chart.yaml lies",
			"%s is no chart: no Chart.yaml lies in it", dir)
	}
	if err := checkDirectory(ctx, dir); err != nil {
		return nil, err
	}
	c, err := helmchart.Load(dir)
	if err != nil {
		return nil, remedy.Errorf("mend the chart, or give another one to --upstream", "%w", err)
	}
	return &Chart{Chart: c, Source: dir}, nil
}

// checkDirectory refuses what Helm would follow without end, and more than it takes of an archive.
func checkDirectory(ctx context.Context, dir string) error {
	const step = "give a folder with nothing but the chart in it"
	entries, err := helmchart.Entries(dir)
	if err != nil {
		return remedy.Errorf(step, "read upstream's chart: %w", err)
	}
	left := newBudget()
	var archives []helmchart.File
	for _, e := range entries {
		path := filepath.Join(dir, filepath.FromSlash(e.Name))
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case e.Err != nil:
			return remedy.Errorf("remove the link", "%s: the link %s: %w", dir, e.Name, e.Err)
		case e.Outside && e.Mode.IsDir():
			return remedy.Errorf("put a copy in its place",
				"%s: the link %s leads to a folder outside the chart", dir, e.Name)
		case !e.Mode.IsRegular():
			return remedy.Errorf(step, "%s: %s is no file", dir, e.Name)
		}
		err := left.check(e.Size)
		left.bytes -= e.Size
		if err == nil && isNestedArchive(e.Name) {
			archives = append(archives, helmchart.File{Name: e.Name})
			archives[len(archives)-1].Data, err = helmcache.ReadFile(path, maxFile)
		}
		if err != nil {
			return remedy.Errorf(step, "%s: %w", dir, err)
		}
	}
	if err := left.nested(archives, 0); err != nil {
		return remedy.Errorf("get the archive again, or unpack it", "%s: %w", dir, err)
	}
	return nil
}

// file loads a packed chart.
func (f *finder) file(path string) (*Chart, error) {
	data, err := helmcache.ReadFile(path, maxAnswer)
	if err != nil {
		return nil, remedy.Errorf("give a .tgz file that `helm package` or `helm pull` made",
			"read upstream's chart: %w", err)
	}
	return loadArchive(path, data)
}

package publish

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// checkDir refuses a directory that Helm would pack otherwise than its author thinks, or not open again.
func checkDir(dir string) error {
	if err := isChart(dir); err != nil {
		return err
	}
	entries, err := helmchart.Entries(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := checkEntry(dir, e); err != nil {
			return err
		}
	}
	return nil
}

func isChart(dir string) error {
	const step = "name the directory that holds the chart's Chart.yaml"
	info, err := os.Stat(dir)
	is, chartErr := helmchart.IsChartDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return remedy.Errorf(step, "no chart at %s: there is no such directory", dir)
	case err == nil && !info.IsDir():
		return remedy.Errorf(step+"; `helm push` takes an archive", "no chart at %s: it is no directory", dir)
	case cmp.Or(err, chartErr) != nil:
		return fmt.Errorf("look at chart %s: %w", dir, cmp.Or(err, chartErr))
	case !is:
		return remedy.Errorf(step, "no chart at %s: there is no Chart.yaml in it", dir)
	}
	return nil
}

func checkEntry(dir string, e helmchart.Entry) error {
	const leave = "remove it, or put the files themselves there"
	switch {
	case e.Err != nil:
		return remedy.Errorf(leave, "%s/%s: a symbolic link that leads nowhere: %w", dir, e.Link, e.Err)
	case e.Outside:
		return remedy.Errorf("copy what it leads to into the chart, or name it in .helmignore",
			"%s/%s: a symbolic link that leads out of the chart, to %s; Helm would pack what is there",
			dir, e.Link, e.Target)
	case !e.Mode.IsRegular():
		return remedy.Errorf("remove it, or name it in .helmignore",
			"%s/%s: neither a file nor a folder (%s)", dir, e.Name, e.Mode.Type())
	}
	if why := oddName(e.Name); why != "" {
		return remedy.Errorf("rename it, or name it in .helmignore", "%s: the file name %q %s", dir, e.Name, why)
	}
	return nil
}

// drive begins a path of Windows; Helm refuses archives that have one.
var drive = regexp.MustCompile(`^[a-zA-Z]:/`)

// oddName says why Helm does not open an archive with a file of such a name, or opens it under another one, or "".
func oddName(name string) string {
	switch {
	case !utf8.ValidString(name):
		return "is not UTF-8"
	case strings.ContainsFunc(name, unicode.IsControl):
		return "has a control character in it"
	case strings.Contains(name, `\`):
		return `has a backslash in it, which Helm takes for a separator`
	case strings.HasPrefix(name, ".."):
		return "begins with two dots, which Helm takes for the folder above"
	case drive.MatchString(name):
		return "looks like a path of Windows, which Helm refuses"
	case path.Clean(name) != name:
		return "is no plain path"
	}
	return ""
}

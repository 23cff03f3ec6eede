package settings

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// exampleYAML is a settings file in which everything is commented out, up to the keys of the fact sheet.
//
//go:embed example.yaml
var exampleYAML string

// Example gives a settings file with all that can stand there, commented out.
func Example(sheet *factsheet.Sheet) string {
	var b strings.Builder
	b.WriteString(SchemaLine + exampleYAML)
	for _, k := range sheet.Keys {
		if k.IsHeading() || sheet.IsReserved(k.Key) {
			continue
		}
		shapes := ""
		if len(k.Shapes) > 0 {
			shapes = "; shapes: " + strings.Join(k.Shapes, ", ")
		}
		fmt.Fprintf(&b, "#    %s: %s # %s%s\n", k.Key, k.Key, k.Doc, shapes)
	}
	return b.String()
}

// Init writes such a file into a folder, and gives its path. One that is there stays.
func Init(sheet *factsheet.Sheet, dir string) (string, error) {
	path := filepath.Join(dir, File)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return "", remedy.Errorf("edit it, or move it away", "%s is there already", path)
	}
	if err != nil {
		return "", remedy.Errorf("name a folder that is there", "write the settings: %w", err)
	}
	_, err = f.WriteString(Example(sheet))
	if err = errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	return path, nil
}

package plugintest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// checkout is the root of the repository.
const checkout = "../.."

// goreleaserConfig is what install-binary.sh relies on of .goreleaser.yaml.
type goreleaserConfig struct {
	Builds []struct {
		ID      string   `json:"id"`
		Main    string   `json:"main"`
		Binary  string   `json:"binary"`
		Goos    []string `json:"goos"`
		Goarch  []string `json:"goarch"`
		Ldflags []string `json:"ldflags"`
	} `json:"builds"`
	Archives []struct {
		IDs             []string `json:"ids"`
		Formats         []string `json:"formats"`
		NameTemplate    string   `json:"name_template"`
		WrapInDirectory bool     `json:"wrap_in_directory"`
		FormatOverrides []struct {
			Goos    string   `json:"goos"`
			Formats []string `json:"formats"`
		} `json:"format_overrides"`
	} `json:"archives"`
	Checksum struct {
		NameTemplate string `json:"name_template"`
		Algorithm    string `json:"algorithm"`
	} `json:"checksum"`
}

// The script downloads by name what goreleaser has named: a release whose names
// differ installs nowhere.
func TestReleaseIsWhatTheScriptDownloads(t *testing.T) {
	var config goreleaserConfig
	if err := yaml.Unmarshal([]byte(read(t, ".goreleaser.yaml")), &config); err != nil {
		t.Fatal(err)
	}
	if len(config.Builds) != 2 || len(config.Archives) != 1 {
		t.Fatalf("expected two builds and one archive, there are %d and %d", len(config.Builds), len(config.Archives))
	}
	build, companion, archive := config.Builds[0], config.Builds[1], config.Archives[0]
	script := read(t, "install-binary.sh")

	equal(t, "binary", build.Binary, "helm-livekit")
	equal(t, "companion", companion.Binary, "helm-livekit-cluster")
	if _, err := os.Stat(filepath.Join(checkout, companion.Main)); err != nil {
		t.Errorf("the companion's package: %v", err)
	}
	if build.ID == companion.ID {
		t.Errorf("both builds have the id %q, goreleaser wants ids of their own", build.ID)
	}
	if len(archive.IDs) != 0 {
		t.Errorf("the archive takes the builds %q, expected all: no ids", archive.IDs)
	}
	for _, b := range config.Builds {
		equal(t, "systems of "+b.ID, strings.Join(b.Goos, " "), "linux darwin windows")
		equal(t, "processors of "+b.ID, strings.Join(b.Goarch, " "), "amd64 arm64")
	}
	equal(t, "archive", archive.NameTemplate, "helm-livekit_{{ .Version }}_{{ .Os }}_{{ .Arch }}")
	equal(t, "format", strings.Join(archive.Formats, " "), "tar.gz")
	equal(t, "checksums", config.Checksum.NameTemplate, "checksums.txt")
	equal(t, "algorithm", config.Checksum.Algorithm, "sha256")
	if archive.WrapInDirectory {
		t.Error("the script takes the binary from the root of the archive")
	}
	if len(archive.FormatOverrides) != 1 || archive.FormatOverrides[0].Goos != "windows" ||
		strings.Join(archive.FormatOverrides[0].Formats, " ") != "zip" {
		t.Errorf("the script takes a zip on Windows, the release has %+v", archive.FormatOverrides)
	}

	variable := submatch(t, script, `(?m)^version_variable=(.+)$`)
	if flags := strings.Join(build.Ldflags, " "); !strings.Contains(flags, "-X "+variable+"={{ .Version }}") {
		t.Errorf("the release sets its version by %q, a build from source by -X %s", flags, variable)
	}
	if flags := strings.Join(companion.Ldflags, " "); !strings.Contains(flags, "-X main.version={{ .Version }}") {
		t.Errorf("the release sets the companion's version by %q, expected -X main.version", flags)
	}
}

// A binary built by hand states the version that plugin.yaml states.
func TestVersionIsTheSameEverywhere(t *testing.T) {
	version := submatch(t, read(t, "plugin.yaml"), `(?m)^version: (.+)$`)
	equal(t, "internal/cli", submatch(t, read(t, "internal/cli/cli.go"), `(?m)^var version = "(.+)"$`), version)
	if changes := read(t, "CHANGELOG.md"); !strings.Contains(changes, version) {
		t.Errorf("CHANGELOG.md does not name %s", version)
	}
}

// Helm 3 reads plugin.yaml strictly, and with a v1 file beside it loads no plugin.
func TestOnlyTheLegacyFormatIsShipped(t *testing.T) {
	var fields map[string]any
	if err := yaml.UnmarshalStrict([]byte(read(t, "plugin.yaml")), &fields); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"apiVersion", "type", "runtime", "command", "hooks"} {
		if _, there := fields[field]; there {
			t.Errorf("plugin.yaml has %s, which one of the two Helms refuses", field)
		}
	}
}

// read gives a file of the checkout.
func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(checkout, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func submatch(t *testing.T, text, pattern string) string {
	t.Helper()
	match := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if match == nil {
		t.Fatalf("nothing matches %s", pattern)
	}
	return match[1]
}

func equal(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, expected %q", what, got, want)
	}
}

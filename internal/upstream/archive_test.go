package upstream

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

func TestLoadArchiveRefuses(t *testing.T) {
	head := tarEntry{name: "c/Chart.yaml", data: chartYAML("c", "1.0.0")}
	good := pack(t, head, tarEntry{name: "c/values.yaml", data: strings.Repeat("a: 1\n", 1000)})
	zeros := strings.Repeat("\x00", maxFile)
	var many, large []tarEntry
	for i := range maxFiles + 1 {
		many = append(many, tarEntry{name: fmt.Sprintf("c/%d", i)})
	}
	for i := range maxUnpacked/maxFile + 1 {
		large = append(large, tarEntry{name: "c/" + strings.Repeat("x", i+1), data: zeros})
	}
	nested := pack(t, append([]tarEntry{{name: "d/Chart.yaml", data: chartYAML("d", "1.0.0")}}, large[:15]...)...)
	hollow := append(pack(t, tarEntry{name: "d/Chart.yaml", data: chartYAML("d", "1.0.0")}),
		gzipped(t, strings.Repeat("\x00", maxUnpacked))...)
	deep := pack(t, head)
	for range maxNested + 1 {
		deep = pack(t, head, tarEntry{name: "c/charts/c.tgz", data: string(deep)})
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":                     {nil, "it is empty"},
		"HTML":                        {[]byte("\n<html>"), "it is an HTML page"},
		"YAML":                        {[]byte("a: 1\n"), "it is not gzipped"},
		"a cut in the middle":         {good[:len(good)/2], "it is cut off"},
		"a cut in the last bytes":     {good[:len(good)-3], "it is cut off"},
		"a cut in the first bytes":    {good[:5], "it is damaged"},
		"a flipped bit":               {flip(good), "it is damaged"},
		"no tar":                      {gzipped(t, strings.Repeat("x", 2000)), "it is damaged"},
		"a path upwards":              {pack(t, head, tarEntry{name: "c/../../etc/passwd"}), "leads out of the chart"},
		"a path upwards from the top": {pack(t, head, tarEntry{name: "../etc/passwd"}), "leads out of the chart"},
		"a path upwards of Windows":   {pack(t, head, tarEntry{name: `c\..\..\x`}), "leads out of the chart"},
		"an absolute path":            {pack(t, head, tarEntry{name: "/etc/passwd"}), "absolute path"},
		"an absolute path below":      {pack(t, head, tarEntry{name: "c//etc/passwd"}), "absolute path"},
		"a drive":                     {pack(t, head, tarEntry{name: "c/c:/x"}), "absolute path"},
		"a symbolic link": {pack(t, head, tarEntry{name: "c/values.yaml", kind: tar.TypeSymlink,
			link: "/etc/passwd"}), "is a link"},
		"a hard link": {pack(t, head, tarEntry{name: "c/values.yaml", kind: tar.TypeLink,
			link: "/etc/passwd"}), "is a link"},
		"a device": {pack(t, head, tarEntry{name: "c/zero", kind: tar.TypeChar}),
			"neither a file nor a folder"},
		"a pipe": {pack(t, head, tarEntry{name: "c/pipe", kind: tar.TypeFifo}),
			"neither a file nor a folder"},
		"a file beside the folder": {pack(t, head, tarEntry{name: "Chart.yaml", data: chartYAML("c", "2.0.0")}),
			"beside the chart's folder"},
		"a file twice": {pack(t, head, tarEntry{name: "d/Chart.yaml", data: chartYAML("d", "1.0.0")}),
			"\"Chart.yaml\" is in it twice"},
		"too many files": {pack(t, many...), "more than 10000 files"},
		"a file that is too large": {pack(t, head, tarEntry{name: "c/big", data: zeros + "x"}),
			`"big" in it is larger than the 5 MiB`},
		"too much": {pack(t, large...), "larger than the 100 MiB"},
		"a bomb in a header": {pack(t, head, tarEntry{name: "c/big", size: 1 << 40}),
			"larger than the 100 MiB"},
		"a bomb behind the end": {append(pack(t, head), gzipped(t, strings.Repeat("\x00", 2*maxUnpacked))...),
			"larger than the 100 MiB"},
		"nothing in nested archives": {pack(t, head, tarEntry{name: "c/charts/a.tgz", data: string(hollow)},
			tarEntry{name: "c/charts/b.tgz", data: string(hollow)}), "larger than the 100 MiB"},
		"too much in nested archives": {pack(t, head, tarEntry{name: "c/charts/a.tgz", data: string(nested)},
			tarEntry{name: "c/charts/b/charts/b.tgz", data: string(nested)}), "larger than the 100 MiB"},
		"archives in archives": {deep, "an archive in an archive, 6 deep"},
		"a nested one " +
			"with a link": {
			pack(t, head,
				tarEntry{name: "c/charts/a.tgz",
					data: string(pack(t, tarEntry{name: "c/x", kind: tar.TypeSymlink, link: "y"}))}),
			"\"charts/a.tgz\" in it: "},
		"no Chart.yaml": {pack(t, tarEntry{name: "c/values.yaml", data: "a: 1\n"}), "is no chart"},
		"no file":       {gzipped(t, strings.Repeat("\x00", 1024)), "is no chart"},
		"a Chart.yaml " +
			"without a name": {pack(t, tarEntry{name: "c/Chart.yaml", data: "apiVersion: v2\nversion: 1.0.0\n"}),
			"is no chart"},
		"a Chart.yaml that is no YAML": {pack(t, tarEntry{name: "c/Chart.yaml", data: "a: ["}), "is no chart"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := loadArchive("x.tgz", c.data)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, %v; want %s", got, err, c.want)
			}
			if !strings.HasPrefix(err.Error(), "x.tgz") || remedy.Step(err) == "" {
				t.Errorf("%v: it does not say of what it speaks, or what to do", err)
			}
		})
	}
}

// What is refused costs little.
func TestBombsCostLittle(t *testing.T) {
	zeros := strings.Repeat("\x00", maxFile)
	inner := pack(t, tarEntry{name: "d/Chart.yaml", data: chartYAML("d", "1.0.0")}, tarEntry{name: "d/a", data: zeros},
		tarEntry{name: "d/b", data: zeros}, tarEntry{name: "d/c", data: zeros})
	entries := []tarEntry{{name: "c/Chart.yaml", data: chartYAML("c", "1.0.0")}}
	for i := range 2000 {
		entries = append(entries, tarEntry{name: "c/charts/" + strings.Repeat("x", i%100+1) + string(rune('a'+i/100)) +
			".tgz", data: string(inner)})
	}
	bomb := pack(t, entries...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := loadArchive("x", bomb); err == nil {
		t.Fatal("it was taken")
	}
	runtime.ReadMemStats(&after)
	if allocated := (after.TotalAlloc - before.TotalAlloc) >> 20; allocated > 600 {
		t.Errorf("%d bytes took %d MiB", len(bomb), allocated)
	}
}

func TestLoadArchiveTakes(t *testing.T) {
	sub := chart(t, "sub", "0.1.0")
	c, err := loadArchive("x", pack(t,
		tarEntry{name: "c/", kind: tar.TypeDir},
		tarEntry{name: "./", kind: tar.TypeDir},
		tarEntry{name: `c\Chart.yaml`, data: "\xef\xbb\xbf" + chartYAML("c", "1.0.0")},
		tarEntry{name: "c/charts/sub.tgz", data: string(sub)},
		tarEntry{name: "c/charts/more/Chart.yaml", data: chartYAML("more", "0.2.0")},
		tarEntry{name: "c/charts/_none.tgz", data: "not unpacked"},
		tarEntry{name: "c/charts/sub.tgz.prov", data: "text"},
		tarEntry{name: "c/values.yaml", data: "\xef\xbb\xbfa: 1\n"},
	))
	if err != nil {
		t.Fatal(err)
	}
	if string(c.ValuesFile()) != "a: 1\n" {
		t.Errorf("values.yaml is %q", c.ValuesFile())
	}
	if c.Name() != "c" || len(c.Dependencies()) != 2 {
		t.Errorf("got %s with %d dependencies", c.Name(), len(c.Dependencies()))
	}
}

// A chart whose dependencies name each other, or itself, is loaded and said to
// lack them.
func TestDependenciesInACircle(t *testing.T) {
	text := func(name, needs string) string {
		return chartYAML(name, "1.0.0") + "dependencies: [{name: " + needs +
			", version: 1.x, repository: 'file://../" + needs + "'}]\n"
	}
	root := t.TempDir()
	write(t, filepath.Join(root, "a", "Chart.yaml"), text("a", "b"))
	write(t, filepath.Join(root, "b", "Chart.yaml"), text("b", "a"))
	c := mustFind(t, options(t, filepath.Join(root, "a")))
	if len(c.Notes) != 2 || !strings.Contains(c.Notes[1], "are not in its charts/: b") {
		t.Errorf("notes %v", c.Notes)
	}
	file := filepath.Join(root, "self.tgz")
	write(t, file, string(pack(t, tarEntry{name: "a/Chart.yaml", data: text("a", "a")},
		tarEntry{name: "a/charts/a/Chart.yaml", data: text("a", "a")})))
	mustFind(t, options(t, file))
}

func TestLinksInADirectory(t *testing.T) {
	for name, c := range map[string]struct{ link, to, want string }{
		"in a circle":      {"a", ".", "a folder that it lies in"},
		"to nothing":       {"a", "nothing", "the link a"},
		"to a folder":      {"a", "/", "leads to a folder outside"},
		"to a device":      {"values.yaml", "/dev/zero", "is no file"},
		"to a large file":  {"a", "../large", "larger than the 100 MiB"},
		"to a file beside": {"a", "../small", ""},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			dir := filepath.Join(root, "c")
			write(t, filepath.Join(dir, "Chart.yaml"), chartYAML("c", "1.0.0"))
			write(t, filepath.Join(root, "small"), "text")
			write(t, filepath.Join(root, "large"), "")
			if err := os.Truncate(filepath.Join(root, "large"), maxUnpacked+1); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(c.to, filepath.Join(dir, c.link)); err != nil {
				t.Skip(err)
			}
			if c.want == "" {
				mustFind(t, options(t, dir))
				return
			}
			mustFail(t, options(t, dir), c.want, "")
		})
	}
}

func TestPathsThatAreNoChart(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "values.yaml"), "a: 1\n")
	write(t, filepath.Join(dir, "empty.tgz"), "")
	if err := os.Truncate(filepath.Join(dir, "empty.tgz"), maxAnswer+1); err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[string]string{
		dir:                                  "no Chart.yaml lies in it",
		filepath.Join(dir, "nothing"):        "is not there",
		filepath.Join(dir, "nothing.tgz"):    "is not there",
		"./nothing":                          "is not there",
		"nothing.tgz":                        "is not there",
		filepath.Join(dir, "values.yaml"):    "it is not gzipped",
		filepath.Join(dir, "empty.tgz"):      "larger than 64 MiB",
		"a/b/c":                              "is not there",
		"s3://bucket/charts":                 "the scheme s3",
		"https://":                           "is no URL",
		"oci://":                             "names no chart",
		"oci://example.com":                  "names no chart",
		"oci://example.com/UPPER":            "is no path in a registry",
		"oci://example.com/a:b:c":            "is no tag",
		"oci://example.com/a@sha256:12":      "is no digest",
		"oci://exa mple/a":                   "is no host",
		"oci://u:" + testPassword + "@host/": "has credentials in it",
	} {
		mustFail(t, options(t, ref), want, "")
	}
	o := options(t, dir)
	o.Version = "latest"
	mustFail(t, o, `"latest" is neither a version nor a range`, "leave it out")
	o.Version, o.CertFile = "", "x"
	mustFail(t, o, "belong together", "give both")
}

func gzipped(t testing.TB, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, text)
	w.Close()
	return out.Bytes()
}

func flip(data []byte) []byte {
	out := bytes.Clone(data)
	out[len(out)-6] ^= 1
	return out
}

// Whatever an archive has in it, it is a chart or an error with its step.
func FuzzLoadArchive(f *testing.F) {
	f.Add(chart(f, "c", "1.0.0"))
	f.Add(pack(f, tarEntry{name: "c/Chart.yaml", data: chartYAML("c", "1.0.0")},
		tarEntry{name: "c/charts/d.tgz", data: string(chart(f, "d", "1.0.0"))}))
	f.Add(pack(f, tarEntry{name: `c\..\x`, data: "x"}))
	f.Add(chart(f, "c", "1.0.0")[:100])
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := loadArchive("x", data)
		if err != nil && remedy.Step(err) == "" {
			t.Errorf("%v: it does not say what to do", err)
		}
		if err == nil && c.Name() == "" {
			t.Error("a chart without a name")
		}
	})
}

// The same without gzip around it, which the fuzzer does not find the way into.
func FuzzUnpack(f *testing.F) {
	for _, data := range [][]byte{chart(f, "c", "1.0.0"), pack(f, tarEntry{name: "c/../x"}, tarEntry{name: "/x"})} {
		r, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			f.Fatal(err)
		}
		plain, err := io.ReadAll(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(plain)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := newBudget().unpack(gzipped(t, string(data)), 0)
		for _, file := range files {
			if err == nil && (strings.HasPrefix(file.Name, "/") || strings.HasPrefix(file.Name, "../") ||
				file.Name == "") {
				t.Errorf("it unpacks %q", file.Name)
			}
		}
	})
}

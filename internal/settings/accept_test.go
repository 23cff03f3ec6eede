package settings

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Whatever the file looks like, it says afterwards what it said, and the new difference;
// or nothing is written.
func TestAddAccepted(t *testing.T) {
	for _, c := range []struct {
		name, before string
		refused      string
	}{
		{"no file", "", ""},
		{"conventions alone", "conventions:\n  values:\n    replicaCount: app.replicas # ours\n", ""},
		{"without an end of line", "conventions: {}", ""},
		{"a list at the end", "accepted:\n  - finding: a\n    reason: b\n", ""},
		{"a list at the margin", "accepted:\n- finding: a\n  reason: b\n", ""},
		{"a list before others", "accepted:\n  - finding: a\n    reason: b\n\n# What siblings do.\nconventions: {}\n",
			""},
		{"reasons with empty lines", "accepted:\n  - finding: a\n    reason: |\n      first\n\n      second\n", ""},
		{"folded reasons", "accepted:\n  - finding: a\n    reason: >-\n      first\n\n      second\n  # a word about " +
			"the next\n\nconventions: {}\n", ""},
		{"quoted reasons over lines", "accepted:\n  - finding: a\n    reason: \"first\n\n      second\"\n", ""},
		{"an empty map", "{}\n", ""},
		{"an empty map with a comment", "# ours\n{}\n", ""},
		{"an empty list", "accepted: []\n", ""},
		{"nothing", "accepted:\n", ""},
		{"nothing, with others", "accepted:\nconventions: {}\n", ""},
		{"an anchor", "accepted: &a\n    - finding: a\n      reason: b\n", ""},
		{"marks of a document", "---\nconventions: {}\n# end\n...\n", "safely"},
		{"other ends of lines", "accepted:\r\n  - finding: a\r\n    reason: b\r\n", ""},
		{"a list on one line", "accepted: [{finding: a, reason: b}]\n", "a line for each entry"},
		{"a map on one line", "{conventions: {}}\n", "safely"},
		{"the same difference", "accepted:\n  - finding: new\n    reason: b\n", "accepted already"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), File)
			if c.before != "" {
				if err := os.WriteFile(file, []byte(c.before), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			old, err := readFile(serverSheet(), file)
			if err != nil {
				t.Fatal(err)
			}
			err = AddAccepted(serverSheet(), file, []Accepted{{"new", "why: it is\nso"}})
			after, _ := os.ReadFile(file)
			if c.refused != "" {
				if err == nil || !strings.Contains(err.Error(), c.refused) || string(after) != c.before {
					t.Fatalf("%v\n%s", err, after)
				}
				return
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, c.before)
			}
			now, err := readFile(serverSheet(), file)
			if err != nil {
				t.Fatalf("%v\n%s", err, after)
			}
			if !slices.Equal(now.Accepted, append(old.Accepted, Accepted{"new", "why: it is\nso"})) {
				t.Errorf("%+v\n%s", now.Accepted, after)
			}
			for _, line := range strings.Split(c.before, "\n") {
				if line != "" && line != "{}" && !strings.HasPrefix(line, "accepted:") &&
					!strings.Contains(string(after), line) {
					t.Errorf("%q is gone:\n%s", line, after)
				}
			}
			if strings.Contains(c.before, "\r\n") && strings.Contains(strings.ReplaceAll(string(after), "\r\n", ""),
				"\n") {
				t.Errorf("ends of lines are mixed: %q", after)
			}
			info, _ := os.Stat(file)
			if c.before != "" && info.Mode().Perm() != 0o600 {
				t.Errorf("mode %o", info.Mode().Perm())
			}
		})
	}
}

// A link stays a link, and a file that may not be written stays as it is.
func TestAddAcceptedToOddFiles(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real.yaml"), filepath.Join(dir, File)
	if err := os.WriteFile(real, []byte("conventions: {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, link); err != nil {
		t.Skip(err)
	}
	if err := AddAccepted(serverSheet(), link, []Accepted{{"new", "why"}}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
	if text, _ := os.ReadFile(real); !strings.Contains(string(text), "finding: new") {
		t.Errorf("what it leads to says %s", text)
	}
	if err := os.Chmod(real, 0o400); err != nil {
		t.Fatal(err)
	}
	if err := AddAccepted(serverSheet(), link, []Accepted{{"other", "why"}}); err == nil ||
		!strings.Contains(err.Error(), "read-only") {
		t.Errorf("a read-only file: %v", err)
	}
}

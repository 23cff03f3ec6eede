//go:build unix

package plugintest

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const linuxArchive = "helm-livekit_" + sandboxVersion + "_linux_amd64.tar.gz"

func TestInstallsTheReleaseOfThePlatform(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ system, machine, platform string }{
		{"Linux", "x86_64", "linux_amd64"},
		{"Linux", "aarch64", "linux_arm64"},
		{"Darwin", "x86_64", "darwin_amd64"},
		{"Darwin", "arm64", "darwin_arm64"},
		{"MINGW64_NT-10.0-22631", "x86_64", "windows_amd64"},
		{"MSYS_NT-10.0-22631", "x86_64", "windows_amd64"},
		{"CYGWIN_NT-10.0", "aarch64", "windows_arm64"},
	} {
		t.Run(c.system+" "+c.machine, func(t *testing.T) {
			t.Parallel()
			box := newSandbox(t)
			box.uname(t, c.system, c.machine)
			binary := "helm-livekit"
			if strings.HasPrefix(c.platform, "windows") {
				box.have(t, "unzip")
				binary = "helm-livekit.exe"
			}
			box.env = []string{"HELM_LIVEKIT_BASE_URL=" + newRelease(c.platform).serve(t) + "/"}
			out, err := box.install(t)
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			equal(t, "the binary", box.installed(t, binary), fakeBinary)
			box.expectClean(t)
			info, err := os.Stat(filepath.Join(box.plugin, "bin", binary))
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "its mode", info.Mode().String(), "-rwxr-xr-x")
		})
	}
}

// What a release can be had with: any one of the programs that download, and any
// one of those that compute a checksum.
func TestInstallsWithOtherTools(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		with func(*testing.T, *sandbox)
	}{
		{"wget", func(t *testing.T, box *sandbox) {
			box.lack(t, "curl")
			box.have(t, "wget")
		}},
		{"shasum", func(t *testing.T, box *sandbox) {
			box.lack(t, "sha256sum")
			box.have(t, "shasum")
			box.have(t, "perl")
		}},
		{"openssl", func(t *testing.T, box *sandbox) {
			box.lack(t, "sha256sum")
			box.have(t, "openssl")
		}},
		{"no HELM_PLUGIN_DIR", func(_ *testing.T, box *sandbox) { box.env = append(box.env, "HELM_PLUGIN_DIR=") }},
		{"checksums of one's own", func(t *testing.T, box *sandbox) {
			file := filepath.Join(t.TempDir(), "sums")
			write(t, file, 0o644, string(newRelease("linux_amd64")["checksums.txt"]))
			box.env = append(box.env, "HELM_LIVEKIT_CHECKSUMS="+file)
		}},
		{"checksums with carriage returns, and in binary mode", func(t *testing.T, box *sandbox) {
			file := filepath.Join(t.TempDir(), "sums")
			sums := string(newRelease("linux_amd64")["checksums.txt"])
			write(t, file, 0o644, strings.NewReplacer("\n", "\r\n", "  ", " *").Replace(sums))
			box.env = append(box.env, "HELM_LIVEKIT_CHECKSUMS="+file)
		}},
		{"cygpath", func(t *testing.T, box *sandbox) {
			box.fake(t, "cygpath", `printf '%s\n' "${2#C:}"`)
			box.env = append(box.env, "HELM_PLUGIN_DIR=C:"+box.plugin)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			box := newSandbox(t)
			box.env = []string{"HELM_LIVEKIT_BASE_URL=" + newRelease("linux_amd64").serve(t)}
			c.with(t, box)
			out, err := box.install(t)
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			equal(t, "the binary", box.installed(t, "helm-livekit"), fakeBinary)
			box.expectClean(t)
		})
	}
}

// Each of these is an error that says what is wrong. Go is there, and is not
// asked: what cannot be trusted is not replaced in silence. The binary that was
// there stays.
func TestRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		with func(*testing.T, *sandbox, release)
		want string
	}{
		{"a wrong checksum", func(_ *testing.T, _ *sandbox, r release) {
			r["checksums.txt"] = []byte(checksumLine(linuxArchive, []byte("another")))
		}, "the checksum of " + linuxArchive + " is "},
		{"a truncated archive", func(_ *testing.T, _ *sandbox, r release) {
			r[linuxArchive] = r[linuxArchive][:len(r[linuxArchive])/2]
		}, "the checksum of " + linuxArchive + " is "},
		{"a checksum of a name that ends alike", func(_ *testing.T, _ *sandbox, r release) {
			r["checksums.txt"] = []byte(checksumLine("x"+linuxArchive, r[linuxArchive]))
		}, "does not hold one checksum of " + linuxArchive},
		{"two checksums", func(_ *testing.T, _ *sandbox, r release) {
			r["checksums.txt"] = append(r["checksums.txt"], r["checksums.txt"]...)
		}, "does not hold one checksum of"},
		{"a page instead of checksums", func(_ *testing.T, _ *sandbox, r release) {
			r["checksums.txt"] = []byte("<html>sign in</html>")
		}, "does not hold one checksum of"},
		{"no tool for checksums", func(t *testing.T, box *sandbox, _ release) {
			box.lack(t, "sha256sum")
		}, "install sha256sum, shasum or openssl"},
		{"an archive without the binary", func(_ *testing.T, _ *sandbox, r release) {
			r[linuxArchive] = tarred("helm-other", fakeBinary)
			r["checksums.txt"] = []byte(checksumLine(linuxArchive, r[linuxArchive]))
		}, "helm-livekit cannot be taken out of"},
		{"a binary that does not run", func(_ *testing.T, _ *sandbox, r release) {
			r[linuxArchive] = tarred("helm-livekit", "#!/bin/sh\nexit 1\n")
			r["checksums.txt"] = []byte(checksumLine(linuxArchive, r[linuxArchive]))
		}, "does not run on this machine"},
		{"another system", func(t *testing.T, box *sandbox, _ release) {
			box.uname(t, "SunOS", "x86_64")
		}, "no release for the operating system SunOS"},
		{"another processor", func(t *testing.T, box *sandbox, _ release) {
			box.uname(t, "Linux", "riscv64")
		}, "no release for the processor riscv64"},
		{"a local archive that is not there", func(_ *testing.T, box *sandbox, _ release) {
			box.env = append(box.env, "HELM_LIVEKIT_ARCHIVE=/nowhere/"+linuxArchive)
		}, "HELM_LIVEKIT_ARCHIVE: /nowhere/" + linuxArchive + " is not there"},
		{"a local archive of another version", func(t *testing.T, box *sandbox, r release) {
			file := filepath.Join(t.TempDir(), "helm-livekit_1.0.0_linux_amd64.tar.gz")
			write(t, file, 0o644, string(r[linuxArchive]))
			box.env = append(box.env, "HELM_LIVEKIT_ARCHIVE="+file)
		}, "is not the archive of this version and platform"},
		{"a local archive without checksums", func(t *testing.T, box *sandbox, r release) {
			file := filepath.Join(t.TempDir(), linuxArchive)
			write(t, file, 0o644, string(r[linuxArchive]))
			box.env = append(box.env, "HELM_LIVEKIT_ARCHIVE="+file)
		}, "checksums.txt is not there"},
		{"a local archive with a wrong checksum", func(t *testing.T, box *sandbox, r release) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, linuxArchive), 0o644, string(r[linuxArchive]))
			write(t, filepath.Join(dir, "checksums.txt"), 0o644, checksumLine(linuxArchive, []byte("another")))
			box.env = append(box.env, "HELM_LIVEKIT_ARCHIVE="+filepath.Join(dir, linuxArchive))
		}, "the checksum of " + linuxArchive + " is "},
		{"checksums of one's own that are not there", func(_ *testing.T, box *sandbox, _ release) {
			box.env = append(box.env, "HELM_LIVEKIT_CHECKSUMS=/nowhere/sums")
		}, "HELM_LIVEKIT_CHECKSUMS: /nowhere/sums is not there"},
		{"a version that is none", func(t *testing.T, box *sandbox, _ release) {
			write(t, filepath.Join(box.plugin, "plugin.yaml"), 0o644, "name: livekit\nversion: ../../x\n")
		}, "version is '../../x', expected one like 0.1.0"},
		{"no version", func(t *testing.T, box *sandbox, _ release) {
			write(t, filepath.Join(box.plugin, "plugin.yaml"), 0o644, "name: livekit\n")
		}, "version is ''"},
		{"a folder that is no plugin", func(t *testing.T, box *sandbox, _ release) {
			box.env = append(box.env, "HELM_PLUGIN_DIR="+t.TempDir())
		}, "plugin.yaml is not there"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			box := newSandbox(t)
			box.fakeGo(t)
			r := newRelease("linux_amd64")
			write(t, filepath.Join(box.plugin, "bin/helm-livekit"), 0o755, "old")
			c.with(t, box, r)
			box.env = append([]string{"HELM_LIVEKIT_BASE_URL=" + r.serve(t)}, box.env...)
			out, err := box.install(t)
			if err == nil || !strings.Contains(out, "Error: ") || !strings.Contains(out, "Try:   ") {
				t.Errorf("expected an error and what to do, got %v\n%s", err, out)
			}
			if !strings.Contains(out, c.want) {
				t.Errorf("expected %q in:\n%s", c.want, out)
			}
			equal(t, "the old binary", box.installed(t, "helm-livekit"), "old")
			box.expectClean(t)
		})
	}
}

// Where no release can be had, Go builds one; without Go, the error says so.
func TestBuildsFromSourceWhereNoReleaseIs(t *testing.T) {
	t.Parallel()
	whole := newRelease("linux_amd64")
	for _, c := range []struct {
		name string
		url  func(*testing.T) string
		with func(*testing.T, *sandbox)
	}{
		{name: "no such release", url: release{}.serve},
		{name: "a release not yet whole", url: release{"checksums.txt": whole["checksums.txt"]}.serve},
		{name: "offline", url: func(*testing.T) string { return "http://127.0.0.1:1" }},
		{name: "a broken transfer", url: func(t *testing.T) string {
			return newServer(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "1000")
				_, _ = w.Write([]byte("half"))
			})
		}},
		{name: "neither curl nor wget", url: whole.serve,
			with: func(t *testing.T, box *sandbox) { box.lack(t, "curl") }},
		{name: "offline, with wget", url: func(*testing.T) string { return "http://127.0.0.1:1" },
			with: func(t *testing.T, box *sandbox) {
				box.lack(t, "curl")
				box.have(t, "wget")
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			box := newSandbox(t)
			if c.with != nil {
				c.with(t, box)
			}
			box.env = []string{"HELM_LIVEKIT_BASE_URL=" + c.url(t)}

			out, err := box.install(t)
			if err == nil || !strings.Contains(out, "there is no Go to build one") {
				t.Errorf("without Go: expected an error, got %v\n%s", err, out)
			}
			equal(t, "the binary without Go", box.installed(t, "helm-livekit"), "")
			box.expectClean(t)

			box.fakeGo(t)
			if out, err = box.install(t); err != nil {
				t.Fatalf("with Go: %v\n%s", err, out)
			}
			equal(t, "the binary", box.installed(t, "helm-livekit"), "#!/bin/sh\necho built\n")
			box.expectClean(t)
		})
	}
}

func TestBuildThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"a compile error": `[ "$1" = version ] || { echo "main.go:1: no" >&2; exit 1; }`,
		"no source":       `exit 0`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := newSandbox(t)
			box.fake(t, "go", script)
			box.env = []string{"HELM_LIVEKIT_BASE_URL=" + release{}.serve(t)}
			if name == "no source" {
				if err := os.Remove(filepath.Join(box.plugin, "go.mod")); err != nil {
					t.Fatal(err)
				}
			}
			out, err := box.install(t)
			if err == nil || !strings.Contains(out, "Error: ") {
				t.Errorf("expected an error, got %v\n%s", err, out)
			}
			equal(t, "the binary", box.installed(t, "helm-livekit"), "")
			box.expectClean(t)
		})
	}
}

// A mirror's address may hold a password; logs are kept and shown.
func TestShowsNoPassword(t *testing.T) {
	t.Parallel()
	box := newSandbox(t)
	url := strings.Replace(release{}.serve(t), "http://", "http://user:secret@", 1)
	box.env = []string{"HELM_LIVEKIT_BASE_URL=" + url}
	out, err := box.install(t)
	if err == nil || !strings.Contains(out, "Error: ") {
		t.Errorf("expected an error, got %v\n%s", err, out)
	}
	if strings.Contains(out, "secret") {
		t.Errorf("the password is shown:\n%s", out)
	}
}

// A server that is in trouble is asked three times, and no more.
func TestRetriesWithALimit(t *testing.T) {
	t.Parallel()
	r := newRelease("linux_amd64")
	for _, c := range []struct {
		failures int32
		want     string
	}{{2, fakeBinary}, {100, ""}} {
		t.Run(fmt.Sprint(c.failures), func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			box := newSandbox(t)
			box.env = []string{"HELM_LIVEKIT_BASE_URL=" + newServer(t, func(w http.ResponseWriter, req *http.Request) {
				if asked.Add(1) <= c.failures {
					http.Error(w, "busy", http.StatusServiceUnavailable)
					return
				}
				_, _ = w.Write(r[strings.TrimPrefix(req.URL.Path, "/")])
			})}
			out, _ := box.install(t)
			if got := box.installed(t, "helm-livekit"); got != c.want {
				t.Errorf("installed %q, expected %q\n%s", got, c.want, out)
			}
			if c.want == "" && asked.Load() != 3 {
				t.Errorf("asked %d times, expected 3", asked.Load())
			}
		})
	}
}

func TestTakesALocalArchive(t *testing.T) {
	t.Parallel()
	for _, beside := range []bool{true, false} {
		t.Run(fmt.Sprintf("checksums beside it %v", beside), func(t *testing.T) {
			t.Parallel()
			box := newSandbox(t)
			box.lack(t, "curl")
			r, dir, sums := newRelease("linux_amd64"), t.TempDir(), "checksums.txt"
			if !beside {
				sums = "elsewhere/sums"
				box.env = []string{"HELM_LIVEKIT_CHECKSUMS=" + filepath.Join(dir, sums)}
			}
			write(t, filepath.Join(dir, linuxArchive), 0o644, string(r[linuxArchive]))
			write(t, filepath.Join(dir, sums), 0o644, string(r["checksums.txt"]))
			box.env = append(box.env, "HELM_LIVEKIT_ARCHIVE="+filepath.Join(dir, linuxArchive))
			if out, err := box.install(t); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			equal(t, "the binary", box.installed(t, "helm-livekit"), fakeBinary)
			if _, err := os.Stat(filepath.Join(dir, linuxArchive)); err != nil {
				t.Error("the archive was moved away:", err)
			}
		})
	}
}

func TestSkips(t *testing.T) {
	t.Parallel()
	box := newSandbox(t)
	box.env = []string{"HELM_LIVEKIT_SKIP_INSTALL=1", "HELM_LIVEKIT_BASE_URL=" + newRelease("linux_amd64").serve(t)}
	if out, err := box.install(t); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	equal(t, "the binary", box.installed(t, "helm-livekit"), "")
}

// A binary may be a link to a build elsewhere. It is replaced; what it points to
// is not overwritten.
func TestReplacesALink(t *testing.T) {
	t.Parallel()
	box := newSandbox(t)
	target := filepath.Join(t.TempDir(), "build")
	write(t, target, 0o755, "a build")
	makeDir(t, filepath.Join(box.plugin, "bin"))
	if err := os.Symlink(target, filepath.Join(box.plugin, "bin/helm-livekit")); err != nil {
		t.Fatal(err)
	}
	box.env = []string{"HELM_LIVEKIT_BASE_URL=" + newRelease("linux_amd64").serve(t)}
	if out, err := box.install(t); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	equal(t, "the binary", box.installed(t, "helm-livekit"), fakeBinary)
	data, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "the build that it pointed to", string(data), "a build")
}

func TestInterruptedInTheMiddleOfTheArchive(t *testing.T) {
	// A test run may have been started with signals ignored, as nohup does it, and
	// a shell cannot take that back. What is watched here is not ignored by
	// what is started from here.
	watched := make(chan os.Signal, 1)
	signal.Notify(watched, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(watched) })
	t.Parallel()
	for _, sent := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGKILL} {
		t.Run(sent.String(), func(t *testing.T) {
			t.Parallel()
			box := newSandbox(t)
			box.fakeGo(t) // which must not be asked
			url, middle := newRelease("linux_amd64").stalled(t, linuxArchive)
			box.env = []string{"HELM_LIVEKIT_BASE_URL=" + url}
			cmd := box.command()
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			select {
			case <-middle:
			case <-time.After(20 * time.Second):
				t.Error("the archive was never asked for")
			}
			_ = syscall.Kill(-cmd.Process.Pid, sent)
			if err := cmd.Wait(); err == nil {
				t.Error("an interrupted installation must not succeed")
			}
			equal(t, "the binary", box.installed(t, "helm-livekit"), "")
			if sent != syscall.SIGKILL {
				box.expectClean(t)
			}
		})
	}
}

// Killed at any moment, the script leaves the old binary or the new one.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	box := newSandbox(t)
	box.env = []string{"HELM_LIVEKIT_BASE_URL=" + newRelease("linux_amd64").serve(t)}
	const old = "#!/bin/sh\necho old\n"
	seen := map[string]int{}
	for delay := time.Millisecond; delay < 200*time.Millisecond; delay += 5 * time.Millisecond {
		write(t, filepath.Join(box.plugin, "bin/helm-livekit"), 0o755, old)
		cmd := box.command()
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(delay)
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		got := box.installed(t, "helm-livekit")
		seen[got]++
		if got != old && got != fakeBinary {
			t.Fatalf("killed after %v: half a binary, %q", delay, got)
		}
	}
	if seen[old] == 0 {
		t.Error("no kill came before the end")
	}
}

// What a killed run left is taken away a day later, not sooner: it may still run.
func TestTakesAwayOldLeftovers(t *testing.T) {
	t.Parallel()
	box := newSandbox(t)
	box.env = []string{"HELM_LIVEKIT_BASE_URL=" + newRelease("linux_amd64").serve(t)}
	stale, fresh := filepath.Join(box.plugin, "bin/.install.stale"), filepath.Join(box.plugin, "bin/.install.fresh")
	for _, dir := range []string{stale, fresh} {
		write(t, filepath.Join(dir, "half"), 0o644, "half")
	}
	before := time.Now().Add(-48 * time.Hour)
	if err := os.Chtimes(stale, before, before); err != nil {
		t.Fatal(err)
	}
	if out, err := box.install(t); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if _, err := os.Stat(stale); !os.IsNotExist(err) {
		t.Errorf("the old leftover is still there: %v", err)
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Errorf("a fresh one may be in use: %v", err)
	}
}

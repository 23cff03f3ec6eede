//go:build unix

package report

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is a headless Chromium with one tab.
type browser struct {
	t   *testing.T
	ctx context.Context
	// scriptless is whether the page may run no script.
	scriptless bool

	// What the page did that it should not.
	mu       sync.Mutex
	requests []string
	errors   []string
}

// findBrowser gives the program in CHROME_BIN, or one on the path.
func findBrowser(t *testing.T) string {
	t.Helper()
	if bin := os.Getenv("CHROME_BIN"); bin != "" {
		return bin
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if bin, err := exec.LookPath(name); err == nil {
			return bin
		}
	}
	t.Skip("no browser: set CHROME_BIN, or install Chromium")
	return ""
}

// startBrowser starts a browser that ends with the test.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(findBrowser(t)),
		chromedp.WindowSize(1440, 1000), chromedp.WSURLReadTimeout(time.Minute))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // the sandbox refuses root
	}
	allocated, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	// It complains of events that are newer than it is.
	ctx, cancel := chromedp.NewContext(allocated, chromedp.WithErrorf(func(string, ...any) {}))
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits until the browser has ended and its folder is gone
		cancel()
	})
	b := &browser{t: t, ctx: ctx}
	chromedp.ListenTarget(ctx, b.note)
	b.run(page.Enable(), runtime.Enable(), network.Enable(), log.Enable(), page.BringToFront(),
		emulation.SetFocusEmulationEnabled(true))
	return b
}

// note keeps what the page asks for and complains about.
func (b *browser) note(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *runtime.EventExceptionThrown:
		b.errors = append(b.errors, e.ExceptionDetails.Error())
	case *log.EventEntryAdded:
		b.errors = append(b.errors, e.Entry.Text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError {
			b.errors = append(b.errors, fmt.Sprint(e.Args))
		}
	case *page.EventJavascriptDialogOpening:
		b.errors = append(b.errors, "a dialog opened: "+e.Message)
	}
}

func (b *browser) run(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// open writes a page to a file and shows it, with a fragment, escaped.
func (b *browser) open(data []byte, fragment string) {
	b.t.Helper()
	b.mu.Lock()
	b.requests, b.errors = nil, nil
	b.mu.Unlock()
	file := filepath.Join(b.t.TempDir(), "page.html")
	if err := os.WriteFile(file, data, 0o644); err != nil {
		b.t.Fatal(err)
	}
	u := url.URL{Scheme: "file", Path: file}
	b.run(chromedp.Navigate(u.String() + "#" + fragment))
	b.wait(`document.readyState === "complete" && location.protocol === "file:"`)
	b.settle()
}

func (b *browser) reload() {
	b.t.Helper()
	b.run(chromedp.Reload())
}

// eval gives the value of an expression, which may be a promise.
func (b *browser) eval(expression string) any {
	b.t.Helper()
	var out any
	err := chromedp.Run(b.ctx,
		chromedp.Evaluate(expression, &out, func(p *runtime.EvaluateParams) *runtime.EvaluateParams {
			return p.WithAwaitPromise(true)
		}))
	// An expression without a value is no mistake.
	if err != nil && !errors.Is(err, chromedp.ErrJSUndefined) && !errors.Is(err, chromedp.ErrJSNull) {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return out
}

func (b *browser) text(expression string) string {
	b.t.Helper()
	return fmt.Sprint(b.eval(expression))
}

func (b *browser) number(expression string) int {
	b.t.Helper()
	n, ok := b.eval(expression).(float64)
	if !ok {
		b.t.Fatalf("%s gives no number", expression)
	}
	return int(n)
}

// settle waits until the page has drawn.
func (b *browser) settle() {
	b.t.Helper()
	if b.scriptless {
		time.Sleep(200 * time.Millisecond) // nothing in the page could tell
		return
	}
	b.eval(`new Promise((done) =>
		requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(true), 0))))`)
}

func (b *browser) wait(condition string) {
	b.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if b.eval(condition) == true {
			return
		}
	}
	b.t.Fatalf("waited in vain for %s", condition)
}

// keyCodes are those of keys that are no letters.
var keyCodes = map[string]int64{
	"Enter": 13, "Escape": 27, "Tab": 9, "End": 35, "Home": 36,
	"ArrowUp": 38, "ArrowDown": 40, "ArrowRight": 39, "/": 191, "?": 191,
}

// press presses keys as a person would. chromedp.KeyEvent would send a character
// even where the page has handled the key.
func (b *browser) press(keys ...string) {
	b.t.Helper()
	for _, key := range keys {
		down := input.DispatchKeyEvent(input.KeyDown).WithKey(key).WithWindowsVirtualKeyCode(keyCodes[key])
		switch {
		case key == "Enter":
			down = down.WithText("\r")
		case len(key) == 1:
			down = down.WithText(key)
			if keyCodes[key] == 0 {
				down = down.WithWindowsVirtualKeyCode(int64(strings.ToUpper(key)[0]))
			}
		}
		b.run(down, input.DispatchKeyEvent(input.KeyUp).WithKey(key))
	}
	b.settle()
}

// scripts lets pages run scripts, or not.
func (b *browser) scripts(may bool) {
	b.t.Helper()
	b.scriptless = !may
	b.run(emulation.SetScriptExecutionDisabled(!may))
}

// look is how the page is seen: "light", "dark", or "print".
func (b *browser) look(how string) {
	b.t.Helper()
	scheme, media := how, ""
	if how == "print" {
		scheme, media = "light", "print"
	}
	b.run(emulation.SetEmulatedMedia().WithMedia(media).
		WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
	b.settle()
}

func (b *browser) size(width, height int64) {
	b.t.Helper()
	b.run(chromedp.EmulateViewport(width, height))
	b.settle()
}

// picture writes what is seen to a file in the folder of DRIFT_PICTURES, if that is
// set: to look at, not to compare.
func (b *browser) picture(name string) {
	b.t.Helper()
	dir := os.Getenv("DRIFT_PICTURES")
	if dir == "" {
		return
	}
	var data []byte
	b.run(chromedp.CaptureScreenshot(&data))
	if err := os.WriteFile(filepath.Join(dir, name+".png"), data, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// wellBehaved fails where the page said an error, or asked for more than itself.
func (b *browser) wellBehaved() {
	b.t.Helper()
	b.settle()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.errors {
		b.t.Errorf("the page: %s", e)
	}
	files := map[string]bool{}
	for _, r := range b.requests {
		if !strings.HasPrefix(r, "file://") && !strings.HasPrefix(r, "about:") && r != "data:," {
			b.t.Errorf("the page asked for %s", r)
		}
		if name, _, _ := strings.Cut(r, "#"); strings.HasPrefix(name, "file://") {
			files[name] = true
		}
	}
	if len(files) > 1 {
		b.t.Errorf("the page asked for other files: %v", files)
	}
}

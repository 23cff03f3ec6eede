//go:build unix

package report

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// browser is a headless Chromium that is driven over a pipe by its DevTools
// protocol (chromedevtools.github.io/devtools-protocol): JSON messages that end in a
// zero byte, to file 3 of the process and from its file 4.
type browser struct {
	t       *testing.T
	to      io.Writer
	session string
	// scriptless is whether the page may run no script.
	scriptless bool

	mu      sync.Mutex
	last    int
	answers map[int]chan message

	// What the page did that it should not.
	requests []string
	errors   []string
}

type message struct {
	ID     int             `json:"id,omitempty"`
	Method string          `json:"method,omitempty"`
	Params json.RawMessage `json:"params,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
	Session string `json:"sessionId,omitempty"`
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
	bin := findBrowser(t)
	args := []string{"--headless=new", "--remote-debugging-pipe", "--user-data-dir=" + t.TempDir(), "--no-first-run", "--disable-gpu",
		"--disable-extensions", "--disable-background-networking", "--disable-dev-shm-usage", "--hide-scrollbars", "--window-size=1440,1000"}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox") // the sandbox refuses root
	}
	in, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	from, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, append(args, "about:blank")...)
	cmd.ExtraFiles = []*os.File{in, out}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", bin, err)
	}
	in.Close()
	out.Close()
	b := &browser{t: t, to: to, answers: map[int]chan message{}}
	go b.read(from)
	t.Cleanup(func() {
		_, _ = fmt.Fprintf(to, `{"id":1000000,"method":"Browser.close"}`+"\x00")
		ended := make(chan struct{})
		go func() { _ = cmd.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
		to.Close()
		from.Close()
	})
	b.attach()
	return b
}

// attach opens a tab and listens to it.
func (b *browser) attach() {
	var target struct{ TargetID string }
	b.into(&target, "Target.createTarget", map[string]any{"url": "about:blank"})
	var attached struct{ SessionID string }
	b.into(&attached, "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true})
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Network", "Log"} {
		b.call(domain+".enable", nil)
	}
	b.call("Page.bringToFront", nil)
	b.call("Emulation.setFocusEmulationEnabled", map[string]any{"enabled": true})
}

func (b *browser) read(from io.Reader) {
	r := bufio.NewReaderSize(from, 1<<16)
	for {
		data, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(data[:len(data)-1], &m) == nil {
			b.hear(m)
		}
	}
}

func (b *browser) hear(m message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if m.ID != 0 {
		if answer := b.answers[m.ID]; answer != nil {
			delete(b.answers, m.ID)
			answer <- m
		}
		return
	}
	switch m.Method {
	case "Network.requestWillBeSent":
		var p struct{ Request struct{ URL string } }
		_ = json.Unmarshal(m.Params, &p)
		b.requests = append(b.requests, p.Request.URL)
	case "Runtime.exceptionThrown", "Log.entryAdded":
		b.errors = append(b.errors, string(m.Params))
	case "Runtime.consoleAPICalled":
		if strings.Contains(string(m.Params), `"type":"error"`) {
			b.errors = append(b.errors, string(m.Params))
		}
	case "Page.javascriptDialogOpening":
		b.errors = append(b.errors, "a dialog opened: "+string(m.Params))
	}
}

// call sends a command and waits for its answer.
func (b *browser) call(method string, params any) json.RawMessage {
	b.t.Helper()
	raw, err := json.Marshal(params)
	if err != nil {
		b.t.Fatal(err)
	}
	answer := make(chan message, 1)
	b.mu.Lock()
	b.last++
	m := message{ID: b.last, Method: method, Session: b.session}
	if params != nil {
		m.Params = raw
	}
	b.answers[m.ID] = answer
	b.mu.Unlock()
	data, err := json.Marshal(m)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.to.Write(append(data, 0)); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
	select {
	case m := <-answer:
		if m.Error != nil {
			b.t.Fatalf("%s: %s", method, m.Error.Message)
		}
		return m.Result
	case <-time.After(30 * time.Second):
		b.t.Fatalf("%s: the browser does not answer", method)
		return nil
	}
}

func (b *browser) into(out any, method string, params any) {
	b.t.Helper()
	if err := json.Unmarshal(b.call(method, params), out); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
}

// open writes a page to a file and shows it, with a fragment, escaped.
func (b *browser) open(page []byte, fragment string) {
	b.t.Helper()
	b.mu.Lock()
	b.requests, b.errors = nil, nil
	b.mu.Unlock()
	file := filepath.Join(b.t.TempDir(), "page.html")
	if err := os.WriteFile(file, page, 0o644); err != nil {
		b.t.Fatal(err)
	}
	u := url.URL{Scheme: "file", Path: file}
	b.call("Page.navigate", map[string]any{"url": u.String() + "#" + fragment})
	b.wait(`document.readyState === "complete" && location.protocol === "file:"`)
	b.settle()
}

// eval gives the value of an expression, which may be a promise.
func (b *browser) eval(expression string) any {
	b.t.Helper()
	var out struct {
		Result           struct{ Value any }
		ExceptionDetails json.RawMessage
	}
	b.into(&out, "Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true})
	if out.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", expression, out.ExceptionDetails)
	}
	return out.Result.Value
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
	b.eval(`new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0))))`)
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
var keyCodes = map[string]int{"Enter": 13, "Escape": 27, "Tab": 9, "End": 35, "Home": 36, "ArrowUp": 38, "ArrowDown": 40, "ArrowRight": 39, "/": 191, "?": 191}

// press presses keys as a person would.
func (b *browser) press(keys ...string) {
	b.t.Helper()
	for _, key := range keys {
		p := map[string]any{"type": "keyDown", "key": key, "windowsVirtualKeyCode": keyCodes[key]}
		if key == "Enter" {
			p["text"] = "\r"
		}
		if len(key) == 1 {
			p["text"] = key
			if keyCodes[key] == 0 {
				p["windowsVirtualKeyCode"] = int(strings.ToUpper(key)[0])
			}
		}
		b.call("Input.dispatchKeyEvent", p)
		b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key})
	}
	b.settle()
}

// scripts lets pages run scripts, or not.
func (b *browser) scripts(may bool) {
	b.t.Helper()
	b.scriptless = !may
	b.call("Emulation.setScriptExecutionDisabled", map[string]any{"value": !may})
}

// look is how the page is seen: "light", "dark", or "print".
func (b *browser) look(how string) {
	b.t.Helper()
	scheme, media := how, ""
	if how == "print" {
		scheme, media = "light", "print"
	}
	b.call("Emulation.setEmulatedMedia", map[string]any{"media": media, "features": []any{map[string]string{"name": "prefers-color-scheme", "value": scheme}}})
	b.settle()
}

func (b *browser) size(width, height int) {
	b.t.Helper()
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false})
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
	var shot struct{ Data string }
	b.into(&shot, "Page.captureScreenshot", map[string]any{"format": "png"})
	data, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), data, 0o644)
	}
	if err != nil {
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
	for _, r := range b.requests {
		if !strings.HasPrefix(r, "file://") && !strings.HasPrefix(r, "about:") && r != "data:," {
			b.t.Errorf("the page asked for %s", r)
		}
	}
	files := map[string]bool{}
	for _, r := range b.requests {
		if name, _, _ := strings.Cut(r, "#"); strings.HasPrefix(name, "file://") {
			files[name] = true
		}
	}
	if len(files) > 1 {
		b.t.Errorf("the page asked for other files: %v", files)
	}
}

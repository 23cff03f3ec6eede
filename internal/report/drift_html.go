package report

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/drift"
)

// driftPage is the page's parts: its frame, one style, and the scripts in the order in which they are joined.
//
//go:embed driftpage/*.js driftpage/page.html
var driftPage embed.FS

//go:embed driftpage/page.css
var pageStyle string

var driftScripts = []string{"dom.js", "diff.js", "model.js", "rows.js", "detail.js", "overview.js", "main.js"}

// DriftHTML prints one page that needs nothing besides itself: no network, no other file. It carries the whole report;
// the options say what is shown at first.
func DriftHTML(w io.Writer, r *drift.Report, o DriftOptions) error {
	script, err := pageScript()
	if err != nil {
		return err
	}
	v := newView(r, o)
	data, err := json.Marshal(newPageData(v))
	if err != nil {
		return fmt.Errorf("write the page's data: %w", err)
	}
	frame, err := template.New("page.html").Funcs(functions).ParseFS(driftPage, "driftpage/page.html")
	if err != nil {
		return fmt.Errorf("read the page's frame: %w", err)
	}
	var b bytes.Buffer
	err = frame.Execute(&b, map[string]any{
		"Policy": pagePolicy(pageStyle, script),
		"Style":  template.CSS(pageStyle),
		"Script": template.JS(script),
		// json.Marshal has written <, >, &, U+2028 and U+2029 as \u escapes, so no value ends the element.
		"Data":   template.JS(data),
		"Report": v,
	})
	if err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// pageScript gives the scripts as one, with nothing global.
func pageScript() (string, error) {
	var b strings.Builder
	b.WriteString("\"use strict\";\n(() => {\n")
	for _, name := range driftScripts {
		js, err := driftPage.ReadFile("driftpage/" + name)
		if err != nil {
			return "", fmt.Errorf("read the page's script: %w", err)
		}
		b.Write(js)
	}
	b.WriteString("})();\n")
	return b.String(), nil
}

// pagePolicy forbids the page everything but its own style and script: no network, no frames, no forms, no text that
// becomes markup.
func pagePolicy(style, script string) string {
	hash := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return strings.Join([]string{
		"default-src 'none'", "script-src " + hash(script), "style-src " + hash(style), "img-src data:",
		"base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
	}, "; ")
}

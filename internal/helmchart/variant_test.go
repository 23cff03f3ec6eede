package helmchart

import "testing"

// What sprig gives anew each time is the same in a bare chart; names and texts that only look like it stay.
func TestCheap(t *testing.T) {
	for text, want := range map[string]string{
		`{{ now | date "now" }}`:                      `{{ (toDate "2006-01-02" "2024-01-02") | date "now" }}`,
		`{{ default (randAlphaNum 8) .Values.p }}`:    `{{ default (print "zqtext" 8) .Values.p }}`,
		`{{- range keys .Values.m -}}`:                `{{- range keys .Values.m | sortAlpha -}}`,
		`{{ join "," (keys $m) }}`:                    `{{ join "," (keys $m | sortAlpha) }}`,
		`{{ .Values.m | keys | first }}`:              `{{ .Values.m | keys | sortAlpha | first }}`,
		`{{ $k := keys $.Values.m }}`:                 `{{ $k := keys $.Values.m | sortAlpha }}`,
		`{{ keys $a $b | len }}`:                      `{{ keys $a $b | len }}`,
		`{{ fail "set htpasswd, now" }}`:              `{{ fail "set htpasswd, now" }}`,
		`{{ .Values.keys }}{{ .Values.now }}`:         `{{ .Values.keys }}{{ .Values.now }}`,
		`{{ $keys }}{{ .Values.shuffle }} now (keys)`: `{{ $keys }}{{ .Values.shuffle }} now (keys)`,
		`{{/* now "is" the time */}}`:                 `{{/* now "is" the time */}}`,
	} {
		if got := string(cheap([]byte(text))); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", text, got, want)
		}
	}
}

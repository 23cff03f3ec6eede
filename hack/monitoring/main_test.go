package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const manifests = `
apiVersion: v1
kind: ConfigMap
metadata: {name: dashboard}
data:
  a.json: |-
    {"templating": {"list": [{"name": "job", "current": {"value": "$__all"}}]},
     "panels": [{"title": "Rooms", "targets": [{"expr": "rooms{job=~\"$job\"}[$__rate_interval]"}]}]}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: rules}
spec: {groups: [{name: a, rules: [{alert: Down, expr: up == 0}]}]}
`

// A panel without data fails; an alert that does not fire, does not.
func TestPanelsNeedData(t *testing.T) {
	for result, ok := range map[string]bool{`{"value": [1, "7"]}`: true, `{"value": [1, "NaN"]}`: false, "": false} {
		var asked []string
		prometheus := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			expression := r.FormValue("query")
			asked = append(asked, expression)
			if strings.HasPrefix(expression, "up") {
				_, _ = w.Write([]byte(`{"data": {"result": []}}`))
				return
			}
			_, _ = w.Write([]byte(`{"data": {"result": [` + result + `]}}`))
		}))
		defer prometheus.Close()
		queries, err := read(strings.NewReader(manifests), "1m")
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		err = run(t.Context(), &out, prometheus.URL, queries)
		if (err == nil) != ok {
			t.Errorf("with the result %q: %v\n%s", result, err, &out)
		}
		if want := `rooms{job=~".*"}[1m] up == 0`; strings.Join(asked, " ") != want {
			t.Errorf("it asked %q, want %q", asked, want)
		}
	}
}

func TestRefusedQuery(t *testing.T) {
	prometheus := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"error": "parse error"}`))
	}))
	defer prometheus.Close()
	err := run(t.Context(), &bytes.Buffer{}, prometheus.URL, []query{{"a", "b", true}})
	if err == nil || !strings.Contains(err.Error(), "parse error") {
		t.Errorf("a refused query gives %v", err)
	}
}

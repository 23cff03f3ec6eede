// Command monitoring asks a Prometheus everything that a rendered chart's dashboard and alert rules ask, and says what
// has data. docs/monitoring.md has the whole procedure:
//
//	helm template rel CHART --values FILE | go run ./hack/monitoring --prometheus http://127.0.0.1:9090
//
// It ends with code 1 where a panel has no data, or a query is refused.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// query is one question to Prometheus, and what asks it.
type query struct {
	about, expression string
	mayBeEmpty        bool // an alert has data only while it fires
}

func main() {
	server := flag.String("prometheus", "http://127.0.0.1:9090", "`URL` of Prometheus")
	interval := flag.String("interval", "1m", "`time` that stands for Grafana's $__rate_interval")
	flag.Parse()
	queries, err := read(os.Stdin, *interval)
	if err == nil {
		err = run(context.Background(), os.Stdout, *server, queries)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "monitoring:", err)
		os.Exit(1)
	}
}

// read finds the queries in rendered objects.
func read(in io.Reader, interval string) ([]query, error) {
	data, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	objects, err := manifest.Parse("stdin", data)
	if err != nil {
		return nil, err
	}
	var out []query
	for _, o := range objects {
		switch o.Kind() {
		case "PrometheusRule":
			out = append(out, alerts(o)...)
		case "ConfigMap":
			for name, text := range o.TextMap("data") {
				if strings.HasSuffix(name, ".json") {
					found, err := panels(text, interval)
					if err != nil {
						return nil, fmt.Errorf("%s: %s: %w", o, name, err)
					}
					out = append(out, found...)
				}
			}
		}
	}
	return out, nil
}

func alerts(o manifest.Object) []query {
	var out []query
	for _, g := range o.List("spec", "groups") {
		group, _ := g.(map[string]any)
		for _, r := range (manifest.Object{Fields: group}).List("rules") {
			fields, _ := r.(map[string]any)
			rule := manifest.Object{Fields: fields}
			out = append(out, query{"alert " + rule.Text("alert"), rule.Text("expr"), true})
		}
	}
	return out
}

// panels gives the queries of a dashboard, with its variables as they are chosen at first.
func panels(text, interval string) ([]query, error) {
	var dashboard struct {
		Templating struct {
			List []struct {
				Name    string
				Current struct{ Value string }
			}
		}
		Panels []struct {
			Title   string
			Targets []struct{ Expr, LegendFormat string }
		}
	}
	if err := json.Unmarshal([]byte(text), &dashboard); err != nil {
		return nil, err
	}
	variables := []string{"$__rate_interval", interval}
	for _, v := range dashboard.Templating.List {
		variables = append(variables, "$"+v.Name, strings.Replace(v.Current.Value, "$__all", ".*", 1))
	}
	var out []query
	for _, p := range dashboard.Panels {
		for _, t := range p.Targets {
			expression := strings.NewReplacer(variables...).Replace(t.Expr)
			out = append(out, query{about: p.Title + ": " + t.LegendFormat, expression: expression})
		}
	}
	return out, nil
}

// run asks the queries and prints how many series each gives.
func run(ctx context.Context, w io.Writer, server string, queries []query) error {
	empty := 0
	for _, q := range queries {
		values, err := ask(ctx, server, q.expression)
		if err != nil {
			return fmt.Errorf("%s: %w", q.about, err)
		}
		if len(values) == 0 && !q.mayBeEmpty {
			empty++
		}
		fmt.Fprintf(w, "%d\t%s\t%s\n", len(values), q.about, strings.Join(values, " "))
	}
	if empty > 0 || len(queries) == 0 {
		return fmt.Errorf("%d of %d queries have no data", empty, len(queries))
	}
	return nil
}

// ask gives the values of an instant query.
func ask(ctx context.Context, server, expression string) ([]string, error) {
	address := server + "/api/v1/query?query=" + url.QueryEscape(expression)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var answer struct {
		Error string
		Data  struct {
			Result []struct{ Value [2]any }
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, err
	}
	if answer.Error != "" {
		return nil, fmt.Errorf("%s: %s", expression, answer.Error)
	}
	var out []string
	for _, r := range answer.Data.Result {
		if text := fmt.Sprint(r.Value[1]); text != "NaN" {
			out = append(out, text)
		}
	}
	return out, nil
}

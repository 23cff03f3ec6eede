package names

import "testing"

// Files around a chart are its values by where they lie and what they are called.
func TestJudgeFile(t *testing.T) {
	const no = "-" // not the chart's
	for _, c := range []struct {
		file    string
		inChart bool
		stage   string
		isNamed bool
	}{
		{"values-dev.yaml", true, "dev", true},
		{"values.prod-eu.yaml", true, "prod-eu", true},
		{"values-acme.yaml", true, "acme", true},
		{"values/staging.yml", true, "staging", true},
		{"env/prod/values.yaml", true, "prod", true},
		{"values.yaml", true, no, false},
		{"values.schema.yaml", true, no, false},
		{"values-ci.yaml", true, no, false},
		{"values.example.yaml", true, no, false},
		{"config/prometheus.yaml", true, no, false},
		{"values-dev.yaml", false, "dev", false},
		{"env/prod/shop.yaml", false, "prod", true},
		{"env/customer-a/shop.yaml", false, "customer-a", true},
		{"env/prod/common.yaml", false, "prod", false},
		{"env/prod/billing.yaml", false, no, false},
		{"values/shop.yaml", false, "", true},
		{"values/shop-live.yaml", false, "live", true},
		{"values/billing.yaml", false, no, false},
		{"dev/shop/values.yaml", false, "dev", true},
		{"docker-compose.dev.yaml", false, no, false},
		{"shop.yaml", false, "", true},
	} {
		got, ok := judgeFile("/r", c.file, "shop", c.inChart)
		switch {
		case c.stage == no && ok:
			t.Errorf("%s (in the chart: %v) counts, as %q", c.file, c.inChart, got.stage)
		case c.stage != no && (!ok || got.stage != c.stage || got.isNamed != c.isNamed):
			t.Errorf("%s (in the chart: %v) is %v, %+v, want stage %q", c.file, c.inChart, ok, got, c.stage)
		}
	}
}

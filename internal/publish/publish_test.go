package publish

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What fails its check goes nowhere, and a check that failed goes before what the
// registry says.
func TestRunPushesNothingUnchecked(t *testing.T) {
	noCredentials(t)
	f := newFake(t)
	o := f.options(t)
	o.Package = PackOptions{Dir: newChart(t, nil), Time: defaultTime(t)}
	o.Destination = filepath.Join(t.TempDir(), "out")
	failed := errors.New("it fails its checks")
	o.Check = func(context.Context) ([]byte, error) { return nil, failed }
	if _, err := Run(context.Background(), o); !errors.Is(err, failed) {
		t.Errorf("got %v", err)
	}
	o.AlsoTag = []string{"not a tag"}
	if _, err := Run(context.Background(), o); !errors.Is(err, failed) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(o.Destination); err == nil || len(f.writes()) > 0 {
		t.Errorf("it wrote %v and %s", f.writes(), o.Destination)
	}
}

func TestRunAttachesTheReport(t *testing.T) {
	noCredentials(t)
	f := newFake(t)
	o := f.options(t)
	o.Package = PackOptions{Dir: newChart(t, nil), Time: defaultTime(t)}
	o.Check = func(context.Context) ([]byte, error) { return []byte(`{"checks": 1}`), nil }
	o.Attach = []string{AttachReport, AttachSBOM}
	r, err := Run(context.Background(), o)
	if err != nil || len(r.Attached) != 2 {
		t.Fatalf("got %+v, %v", r, err)
	}
	m := mustBePulled(t, f, r.Attached[0])
	if m.ArtifactType != ReportType || m.Layers[0].Size != int64(len(`{"checks": 1}`)) {
		t.Errorf("attached %+v", m)
	}
	mustBePulled(t, f, "1.0.0")
}

func TestValidate(t *testing.T) {
	check := func(context.Context) ([]byte, error) { return nil, nil }
	for want, o := range map[string]Options{
		"--sign is given":      {Tries: 1, Sign: &Key{}},
		"--dry-run writes":     {Tries: 1, DryRun: true, DependencyUpdate: true},
		"--retries -1":         {},
		`not know "photo"`:     {Tries: 1, Attach: []string{"photo"}},
		"--no-verify makes no": {Tries: 1, Attach: []string{AttachReport}},
	} {
		if err := o.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if err := (Options{Tries: 1, Check: check, Attach: []string{AttachReport, AttachSBOM}}).Validate(); err != nil {
		t.Error(err)
	}
}

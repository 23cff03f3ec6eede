package report

import (
	"fmt"
	"io"
	"text/tabwriter"
	"text/template"

	"github.com/helm-livekit/helm-livekit/internal/selftest"
)

// SelfTest prints how well the charts of a repository are predicted from each other, fact by fact and chart by chart.
func SelfTest(w io.Writer, r *selftest.Result) error {
	row := func(name string, s selftest.Score, misses []selftest.Miss) string {
		text := fmt.Sprintf("%s\t%d of %d", name, s.Agree, s.Of)
		if s.Of == 0 {
			text = name + "\tthe others say nothing"
		}
		if len(misses) > 0 {
			m := misses[0]
			text += fmt.Sprintf("\t%s has %s, predicted %s", m.Chart, oneLine(m.Says), oneLine(m.Predicted))
		}
		if n := len(misses) - 1; n > 0 {
			text += fmt.Sprintf("; %d more", n)
		}
		return text + "\n"
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if err := fill(t, "selftest", template.FuncMap{"row": row}, r); err != nil {
		return err
	}
	return t.Flush()
}

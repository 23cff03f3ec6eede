package report

import (
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/verify"
)

func TestVerifyInColor(t *testing.T) {
	r := &verify.Report{Checks: []verify.Check{
		{Name: "lint", Status: verify.Pass, Detail: "fine"},
		{Name: "render", Status: verify.Fail, Detail: "one\ntwo", Remedy: "do this"},
		{Name: "media", Status: verify.Skip, Detail: "see render"},
		{Name: "ports", Status: verify.Skip, Detail: "see render"},
	}}
	for _, test := range []struct {
		o    VerifyOptions
		want string
	}{
		{VerifyOptions{}, `ok    lint                  fine
FAIL  render                one
                            two
                         -> do this
-     2 checks              see render

1 passed, 1 failed, 0 warned, 2 skipped
`},
		{VerifyOptions{Color: true, All: true}, "\x1b[32mok   \x1b[0m lint                  fine\n" +
			"\x1b[1;31mFAIL \x1b[0m render                one\n" + strings.Repeat(" ", 28) + "two\n" +
			strings.Repeat(" ", 25) + "-> do this\n" +
			"\x1b[2m-    \x1b[0m media                 see render\n" +
			"\x1b[2m-    \x1b[0m ports                 see render\n" +
			"\n1 passed, 1 failed, 0 warned, 2 skipped\n"},
	} {
		var b strings.Builder
		if err := Verify(&b, r, test.o); err != nil {
			t.Fatal(err)
		}
		if b.String() != test.want {
			t.Errorf("%+v:\n%q\nwant\n%q", test.o, b.String(), test.want)
		}
	}
}

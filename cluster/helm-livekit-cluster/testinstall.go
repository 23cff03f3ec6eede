package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/helm-livekit/helm-livekit/cluster/internal/kube"
	"github.com/helm-livekit/helm-livekit/cluster/internal/testinstall"
	"github.com/helm-livekit/helm-livekit/internal/cluster"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// runTestInstall reads a plan from stdin and prints its report on stdout, both as JSON, and
// progress on stderr. A test that is interrupted removes what it made and prints no
// report.
func runTestInstall(ctx context.Context, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	var plan cluster.Plan
	plans := json.NewDecoder(stdin)
	plans.DisallowUnknownFields()
	if err := plans.Decode(&plan); err != nil {
		return printError(stderr, remedy.Errorf("run helm livekit verify --install, of the same version as this binary",
			"the plan on standard input cannot be read: %w", err))
	}
	if plan.Attached {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		defer cancel()
		go func() {
			_, _ = io.Copy(io.Discard, stdin)
			cancel()
		}()
	}
	client, err := kube.Connect(getenv)
	if err != nil {
		return printError(stderr, err)
	}
	report, err := testinstall.Run(ctx, client, plan, lines(stderr, true))
	if err != nil {
		return printError(stderr, err)
	}
	if err := json.NewEncoder(stdout).Encode(report); err != nil {
		return printError(stderr, fmt.Errorf("the report: %w", err))
	}
	if report.Failed() {
		return exitFailed
	}
	return exitOK
}

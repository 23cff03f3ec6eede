package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/helm-livekit/helm-livekit/call/internal/call"
	"github.com/helm-livekit/helm-livekit/call/internal/remedy"
)

// The exit codes: every asked path is proven; the work could not be done; a
// path is not proven.
const (
	exitProven   = 0
	exitError    = 1
	exitUnproven = 2
)

func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	s, err := parse(args, getenv, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitProven
	}
	if err != nil {
		return complain(stderr, err)
	}
	if s.version {
		fmt.Fprintln(stdout, version)
		return exitProven
	}
	end := make(chan struct{}) // after ctx, for the farewell goes through it as well
	defer close(end)
	if err := s.connect(ctx, end); err != nil {
		return complain(stderr, err)
	}
	r := call.Run(ctx, s.options)
	if s.json {
		err = json.NewEncoder(stdout).Encode(r)
	} else {
		err = write(stdout, r)
	}
	switch {
	case err != nil:
		return complain(stderr, err)
	case !r.OK:
		return exitUnproven
	default:
		return exitProven
	}
}

func complain(stderr io.Writer, err error) int {
	fmt.Fprintf(stderr, "Error: %v\n", err)
	if step := remedy.Step(err); step != "" {
		fmt.Fprintf(stderr, "%s\n", step)
	}
	return exitError
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"

	"github.com/helm-livekit/helm-livekit/cluster/internal/call"
)

func runCall(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	s, err := parse(args, getenv, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	if err != nil {
		return printError(stderr, err)
	}
	end := make(chan struct{}) // after ctx, for leaving the room goes through it as well
	defer close(end)
	if err := s.connect(ctx, end); err != nil {
		return printError(stderr, err)
	}
	r := call.Run(ctx, s.options)
	if s.json {
		err = json.NewEncoder(stdout).Encode(r)
	} else {
		err = write(stdout, r)
	}
	switch {
	case err != nil:
		return printError(stderr, err)
	case !r.OK:
		return exitFailed
	default:
		return exitOK
	}
}

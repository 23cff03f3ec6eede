// Command helm-livekit-cluster does what helm livekit needs a cluster for: it
// installs a chart in a namespace of its own to test it, and makes calls over WebRTC. It is a
// binary of its own because WebRTC and the Kubernetes client weigh as much as
// the plugin itself.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// version is set by the linker.
var version = "dev"

// The exit codes: all is well; the work could not be done; it was done, and
// something is wrong.
const (
	exitOK     = 0
	exitError  = 1
	exitFailed = 2
)

const help = `Does what helm livekit needs a cluster for.

Usage:
  helm-livekit-cluster call [flags]   make calls, and say which ways of media were proven
  helm-livekit-cluster trial          try a chart; helm livekit verify --install runs this
  helm-livekit-cluster version

Exit codes: 0 all is well; 1 the work could not be done; 2 it was done, and something is wrong.
`

func main() {
	// Whoever reads what this prints may be gone before what was made is removed.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(
	ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer,
) int {
	command := ""
	if len(args) > 0 {
		command = args[0]
	}
	switch command {
	case "call":
		return runCall(ctx, args[1:], getenv, stdout, stderr)
	case "trial":
		return runTestInstall(ctx, getenv, stdin, stdout, stderr)
	case "version", "--version":
		fmt.Fprintln(stdout, version)
		return exitOK
	case "", "help", "--help", "-h":
		fmt.Fprint(stderr, help)
		return exitOK
	}
	return printError(stderr, remedy.Errorf("run helm-livekit-cluster --help", "%q is no command", command))
}

// printError prints an error, with the step that fixes it, in one write: the plugin takes
// it out of what is printed.
func printError(stderr io.Writer, err error) int {
	text := fmt.Sprintf("Error: %v\n", err)
	if step := remedy.Step(err); step != "" {
		text += "Try:   " + step + "\n"
	}
	_, _ = io.WriteString(stderr, text)
	return exitError
}

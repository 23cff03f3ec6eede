//go:build unix

package cluster

import (
	"os/exec"
	"syscall"
)

// apart keeps a terminal's Ctrl-C from the command: it is ended in one way alone.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

//go:build unix

package helmchart

import (
	"os/exec"
	"syscall"
)

// killGroup has the end of the command's context end what the command has started as well: Helm runs plugins to fetch
// charts.
func killGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

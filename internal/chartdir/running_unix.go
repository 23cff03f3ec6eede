//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package chartdir

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// tryLock locks the folder itself, which leaves nothing behind. errBusy says that another process has it.
func tryLock(root *os.Root) (release func(), err error) {
	folder, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(folder.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) || errors.Is(err, unix.EINTR) {
		folder.Close()
		return nil, errBusy
	}
	// Any other error: this file system has no locks.
	return func() { folder.Close() }, nil
}

// writable gives an error where files cannot be put into a folder.
func writable(dir string) error {
	if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
		return &os.PathError{Op: "write into", Path: dir, Err: err}
	}
	return nil
}

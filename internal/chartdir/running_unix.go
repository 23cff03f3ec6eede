//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package chartdir

import (
	"errors"
	"os"
	"syscall"
)

// tryLock locks the folder itself, which leaves nothing behind. It gives
// errBusy while another process holds the lock.
func tryLock(root *os.Root) (release func(), err error) {
	folder, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	raw, err := folder.SyscallConn()
	if err == nil {
		cerr := raw.Control(func(fd uintptr) {
			for {
				if err = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB); err != syscall.EINTR {
					return
				}
			}
		})
		err = errors.Join(err, cerr)
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		folder.Close()
		return nil, errBusy
	}
	// Any other error: this file system has no locks.
	return func() { folder.Close() }, nil
}

// writable gives an error where files cannot be put into a folder.
func writable(dir string) error {
	const write, search = 2, 1 // W_OK and X_OK of access(2)
	if err := syscall.Access(dir, write|search); err != nil {
		return &os.PathError{Op: "write into", Path: dir, Err: err}
	}
	return nil
}

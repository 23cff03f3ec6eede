package chartdir

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// tryLock opens a file that nobody else can open meanwhile, and that goes when
// it is closed, also by the end of the process. It gives errBusy while another
// process has it open.
func tryLock(root *os.Root) (release func(), err error) {
	const (
		deleteOnClose    = 0x04000000 // FILE_FLAG_DELETE_ON_CLOSE
		deleteAccess     = 0x00010000 // DELETE
		sharingViolation = syscall.Errno(32)
		exclusive        = 0
	)
	file := filepath.Join(root.Name(), ownPrefix+"running")
	name, err := syscall.UTF16PtrFromString(file)
	if err != nil {
		return nil, err
	}
	handle, err := syscall.CreateFile(name, syscall.GENERIC_WRITE|deleteAccess, exclusive, nil,
		syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL|deleteOnClose, 0)
	if errors.Is(err, sharingViolation) {
		return nil, errBusy
	}
	if err != nil {
		return nil, &os.PathError{Op: "create", Path: file, Err: err}
	}
	return func() { _ = syscall.CloseHandle(handle) }, nil
}

// writable gives nil: tryLock has put a file into the chart's folder, and a
// folder's read-only attribute hinders nobody.
func writable(string) error { return nil }

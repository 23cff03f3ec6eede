package chartdir

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// tryLock opens a file that nobody else can open meanwhile, and that goes when it is closed, also by the end of the
// process. It gives errBusy while another process has it open.
func tryLock(root *os.Root) (release func(), err error) {
	const exclusive = 0
	file := filepath.Join(root.Name(), ownPrefix+"running")
	name, err := windows.UTF16PtrFromString(file)
	if err != nil {
		return nil, err
	}
	handle, err := windows.CreateFile(name, windows.GENERIC_WRITE|windows.DELETE, exclusive, nil,
		windows.OPEN_ALWAYS, windows.FILE_ATTRIBUTE_NORMAL|windows.FILE_FLAG_DELETE_ON_CLOSE, 0)
	if errors.Is(err, windows.ERROR_SHARING_VIOLATION) {
		return nil, errBusy
	}
	if err != nil {
		return nil, &os.PathError{Op: "create", Path: file, Err: err}
	}
	return func() { _ = windows.CloseHandle(handle) }, nil
}

// writable gives nil: tryLock has put a file into the folder, and its read-only attribute hinders nobody.
func writable(string) error { return nil }

package chartdir

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// One run at a time writes in a folder. The system frees the lock of a process that dies, so what a lock's new holder
// finds staged there is nobody's any more. Systems that cannot lock a folder (some network file systems) go without:
// there a text that is staged already alone keeps two runs apart.

var errBusy = errors.New("another run is writing here")

const (
	lockPatience = 5 * time.Second // a run takes a fraction of a second
	lockPoll     = 20 * time.Millisecond
)

// lockFolder locks root's folder, and waits a while for another run to end.
func lockFolder(ctx context.Context, root *os.Root) (release func(), err error) {
	enough := time.After(lockPatience)
	for {
		release, err := tryLock(root)
		if !errors.Is(err, errBusy) {
			return release, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-enough:
			return nil, remedy.Errorf("wait until it has ended, and run the command again",
				"another run is writing in %s", root.Name())
		case <-time.After(lockPoll):
		}
	}
}

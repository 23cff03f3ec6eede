package chartdir

import (
	"errors"
	"fmt"
	"os"
	"path"
)

// locks are the files of the lock in a chart's folder: the one in its place, and the one that a run has staged which
// is at work or was killed.
type locks struct{ placed, staged found }

func readLocks(root *os.Root) (l locks, err error) {
	// The staged one first: it may come into its place meanwhile.
	l.staged, err = look(root, stagedLock, maxLock)
	if err == nil {
		l.placed, err = look(root, LockName, maxLock)
	}
	if err != nil {
		return l, fmt.Errorf("read lock: %w", err)
	}
	return l, nil
}

// current gives the lock that describes the chart as it lies in the folder, nil where there is none.
func (l locks) current(root *os.Root) (*Lock, error) {
	placed, err := l.placed.lock()
	if err != nil {
		return nil, damaged(pathOf(root, LockName), err)
	}
	staged, err := l.staged.lock()
	if err == nil && staged != nil {
		placed, err = afterInterruption(root, placed, staged)
	}
	if err != nil {
		return nil, damaged(pathOf(root, stagedLock), err)
	}
	return placed, nil
}

func (f found) lock() (*Lock, error) {
	switch {
	case !f.there:
		return nil, nil
	case !f.readable:
		return nil, fmt.Errorf("it is no plain file of at most %d bytes", maxLock)
	}
	return decodeLock(f.data)
}

// afterInterruption gives the lock of a chart whose files are in part those of the lock in its place and in part
// those of the staged one: what an interrupted run has left. For each file it has the text that the file is, or that
// somebody's edit of it was made on.
func afterInterruption(root *os.Root, placed, staged *Lock) (*Lock, error) {
	if placed == nil {
		placed = &Lock{}
	}
	before, err := placed.Pristine()
	texts, serr := staged.Pristine()
	if err = errors.Join(err, serr); err != nil {
		return nil, err
	}
	for _, name := range union(before, texts) {
		now, err := look(root, name, maxFile)
		// A file that is still staged was not renamed into its place.
		waiting, werr := look(root, path.Join(stagingDir, name), maxFile)
		if err = errors.Join(err, werr); err != nil {
			return nil, err
		}
		old, was := before[name]
		_, stays := texts[name]
		switch {
		case now.is(staged.Files[name]):
		case was && (waiting.there || now.is(placed.Files[name]) || !stays && !now.there):
			texts[name] = old
		case waiting.there:
			delete(texts, name)
		}
	}
	l := *staged
	return &l, l.record(texts)
}

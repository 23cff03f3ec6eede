package lineage

import "golang.org/x/sys/unix"

// limitMemory has the system refuse what a single step takes at once, faster than watchMemory looks.
func limitMemory() {
	const most = 4 * maxHeap
	_ = unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: most, Max: most})
}

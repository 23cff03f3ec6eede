//go:build !linux

package lineage

// limitMemory does nothing where the system counts reserved memory as used.
func limitMemory() {}

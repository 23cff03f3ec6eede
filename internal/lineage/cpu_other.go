//go:build !unix

package lineage

import "time"

// cpuTime is 0 where the system does not tell as Unix does: there the number of renders is the bound, and the clock.
func cpuTime() time.Duration { return 0 }

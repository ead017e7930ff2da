package outside

import "time"

// Poll asks again and again until done, and reports whether that came in time. What it
// asks about lives in other processes, so no virtual clock can help.
func Poll(within time.Duration, done func() bool) bool {
	deadline := time.After(within)
	tick := time.NewTicker(15 * time.Millisecond)
	defer tick.Stop()
	for {
		if done() {
			return true
		}
		select {
		case <-tick.C:
		case <-deadline:
			return done()
		}
	}
}

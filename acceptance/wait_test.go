package acceptance

import (
	"testing"
	"time"
)

// poll asks until done says yes or the time is over, and answers which it was.
// What it asks about lives in other processes, so no virtual clock can help.
func poll(within time.Duration, done func() bool) bool {
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

// eventually fails the test when what is awaited doesn't come in time.
func eventually(t *testing.T, within time.Duration, what string, done func() bool) {
	t.Helper()
	if !poll(within, done) {
		t.Fatalf("%v passed without %s", within, what)
	}
}

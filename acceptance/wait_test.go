package acceptance

import (
	"testing"
	"time"

	"matricula/acceptance/outside"
)

// eventually fails the test when what is awaited doesn't come in time.
func eventually(t *testing.T, within time.Duration, what string, done func() bool) {
	t.Helper()
	if !outside.Poll(within, done) {
		t.Fatalf("%v passed without %s", within, what)
	}
}

package main

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"matricula/internal/account"
)

// TestCheckTellsAllOfTheOutbox: a mail that was given up must not hide those that
// wait.
func TestCheckTellsAllOfTheOutbox(t *testing.T) {
	now := time.Date(2026, time.August, 1, 12, 0, 0, 0, time.UTC)
	waiting := func(n int64, age time.Duration) account.OutboxStats {
		return account.OutboxStats{Waiting: n, Oldest: now.Add(-age)}
	}
	both := waiting(3, time.Hour)
	both.Dead = 2
	for _, c := range []struct {
		stats account.OutboxStats
		want  []string
	}{
		{account.OutboxStats{}, []string{"ok 0 waiting"}},
		{waiting(1, 5*time.Second), []string{"ok 1 waiting, the oldest for 5s"}},
		{waiting(1, -time.Second), []string{"ok 1 waiting, the oldest for 0s"}},
		{both, []string{
			"warn 3 waiting, the oldest for 1h0m0s; is the server running, and the mail server well?",
			"warn 2 given up; matricula events tells when, the log why",
		}},
		{account.OutboxStats{Dead: 1}, []string{"ok 0 waiting", "warn 1 given up; matricula events tells when, the log why"}},
	} {
		k := &checks{now: now}
		k.outbox(c.stats)
		var got []string
		for _, f := range k.all {
			got = append(got, fmt.Sprintf("%s %s", f.Status, f.Detail))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v: got %q, want %q", c.stats, got, c.want)
		}
	}
}

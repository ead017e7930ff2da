package web

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// How many request lines of one route and status a second may have. What was granted
// may have more: it is what people do. But whoever likes can be granted thousands a
// second of what is public and cheap, such as the list of tags.
const (
	mostRefused = 100
	mostGranted = 1000
)

// thin keeps a flood of requests from filling the disk, and from making everybody
// wait for the log: of one kind so many lines a second are written, and the others are
// told by their number.
type thin struct {
	log *slog.Logger

	mu    sync.Mutex // guards what follows
	since time.Time  // when the second began
	lines map[kind]int
}

// kind is what lines are counted by. Routes are patterns, so there are few kinds.
type kind struct {
	route  string
	status int
}

func (k kind) most() int {
	if k.status < 400 {
		return mostGranted
	}
	return mostRefused
}

func newThin(log *slog.Logger) *thin { return &thin{log: log, lines: map[kind]int{}} }

// take reports whether one more line of the kind is to be written, now.
func (t *thin) take(k kind, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if age := now.Sub(t.since); age < 0 || age >= time.Second {
		t.tell(now)
		t.since = now
	}
	t.lines[k]++
	return t.lines[k] <= k.most()
}

// tell writes how many lines were left out since the second began, and forgets it.
func (t *thin) tell(now time.Time) {
	for k, n := range t.lines {
		if n <= k.most() {
			continue
		}
		level := slog.LevelInfo
		if k.status >= 500 {
			level = slog.LevelWarn
		}
		t.log.LogAttrs(context.Background(), level, "requests left out of the log",
			slog.String("route", k.route), slog.Int("status", k.status), slog.Int("count", n-k.most()),
			slog.Time("from", t.since), slog.Time("to", now))
	}
	clear(t.lines)
}

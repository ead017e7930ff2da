//go:build testclock

package main

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// clock is the machine's, moved by the whole seconds written in the file that
// MATRICULA_TEST_CLOCK names. The file is read at every reading, so that a test
// moves the clock of a running server; while it can't be read, because somebody
// is writing it, the last offset stays.
func clock() func() time.Time {
	path := os.Getenv("MATRICULA_TEST_CLOCK")
	if path == "" {
		return time.Now
	}
	var last atomic.Int64
	return func() time.Time {
		if text, err := os.ReadFile(path); err == nil {
			if seconds, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil {
				last.Store(seconds)
			}
		}
		return time.Now().Add(time.Duration(last.Load()) * time.Second)
	}
}

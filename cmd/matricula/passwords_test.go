package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestAnInterruptedBuildLeavesNothing has the corpus go on for as long as it is read.
func TestAnInterruptedBuildLeavesNothing(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	corpus := &endless{after: 1000, then: interrupt}
	dir := t.TempDir()
	var out, errs strings.Builder
	c := &console{ctx: ctx, now: time.Now, in: corpus, out: &out, errs: &errs}
	status := c.run([]string{"passwords", "build", "-", "-o", filepath.Join(dir, "passwords.list")})
	if want := "matricula: standard input: interrupted\n"; status != 1 || errs.String() != want {
		t.Errorf("exit status %d and %q, want 1 and %q", status, errs.String(), want)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}

// endless is a corpus without an end, that something happens to.
type endless struct {
	after int
	then  func()
}

func (e *endless) Read(b []byte) (int, error) {
	if e.after--; e.after == 0 {
		e.then()
	}
	if e.after < -1000 {
		return 0, io.EOF // a build that is not interrupted shall end all the same
	}
	return copy(b, "a password of many\n"), nil
}

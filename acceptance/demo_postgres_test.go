package acceptance

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestDemoOnPostgres starts the demonstration of three servers, does what it tells
// people to try, and ends it: everybody knows who signed in, nobody who signed out,
// and nothing is left behind.
func TestDemoOnPostgres(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"nginx", "curl", "setpriv"} {
		if _, err := exec.LookPath(tool); err != nil {
			orSkip(t, "the demonstration needs "+tool)
		}
	}
	if found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb"); err != nil || len(found) == 0 {
		orSkip(t, "the demonstration needs PostgreSQL")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := ln.Addr().String()
	_ = ln.Close()

	place, err := os.MkdirTemp("", "demo-") // t.TempDir lies where root alone may go
	if err == nil {
		err = os.Chmod(place, 0o711)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(place) })
	var said lines
	demo := exec.Command("../demo/postgres.sh", program, address)
	demo.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + place}
	demo.Stdout, demo.Stderr = &said, &said
	demo.WaitDelay = startTime
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- demo.Wait() }()
	t.Cleanup(func() { _ = demo.Process.Signal(syscall.SIGTERM) })
	eventually(t, 2*startTime, "the demonstration", func() bool {
		select {
		case err := <-ended:
			t.Fatalf("it ended: %v\n%s", err, &said)
		default:
		}
		return strings.Contains(said.String(), "Ctrl-C")
	})

	var tries []string
	for line := range strings.Lines(said.String()) {
		if strings.HasPrefix(line, "curl ") || strings.HasPrefix(line, "for ") {
			tries = append(tries, line)
		}
	}
	if len(tries) != 3 {
		t.Fatalf("got %d lines to try, want 3:\n%s", len(tries), &said)
	}
	try := func(line string) string {
		t.Helper()
		out, err := exec.Command("sh", "-c", line).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		return string(out)
	}
	if got := try(tries[0]); !strings.Contains(got, "Ada Lovelace") {
		t.Errorf("the sign-in answered %s", got)
	}
	wantAll(t, try(tries[1]), 200)
	try(tries[2])
	wantAll(t, try(tries[1]), 401)

	if err := demo.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("it ended with %v, want status 0", err)
		}
	case <-time.After(startTime):
		t.Fatal("it does not end")
	}
	if left, err := os.ReadDir(place); err != nil || len(left) > 0 {
		t.Errorf("it left %v (%v)", left, err)
	}
}

// wantAll asks for this status from three servers.
func wantAll(t *testing.T, said string, status int) {
	t.Helper()
	servers := map[string]bool{}
	for line := range strings.Lines(said) {
		if name, server, found := strings.Cut(strings.TrimSpace(line), ": "); found && strings.EqualFold(name, "X-Served-By") {
			servers[server] = true
		}
	}
	if n := strings.Count(said, fmt.Sprintf("HTTP/1.1 %d ", status)); n != 3 || len(servers) != 3 {
		t.Errorf("got %d answers %d of %d servers, want 3 of 3:\n%s", n, status, len(servers), bytes.TrimSpace([]byte(said)))
	}
}

package apart

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"matricula/internal/password"
)

// cheap is a cost for tests that are not about it, and dear one that takes a while.
const (
	cheap = "argon2id,m=64,t=1,p=1"
	dear  = "argon2id,m=65536,t=3,p=1"
)

// TestMain lets the test binary be the child.
func TestMain(m *testing.M) {
	if Is(os.Args[1:]) {
		if err := Serve(os.Args[1:], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// startTest starts a crew that is closed with the test. The log is read when it is
// closed.
func startTest(t *testing.T, cost string) (*Crew, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	w, err := Start(cost, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w, &log
}

func hasher(t *testing.T, w *Crew, cost string) *password.Hasher {
	t.Helper()
	cfg, err := password.ParseParams(cost)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Worker, cfg.Wait = w, time.Minute
	h, err := password.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// pids answers the ids of the children.
func pids(w *Crew) (all []int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.hired {
		all = append(all, c.command.Process.Pid)
	}
	return all
}

// pid answers the id of the only child.
func pid(t *testing.T, w *Crew) int {
	t.Helper()
	all := pids(w)
	if len(all) != 1 {
		t.Fatalf("there are the processes %v, want one", all)
	}
	return all[0]
}

// waitFor looks again and again, for what another process does.
func waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// TestItHashesAsThisProcessWould makes hashes in one of the two and verifies them in
// the other, of passwords with octets that no text has, many at once.
func TestItHashesAsThisProcessWould(t *testing.T) {
	p, _ := startTest(t, cheap)
	cfg, err := password.ParseParams(cheap)
	if err != nil {
		t.Fatal(err)
	}
	here, err := password.NewWorker(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 4 {
		secret := fmt.Sprintf("\x00\xff\n\"%d", i)
		for _, between := range []struct{ makes, verifies password.Worker }{{p, here}, {here, p}, {p, p}} {
			all.Go(func() {
				encoded, err := between.makes.Hash(secret)
				if err != nil {
					t.Error(err)
					return
				}
				right, err := between.verifies.Verify(encoded, secret)
				if err != nil || !right.OK || right.Outdated {
					t.Errorf("the password: got %+v, %v", right, err)
				}
				wrong, err := between.verifies.Verify(encoded, secret+"0")
				if err != nil || wrong.OK {
					t.Errorf("another: got %+v, %v", wrong, err)
				}
			})
		}
	}
	all.Wait()
}

// TestAHasherWorksThroughIt looks at what a Hasher makes of the answers.
func TestAHasherWorksThroughIt(t *testing.T) {
	p, _ := startTest(t, cheap)
	h := hasher(t, p, cheap)
	const older = "$argon2id$v=19$m=32,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$"
	for _, test := range []struct {
		encoded, secret string
		want            error
	}{
		{older + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "secret", nil},
		{older, "secret", password.ErrFormat},
		{"$2b$04$" + strings.Repeat(".", 53), "secret", nil},
		{older + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", strings.Repeat("x", 300), password.ErrTooLong},
	} {
		if v, err := h.Verify(t.Context(), test.encoded, test.secret); !errors.Is(err, test.want) || v.OK {
			t.Errorf("%s: got %+v and %v, want %v", test.encoded, v, err, test.want)
		}
	}
	if err := h.VerifyDecoy(t.Context(), h.Class(), "secret"); err != nil {
		t.Error(err)
	}
	if _, err := p.Verify("$1$nothing", "secret"); !errors.Is(err, password.ErrFormat) {
		t.Errorf("a hash of no format: got %v, want ErrFormat", err)
	}
}

// TestOneThatDiesIsReplaced kills children: one that is idle, which nobody notices, and
// both that hash for the same caller, who is told to come again.
func TestOneThatDiesIsReplaced(t *testing.T) {
	w, log := startTest(t, dear)
	h := hasher(t, w, dear)
	kill := func() int {
		t.Helper()
		killed := pid(t, w)
		if err := syscall.Kill(killed, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		return killed
	}
	killed := kill()
	waits := make(chan error, 1)
	go func() {
		_, err := h.Hash(context.Background(), "secret")
		waits <- err
	}()
	waitFor(t, "another one is there", func() bool { all := pids(w); return len(all) == 1 && all[0] != killed })
	kill()
	if err := <-waits; !errors.Is(err, password.ErrBusy) {
		t.Errorf("who waited for two that died: got %v, want ErrBusy", err)
	}
	if _, err := h.Hash(t.Context(), "secret"); err != nil {
		t.Errorf("who comes next: %v", err)
	}
	kill()
	if _, err := h.Hash(t.Context(), "secret"); err != nil {
		t.Errorf("when the one that was idle has died: %v", err)
	}
	_ = w.Close()
	if lines := strings.Count(log.String(), "\n"); lines != 3 || strings.Count(log.String(), "signal: killed") != 3 {
		t.Errorf("the log has %d lines, want three that say one was killed:\n%s", lines, log)
	}
}

// TestNoneCanBeStarted has no file descriptors left when a child is needed.
func TestNoneCanBeStarted(t *testing.T) {
	if _, err := Start("bcrypt", slog.New(slog.DiscardHandler)); err == nil {
		t.Error("hashes of a cost that there is not")
	}
	w, log := startTest(t, cheap)
	c, _, err := w.take()
	if err != nil {
		t.Fatal(err)
	}
	_ = w.dismiss(c) // so that another one is needed
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	few := limit
	few.Cur = 3 // no pipe can be made
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	_, err = w.Hash("secret")
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Errorf("got %v, want it hashed in this process", err)
	}
	if n, _ := w.Processes(); n != 0 {
		t.Errorf("there are %d processes", n)
	}
	if _, err := w.Hash("secret"); err != nil || len(pids(w)) != 1 {
		t.Errorf("when one can be started again: got %v and the processes %v", err, pids(w))
	}
	if strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), "no process for hashing can be started") {
		t.Errorf("the log has not the one line that says so:\n%s", log)
	}
}

// TestOneThatStandsStillIsReplaced stops a child, as somebody may by mistake.
func TestOneThatStandsStillIsReplaced(t *testing.T) {
	w, log := startTest(t, cheap)
	stopped := pid(t, w)
	w.mu.Lock()
	for c := range w.hired {
		c.longest = 50 * time.Millisecond
	}
	w.mu.Unlock()
	if err := syscall.Kill(stopped, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Hash("secret"); err != nil || pid(t, w) == stopped {
		t.Errorf("got %v from process %d, want a hash from another than %d", err, pid(t, w), stopped)
	}
	if strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), "signal: killed") {
		t.Errorf("the log has not the one line that says so:\n%s", log)
	}
}

// TestTheyComeAndGo has three ask at the same time until there are three, and then nobody.
func TestTheyComeAndGo(t *testing.T) {
	w, log := startTest(t, dear)
	w.lull = 10 * time.Millisecond
	var all sync.WaitGroup
	var seen atomic.Bool
	defer all.Wait()
	defer seen.Store(true)
	for range 3 {
		all.Go(func() {
			for !seen.Load() {
				if _, err := w.Hash("secret"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	// One that has only just begun may still have a few pages.
	waitFor(t, "there are three, with their memory", func() bool {
		n, memory := w.Processes()
		return n == 3 && (runtime.GOOS != "linux" || memory > 3<<20 && memory < 1<<30)
	})
	seen.Store(true)
	all.Wait()
	waitFor(t, "all are gone", func() bool { n, _ := w.Processes(); return n == 0 })
	if _, err := w.Hash("secret"); err != nil {
		t.Errorf("after a lull: %v", err)
	}
	if _, err := w.Hash("secret"); err != nil {
		t.Error(err)
	}
	if log.Len() > 0 {
		t.Errorf("the log tells of it:\n%s", log)
	}
}

// TestSignalsToTheGroupLeaveThem sends a child what a terminal or a service manager
// sends to all processes: it must not end before its parent.
func TestSignalsToTheGroupLeaveThem(t *testing.T) {
	w, log := startTest(t, cheap)
	if _, err := w.Hash("so that it has begun"); err != nil {
		t.Fatal(err)
	}
	first := pid(t, w)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if err := syscall.Kill(first, signal); err != nil {
			t.Fatal(err)
		}
	}
	for range 20 {
		if _, err := w.Hash("secret"); err != nil {
			t.Fatal(err)
		}
	}
	if pid(t, w) != first || log.Len() > 0 {
		t.Errorf("process %d came after %d:\n%s", pid(t, w), first, log)
	}
}

// TestCloseWaitsForAnswers closes while one is asked and one is idle.
func TestCloseWaitsForAnswers(t *testing.T) {
	w, log := startTest(t, dear)
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			if _, err := w.Hash("secret"); err != nil {
				t.Error(err)
			}
		})
	}
	waitFor(t, "there are two", func() bool { return len(pids(w)) == 2 })
	all.Wait()
	all.Go(func() {
		if _, err := w.Hash("secret"); err != nil {
			t.Error(err)
		}
	})
	waitFor(t, "one works", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return len(w.idle) == 1 })
	children := pids(w)
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	for _, child := range children {
		if err := syscall.Kill(child, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("process %d is there when they are closed (%v)", child, err)
		}
	}
	all.Wait()
	if _, err := w.Hash("secret"); !errors.Is(err, password.ErrBusy) {
		t.Errorf("hashing when they are closed: got %v, want ErrBusy", err)
	}
	if log.Len() > 0 {
		t.Errorf("the log tells of it:\n%s", log)
	}
	var none *Crew
	if n, memory := none.Processes(); n != 0 || memory != 0 || none.Close() != nil {
		t.Error("none are some")
	}
}

// TestItHashesWherePriorityMayNotBeLowered is told no, as a service manager may be set
// to do.
func TestItHashesWherePriorityMayNotBeLowered(t *testing.T) {
	setpriority = func(int, int, int) error { return syscall.EPERM }
	defer func() { setpriority = syscall.Setpriority }()
	w, log := startTest(t, cheap)
	if _, err := w.Hash("secret"); err != nil {
		t.Error(err)
	}
	if strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), "allow the server setpriority") {
		t.Errorf("the log has not the one line that says so:\n%s", log)
	}
}

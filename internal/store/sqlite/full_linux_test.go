package sqlite

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"matricula/internal/account"
	"matricula/internal/store"
)

// limitFiles lets no file of this process grow past n octets until the function it
// answers is called: what a full disk does to the write-ahead log at a commit.
func limitFiles(t *testing.T, n uint64) (restore func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ) // the write fails instead
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Skip(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: before.Max}); err != nil {
		t.Skip(err)
	}
	restored := false
	restore = func() {
		if restored {
			return
		}
		restored = true
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(restore)
	return restore
}

func logSize(t *testing.T, e *engine) uint64 {
	t.Helper()
	info, err := os.Stat(e.path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	return uint64(info.Size())
}

// TestACommitThatFails has three changes share a commit that the disk has no room
// for. The second is too big; the third is refused because of what the second
// wrote, and is right to be there once that has come to nothing.
func TestACommitThatFails(t *testing.T) {
	s, e := openStore(t)
	if err := s.Update(t.Context(), adding("first", 10)); err != nil {
		t.Fatal(err)
	}
	restore := limitFiles(t, logSize(t, e)+300<<10)
	answers := inLine(t, s, e, adding("small", 10), adding("same", 1<<20), adding("same", 10))
	for i, wanted := range []account.Code{"", account.Busy, ""} {
		if got := account.CodeOf(answers[i]); got != wanted || (wanted == "") != (answers[i] == nil) {
			t.Errorf("change %d: got %v, want %q", i, answers[i], wanted)
		}
	}
	wantThere(t, s, "small", true)
	a, err := s.Read(t.Context()).AccountByEmail("same")
	if err != nil || len(a.SelfIntro) != 10 {
		t.Errorf("got %d octets and %v, want those of the third change", len(a.SelfIntro), err)
	}
	if e.Stats().Failed == 0 {
		t.Error("no transaction failed: the test tests nothing")
	}
	restore()
	if err := s.Update(t.Context(), adding("big", 1<<20)); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("check: %v", err)
	}
}

// TestNoRoomAtAll answers each change of a group with an error, goes on reading,
// and writes again when there is room, without being opened anew.
func TestNoRoomAtAll(t *testing.T) {
	s, e := openStore(t)
	if err := s.Update(t.Context(), adding("first", 10)); err != nil {
		t.Fatal(err)
	}
	conn := e.writer.conn
	restore := limitFiles(t, logSize(t, e))
	for i, err := range inLine(t, s, e, adding("a", 10), adding("b", 10), adding("first", 10)) {
		if i < 2 && account.CodeOf(err) != account.Busy {
			t.Errorf("change %d: got %v, want Busy", i, err)
		}
		if i == 2 && account.CodeOf(err) != account.Taken {
			t.Errorf("change %d: got %v, want Taken, for which no room is needed", i, err)
		}
	}
	wantThere(t, s, "first", true)
	wantThere(t, s, "a", false)
	wantThere(t, s, "b", false)
	restore()
	for _, address := range []string{"a", "b"} {
		if err := s.Update(t.Context(), adding(address, 10)); err != nil {
			t.Errorf("with room again: %v", err)
		}
	}
	if e.writer.conn == conn {
		t.Error("a connection that had an error of the disk is still in use")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := store.New(openTest(t, Config{Path: e.path}))
	wantThere(t, again, "a", true)
	wantThere(t, again, "b", true)
	if err := again.Check(context.Background()); err != nil {
		t.Errorf("check: %v", err)
	}
}

package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"matricula/internal/account"
	"matricula/internal/store"
)

func openStore(t testing.TB) (*store.Store, *engine) {
	t.Helper()
	e := openTest(t, Config{Path: filepath.Join(t.TempDir(), "test.db"), Migrate: true})
	return store.New(e), e
}

// inLine makes changes that are known to wait in line together: the first one
// holds the writer until all the others stand behind it, in their order.
func inLine(t *testing.T, s *store.Store, e *engine, changes ...func(account.Tx) error) []error {
	t.Helper()
	answers := make([]error, len(changes))
	release, holds := make(chan struct{}), make(chan struct{})
	begun := sync.OnceFunc(func() { close(holds) }) // it may run again
	var all sync.WaitGroup
	all.Go(func() {
		err := s.Update(context.Background(), func(account.Tx) error { begun(); <-release; return nil })
		if err != nil {
			t.Errorf("the change that holds the writer: %v", err)
		}
	})
	<-holds
	for i, change := range changes {
		all.Go(func() { answers[i] = s.Update(context.Background(), change) })
		for len(e.queue) <= i {
			runtime.Gosched() // until it stands in line
		}
	}
	close(release)
	all.Wait()
	return answers
}

// adding is a change that adds an account with this address and that much text.
func adding(address string, size int) func(account.Tx) error {
	return func(tx account.Tx) error {
		a := account.Account{
			Email: account.Address{Text: address, Key: address}, Name: "A name", CreatedAt: time.UnixMicro(1),
			SelfIntro: strings.Repeat("x", size),
		}
		_, err := tx.AddAccount(a, "")
		return err
	}
}

func wantThere(t *testing.T, s *store.Store, address string, wanted bool) {
	t.Helper()
	_, err := s.Read(t.Context()).AccountByEmail(address)
	if there := err == nil; there != wanted || err != nil && !errors.Is(err, account.NotFound) {
		t.Errorf("%s: got there %v (%v), want %v", address, there, err, wanted)
	}
}

func TestChangesInLineShareACommit(t *testing.T) {
	s, e := openStore(t)
	var changes []func(account.Tx) error
	for i := range 63 {
		changes = append(changes, adding(fmt.Sprint(i), 10))
	}
	before := e.Stats()
	for i, err := range inLine(t, s, e, changes...) {
		if err != nil {
			t.Errorf("change %d: %v", i, err)
		}
	}
	after := e.Stats()
	if commits := after.Commits - before.Commits; commits != 1 || after.LargestGroup != 64 {
		t.Errorf("got %d commits and a largest group of %d, want 1 and 64", commits, after.LargestGroup)
	}
	if after.Changes-before.Changes != 64 || after.Waits != 63 || after.Waiting != 0 || after.Failed != 0 {
		t.Errorf("got %+v, want 64 changes, 63 of which waited", after)
	}
}

func TestAGroupIsBounded(t *testing.T) {
	s, e := openStore(t)
	var changes []func(account.Tx) error
	for i := range groupMost + 10 {
		changes = append(changes, adding(fmt.Sprint(i), 10))
	}
	inLine(t, s, e, changes...)
	if got := e.Stats(); got.LargestGroup != groupMost || got.Commits != 2 {
		t.Errorf("got %+v, want a largest group of %d", got, groupMost)
	}
}

// TestTheCallerMayGoWhileItWaits ends the context of a change that stands in line:
// it is answered at once, and never runs.
func TestTheCallerMayGoWhileItWaits(t *testing.T) {
	s, e := openStore(t)
	release, holds := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		_ = s.Update(context.Background(), func(account.Tx) error { close(holds); <-release; return nil })
	})
	<-holds
	ctx, cancel := context.WithCancel(t.Context())
	answer := make(chan error)
	ran := false
	go func() { answer <- s.Update(ctx, func(account.Tx) error { ran = true; return nil }) }()
	for len(e.queue) == 0 {
		runtime.Gosched()
	}
	cancel()
	if err := <-answer; err != context.Canceled {
		t.Errorf("got %v, want context.Canceled, before its turn", err)
	}
	close(release)
	all.Wait()
	if err := s.Update(t.Context(), adding("after", 10)); err != nil {
		t.Errorf("the change behind it: %v", err)
	}
	if ran {
		t.Error("it ran although its caller had gone")
	}
}

// TestAFullDatabaseHurtsNobodyElse lets one of three changes in line fill the
// database.
func TestAFullDatabaseHurtsNobodyElse(t *testing.T) {
	s, e := openStore(t)
	limitPages(t, e, 100)
	answers := inLine(t, s, e, adding("before", 10), adding("big", 1<<20), adding("behind", 10))
	for i, wanted := range []account.Code{"", account.Busy, ""} {
		if got := account.CodeOf(answers[i]); got != wanted || (wanted == "") != (answers[i] == nil) {
			t.Errorf("change %d: got %v, want %q", i, answers[i], wanted)
		}
	}
	wantThere(t, s, "before", true)
	wantThere(t, s, "big", false)
	wantThere(t, s, "behind", true)

	limitPages(t, e, 1<<30) // space is there again
	if err := s.Update(t.Context(), adding("big", 1<<20)); err != nil {
		t.Errorf("with space again: %v", err)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("check: %v", err)
	}
}

// limitPages makes the database as good as full (PRAGMA max_page_count).
func limitPages(t *testing.T, e *engine, most int) {
	t.Helper()
	err := e.Update(t.Context(), nil, func(ctx context.Context, w store.Writer) error {
		return w.Query(ctx, func(store.Row) error { return nil }, fmt.Sprintf("PRAGMA max_page_count = %d", most))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestAnErrorOfTheMachineIsNotLetPass has a change go on after one and report
// success: SQLite may have rolled the transaction back, so nothing may be kept.
func TestAnErrorOfTheMachineIsNotLetPass(t *testing.T) {
	s, e := openStore(t)
	limitPages(t, e, 100)
	err := s.Update(t.Context(), func(tx account.Tx) error {
		if err := adding("big", 1<<20)(tx); err == nil {
			t.Error("the database is not full")
		}
		if err := adding("small", 10)(tx); err == nil {
			t.Error("a statement ran after an error that may have ended the transaction")
		}
		return nil
	})
	if account.CodeOf(err) != account.Busy {
		t.Errorf("got %v, want Busy", err)
	}
	wantThere(t, s, "small", false)
	if err := s.Update(t.Context(), adding("small", 10)); err != nil {
		t.Errorf("the next change: %v", err)
	}
}

func TestAChangeThatKeepsItsTxGetsNothing(t *testing.T) {
	s, _ := openStore(t)
	var kept account.Tx
	if err := s.Update(t.Context(), func(tx account.Tx) error { kept = tx; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := adding("late", 10)(kept); !errors.Is(err, errOver) {
		t.Errorf("write: got %v, want %v", err, errOver)
	}
	if _, err := kept.Tags(); !errors.Is(err, errOver) {
		t.Errorf("read: got %v, want %v", err, errOver)
	}
}

// lockFor has another connection hold the lock of a database until unlock is called.
func lockFor(t *testing.T, path string) (unlock func()) {
	t.Helper()
	other, err := open(t.Context(), source(path, time.Second, writing, "mode=rw"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.close() })
	if err := other.run(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := other.run(context.Background(), "COMMIT"); err != nil {
			t.Error(err)
		}
	}
}

// TestALockedDatabase has another connection hold the lock, as a command beside a
// server does.
func TestALockedDatabase(t *testing.T) {
	e := openTest(t, Config{Path: filepath.Join(t.TempDir(), "test.db"), Migrate: true, BusyTimeout: 50 * time.Millisecond})
	s := store.New(e)
	unlock := lockFor(t, e.path)
	err := s.Update(t.Context(), adding("ada", 10))
	refusal, ok := errors.AsType[*account.Error](err)
	if !ok || refusal.Code != account.Busy || refusal.RetryAfter <= 0 {
		t.Errorf("got %v, want Busy with a time to wait", err)
	}
	if _, err := s.Read(t.Context()).Tags(); err != nil {
		t.Errorf("a read while the lock is held: %v", err)
	}
	unlock()
	if err := s.Update(t.Context(), adding("ada", 10)); err != nil {
		t.Errorf("after the lock: %v", err)
	}
}

// TestARefusalIsOfOneLock has a crowd in line behind a lock. The first who is refused
// sees it gone and comes again at once: it must not be told of that lock once more, with
// those who stood behind it.
func TestARefusalIsOfOneLock(t *testing.T) {
	e := openTest(t, Config{Path: filepath.Join(t.TempDir(), "test.db"), Migrate: true, BusyTimeout: 20 * time.Millisecond})
	s := store.New(e)
	unlock := lockFor(t, e.path)
	var freed sync.Once
	var crowd sync.WaitGroup
	for i := range queueLength {
		crowd.Go(func() {
			if err := s.Update(t.Context(), adding(fmt.Sprint("locked ", i), 10)); !errors.Is(err, account.Busy) {
				return // it came when the lock was gone
			}
			freed.Do(func() {
				unlock()
				if err := s.Update(t.Context(), adding("free", 10)); err != nil {
					t.Errorf("after the lock: %v", err)
				}
			})
		})
	}
	crowd.Wait()
}

// TestALockThatEndsIsWaitedFor has the lock end while a change waits for it.
func TestALockThatEndsIsWaitedFor(t *testing.T) {
	s, e := openStore(t)
	unlock := lockFor(t, e.path)
	answer := make(chan error)
	go func() { answer <- s.Update(context.Background(), adding("ada", 10)) }()
	for e.inside.Load() == 0 {
		runtime.Gosched()
	}
	unlock()
	if err := <-answer; err != nil {
		t.Errorf("got %v, want the lock waited for", err)
	}
}

func TestCloseLetsWhatHasBegunEnd(t *testing.T) {
	s, e := openStore(t)
	release, holds := make(chan struct{}), make(chan struct{})
	var begun, waiting error
	var all sync.WaitGroup
	all.Go(func() {
		begun = s.Update(context.Background(), func(tx account.Tx) error {
			close(holds)
			<-release
			return adding("begun", 10)(tx)
		})
	})
	<-holds
	all.Go(func() { waiting = s.Update(context.Background(), adding("waiting", 10)) })
	for len(e.queue) == 0 {
		runtime.Gosched()
	}
	all.Go(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	<-e.writer.closing
	close(release)
	all.Wait()
	if begun != nil {
		t.Errorf("the change that had begun: %v", begun)
	}
	if waiting != nil && !errors.Is(waiting, ErrClosed) {
		t.Errorf("the change in line: got %v, want it made or %v", waiting, ErrClosed)
	}
	if _, err := s.Read(t.Context()).Tags(); account.CodeOf(err) != account.Busy {
		t.Errorf("a read of a closed store: got %v, want Busy, as for a server that stops", err)
	}
	again := store.New(openTest(t, Config{Path: e.path}))
	wantThere(t, again, "begun", true)
	wantThere(t, again, "waiting", waiting == nil)
}

// TestAChangeThatEndsItsGoroutine is what t.Fatal inside a change does.
func TestAChangeThatEndsItsGoroutine(t *testing.T) {
	s, _ := openStore(t)
	err := s.Update(t.Context(), func(tx account.Tx) error {
		_ = adding("ada", 10)(tx)
		runtime.Goexit()
		return nil
	})
	if err == nil {
		t.Error("got nil, want an error: nothing was committed")
	}
	wantThere(t, s, "ada", false)
	if err := s.Update(t.Context(), adding("bob", 10)); err == nil {
		t.Error("got nil, want an error: the writer is gone")
	}
}

// TestReadersAreWaitedFor takes every connection and asks for one more.
func TestReadersAreWaitedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	if _, _, err := Migrate(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		p := newReaders(1, func(ctx context.Context) (*conn, error) { return open(ctx, source(path, 0, reading, "mode=rw")) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		one := func(store.Row) error { return nil }
		err := p.Query(t.Context(), func(store.Row) error {
			if err := p.Query(ctx, one, "SELECT 1"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want the context's end", err)
			}
			return nil
		}, "SELECT 1")
		if err != nil {
			t.Error(err)
		}
		if err := p.Query(t.Context(), one, "SELECT 1"); err != nil {
			t.Errorf("with a connection free again: %v", err)
		}
		if err := p.close(); err != nil {
			t.Error(err)
		}
	})
}

func TestReadersDoNotWrite(t *testing.T) {
	_, e := openStore(t)
	err := e.Query(t.Context(), func(store.Row) error { return nil }, "DELETE FROM tags RETURNING id")
	if err == nil {
		t.Error("a reader deleted")
	}
}

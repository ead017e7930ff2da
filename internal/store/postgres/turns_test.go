package postgres

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"matricula/internal/account"
	"matricula/internal/token"
)

// counting counts a failure at an address, and how often it ran.
func counting(address byte, runs *atomic.Int64) func(account.Tx) error {
	return func(tx account.Tx) error {
		runs.Add(1)
		if _, err := tx.Failures(token.Digest{address}, token.Digest{}); err != nil {
			return err
		}
		_, err := tx.AddFailure(token.Digest{address}, token.Digest{}, someTime)
		return err
	}
}

// TestChangesAboutTheSameTakeTurns has a crowd write one row. None of them may meet
// another one, so each runs once.
func TestChangesAboutTheSameTakeTurns(t *testing.T) {
	s, e := openStore(t, Config{})
	var runs atomic.Int64
	var crowd sync.WaitGroup
	for i := range 64 {
		subjects := []string{"ada", "a network"}
		if i%2 == 0 {
			subjects = []string{"a network", "ada", "ada"}
		}
		crowd.Go(func() {
			if err := s.Update(account.About(t.Context(), subjects...), counting(1, &runs)); err != nil {
				t.Error(err)
			}
		})
	}
	crowd.Wait()
	f, err := s.Read(t.Context()).Failures(token.Digest{1}, token.Digest{})
	if err != nil || f.Count != 64 || runs.Load() != 64 {
		t.Errorf("got %d failures after %d runs (%v), want 64 after 64", f.Count, runs.Load(), err)
	}
	if len(e.turns.crowds) != 0 {
		t.Errorf("%d subjects are left behind", len(e.turns.crowds))
	}
}

// TestACrowdLeavesOthersAlone has more changes wait for one subject than there are
// connections: a change about another one goes through, and who waits can leave.
func TestACrowdLeavesOthersAlone(t *testing.T) {
	s, e := openStore(t, Config{Pool: 4, ConnectTimeout: time.Second})
	holds, release := make(chan struct{}), make(chan struct{})
	var crowd sync.WaitGroup
	crowd.Go(func() {
		err := s.Update(account.About(t.Context(), "ada"), func(account.Tx) error { close(holds); <-release; return nil })
		if err != nil {
			t.Error(err)
		}
	})
	<-holds
	var runs atomic.Int64
	leaving, leave := context.WithCancel(t.Context())
	for range 16 {
		crowd.Go(func() {
			if err := s.Update(account.About(leaving, "bob", "ada"), counting(1, &runs)); !errors.Is(err, context.Canceled) {
				t.Errorf("who leaves: got %v, want context.Canceled", err)
			}
		})
	}
	for e.inside.Load() < 17 {
		time.Sleep(time.Millisecond)
	}
	var others atomic.Int64
	if err := s.Update(account.About(t.Context(), "eve"), counting(2, &others)); err != nil || others.Load() != 1 {
		t.Errorf("about another subject: got %v after %d runs", err, others.Load())
	}
	leave()
	wantBusy(t, s.Update(account.About(t.Context(), "ada"), counting(1, &runs)))
	if runs.Load() != 0 {
		t.Errorf("%d changes ran while another one had the subject", runs.Load())
	}
	close(release)
	crowd.Wait()
	if err := s.Update(account.About(t.Context(), "ada", "bob"), counting(1, &runs)); err != nil || runs.Load() != 1 {
		t.Errorf("when all are gone: got %v after %d runs", err, runs.Load())
	}
	if len(e.turns.crowds) != 0 {
		t.Errorf("%d subjects are left behind", len(e.turns.crowds))
	}
}

// TestWhoWaitsForOneSubjectHasNoOther has some wait for two subjects, of which one is
// had by another change: who wants the free one alone doesn't notice.
func TestWhoWaitsForOneSubjectHasNoOther(t *testing.T) {
	for _, names := range []struct{ had, free string }{{"a", "z"}, {"z", "a"}} {
		turns := turns{crowds: map[string]*waiting{}}
		done, err := turns.take(t.Context(), time.Minute, []string{names.had})
		if err != nil {
			t.Fatal(err)
		}
		var crowd sync.WaitGroup
		for range 8 {
			crowd.Go(func() {
				both, err := turns.take(t.Context(), time.Minute, []string{"a", "z"})
				if err != nil {
					t.Error(err)
					return
				}
				both()
			})
		}
		for wait := 0; wait < 9; time.Sleep(time.Millisecond) {
			turns.mu.Lock()
			wait = turns.crowds[names.had].people
			turns.mu.Unlock()
		}
		free, err := turns.take(t.Context(), time.Second, []string{names.free})
		if err != nil {
			t.Fatalf("%s is had by who waits for %s: %v", names.free, names.had, err)
		}
		free()
		done()
		crowd.Wait()
		if len(turns.crowds) != 0 {
			t.Errorf("%d subjects are left behind", len(turns.crowds))
		}
	}
}

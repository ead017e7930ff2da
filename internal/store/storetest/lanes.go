package storetest

import (
	"testing"
	"time"

	"matricula/internal/account"
	"matricula/internal/token"
)

// strangers is the lane of whom an address doesn't know.
var strangers token.Digest

func addFailure(t *testing.T, s account.Store, address, lane token.Digest, at time.Time) (n int64) {
	t.Helper()
	update(t, s, func(tx account.Tx) (err error) {
		n, err = tx.AddFailure(address, lane, at)
		return err
	})
	return n
}

func failures(t *testing.T, open Open) {
	s := open(t)
	for i := range int64(3) {
		want(t, "count", addFailure(t, s, digest(1), strangers, noon.Add(time.Duration(i)*time.Second)), i+1)
	}
	want(t, "count of another", addFailure(t, s, digest(2), strangers, noon), int64(1))
	wantRead(t, "failures", account.Failures{Count: 3, LastAt: noon.Add(2 * time.Second)})(read(t, s).Failures(digest(1), strangers))
	takeBack := func(at, before time.Duration) (f account.Failures) {
		update(t, s, func(tx account.Tx) error {
			return tx.TakeBackFailures(digest(1), strangers, 1, noon.Add(at), noon.Add(before))
		})
		f, err := read(t, s).Failures(digest(1), strangers)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	want(t, "after the last was taken back", takeBack(2*time.Second, time.Second), account.Failures{Count: 2, LastAt: noon.Add(time.Second)})
	want(t, "after one before was taken back", takeBack(0, 0), account.Failures{Count: 1, LastAt: noon.Add(time.Second)})
	want(t, "after all were taken back", takeBack(time.Second, 0), account.Failures{})
	want(t, "and one more", takeBack(time.Second, 0), account.Failures{})
	for i := range time.Duration(5) {
		addFailure(t, s, digest(1), strangers, noon.Add(i*time.Second))
	}
	for _, wanted := range []account.Failures{{Count: 2, LastAt: noon.Add(4 * time.Second)}, {}} {
		update(t, s, func(tx account.Tx) error {
			return tx.TakeBackFailures(digest(1), strangers, 3, time.Time{}, time.Time{})
		})
		wantRead(t, "after three were taken back", wanted)(read(t, s).Failures(digest(1), strangers))
	}
	addFailure(t, s, digest(1), strangers, noon)
	update(t, s, func(tx account.Tx) error { return tx.ClearFailures(digest(1), strangers) })
	update(t, s, func(tx account.Tx) error { return tx.ClearFailures(digest(1), strangers) }) // nothing to clear is no error
	wantRead(t, "after the clearing", account.Failures{})(read(t, s).Failures(digest(1), strangers))
	wantRead(t, "of another", account.Failures{Count: 1, LastAt: noon})(read(t, s).Failures(digest(2), strangers))
}

func lanes(t *testing.T, open Open) {
	s := open(t)
	own, other := digest(7), digest(8)
	for _, lane := range []token.Digest{strangers, strangers, strangers, own, own, other} {
		addFailure(t, s, digest(1), lane, noon)
	}
	addFailure(t, s, digest(2), own, noon)
	counts := func(wanted ...int64) {
		t.Helper()
		for i, lane := range []token.Digest{strangers, own, other} {
			f, err := read(t, s).Failures(digest(1), lane)
			if err != nil || f.Count != wanted[i] {
				t.Errorf("lane %d: got %d and %v, want %d", i, f.Count, err, wanted[i])
			}
		}
	}
	counts(3, 2, 1)
	update(t, s, func(tx account.Tx) error { return tx.TakeBackFailures(digest(1), own, 1, noon, noon) })
	counts(3, 1, 1)
	update(t, s, func(tx account.Tx) error { return tx.ClearFailures(digest(1), own) })
	counts(3, 0, 1)
	update(t, s, func(tx account.Tx) error { return tx.ClearFailures(digest(1), strangers) })
	counts(0, 0, 1)
	addFailure(t, s, digest(1), strangers, noon)
	update(t, s, func(tx account.Tx) error { return tx.ForgetFailures(digest(1)) })
	counts(0, 0, 0)
	wantRead(t, "of another address", account.Failures{Count: 1, LastAt: noon})(read(t, s).Failures(digest(2), own))
}

func known(t *testing.T, open Open) {
	s := open(t)
	add := func(address, proof int, seen time.Time, life time.Duration) {
		update(t, s, func(tx account.Tx) error {
			return tx.AddKnown(digest(address), digest(proof), seen, seen.Add(life), 20)
		})
	}
	add(1, 7, noon, time.Hour)
	add(1, 8, noon, 2*time.Hour)
	add(2, 9, noon, time.Hour)
	ask := func(what string, at time.Duration, wanted ...token.Digest) {
		t.Helper()
		got, err := read(t, s).Known(digest(1), noon.Add(at), digest(7), digest(8), digest(9))
		if err != nil {
			t.Fatal(err)
		}
		want(t, what, got, wanted)
	}
	ask("both", 0, digest(7), digest(8))
	ask("just before the end of one", time.Hour-time.Microsecond, digest(7), digest(8))
	ask("at the end of one", time.Hour, digest(8))
	wantRead(t, "not asked about", []token.Digest{digest(8)})(read(t, s).Known(digest(1), noon, strangers, digest(8)))
	add(1, 7, noon.Add(time.Hour), time.Hour)
	ask("when it was seen again", time.Hour, digest(7), digest(8))
	update(t, s, func(tx account.Tx) error { return tx.ForgetKnown(digest(1)) })
	ask("when all were forgotten", 0)
	wantRead(t, "of another address", []token.Digest{digest(9)})(read(t, s).Known(digest(2), noon, digest(9)))
}

// knownAreFew adds more proofs than are kept; one of the first was seen again.
func knownAreFew(t *testing.T, open Open) {
	s := open(t)
	const most = 3
	for i, proof := range []int{0, 1, 2, 0, 3} {
		update(t, s, func(tx account.Tx) error {
			seen := noon.Add(time.Duration(i) * time.Second)
			// Those seen first end last: it is the seeing that counts.
			return tx.AddKnown(digest(1), digest(proof), seen, noon.Add(time.Duration(100-i)*time.Hour), most)
		})
	}
	update(t, s, func(tx account.Tx) error { return tx.AddKnown(digest(2), digest(9), noon, noon.Add(time.Hour), most) })
	wantRead(t, "kept", []token.Digest{digest(0), digest(2), digest(3)})(
		read(t, s).Known(digest(1), noon, digest(0), digest(1), digest(2), digest(3)))
	wantRead(t, "of another address", []token.Digest{digest(9)})(read(t, s).Known(digest(2), noon, digest(9)))
	// The clock had run ahead, and was put right: who comes now is kept.
	earlier := noon.Add(-time.Hour)
	update(t, s, func(tx account.Tx) error {
		return tx.AddKnown(digest(1), digest(4), earlier, noon.Add(time.Hour), most)
	})
	wantRead(t, "kept by a clock that was put back", []token.Digest{digest(0), digest(3), digest(4)})(
		read(t, s).Known(digest(1), earlier, digest(0), digest(2), digest(3), digest(4)))
}

func tallies(t *testing.T, open Open) {
	s := open(t)
	for _, step := range []struct {
		what    string
		subject int
		at      time.Duration
		want    int64
	}{
		{"the first", 1, 0, 1},
		{"the second", 1, time.Minute, 2},
		{"another subject", 2, time.Minute, 1},
		{"at the end of the window", 1, time.Hour, 3}, // which the second doesn't move
		{"past it", 1, time.Hour + time.Microsecond, 1},
		{"in the next window", 1, 2 * time.Hour, 2},
		{"a clock that runs ahead", 3, 24 * time.Hour, 1},
		{"the clock put right", 3, 0, 1},
		{"and on", 3, time.Minute, 2},
	} {
		var got int64
		at := noon.Add(step.at)
		update(t, s, func(tx account.Tx) (err error) {
			got, err = tx.AddTally(digest(step.subject), at, at.Add(-time.Hour))
			return err
		})
		want(t, step.what, got, step.want)
	}
}

// trim fills the heaps, takes row after row away, and looks at what is left.
func trim(t *testing.T, open Open) {
	s := open(t)
	rests := account.Rests{Strangers: 3, Known: 2, Since: noon}
	old, late := noon.Add(-time.Hour), noon.Add(time.Minute)
	for _, f := range []struct {
		address int
		lane    token.Digest
		count   int
		at      time.Time
	}{
		{1, strangers, 3, late},                         // rests
		{2, digest(7), 2, late},                         // rests
		{3, strangers, 3, old},                          // 5th to go: rests no longer
		{4, strangers, 2, late},                         // 4th
		{5, strangers, 1, late}, {6, strangers, 1, old}, // 2nd and 1st
		{7, digest(7), 1, late.Add(time.Second)}, // 3rd
	} {
		for range f.count {
			addFailure(t, s, digest(f.address), f.lane, f.at)
		}
	}
	gone := func(heap account.Heap, most int64) (n int64) {
		update(t, s, func(tx account.Tx) (err error) {
			n, err = tx.Trim(heap, most, rests)
			return err
		})
		return n
	}
	wantRead(t, "failures", int64(7))(read(t, s).Rows(account.FailureRows))
	for _, address := range []int{6, 5, 7, 4, 3} {
		want(t, "gone", gone(account.FailureRows, 1), int64(1))
		for _, lane := range []token.Digest{strangers, digest(7)} {
			wantRead(t, "failures of what had to go", account.Failures{})(read(t, s).Failures(digest(address), lane))
		}
	}
	want(t, "gone of what rests", gone(account.FailureRows, 10), int64(0))
	wantRead(t, "failures that rest", int64(2))(read(t, s).Rows(account.FailureRows))

	tally := func(subject int, at time.Time) (n int64) {
		update(t, s, func(tx account.Tx) (err error) {
			n, err = tx.AddTally(digest(subject), at, at.Add(-time.Hour))
			return err
		})
		return n
	}
	tally(1, old)
	tally(1, old)
	tally(2, late)
	want(t, "tallies gone", gone(account.TallyRows, 1), int64(1))
	want(t, "the one with more", tally(1, old), int64(3))
	want(t, "tallies gone of all", gone(account.TallyRows, 10), int64(1))

	update(t, s, func(tx account.Tx) error {
		for i, at := range []time.Time{late, old, noon} {
			if _, err := tx.AddLookup(digest(1), digest(i), at, old); err != nil {
				return err
			}
			if err := tx.AddEvent(account.Event{At: at, Kind: account.SignInFailed, RequestID: at.String()}); err != nil {
				return err
			}
			if err := tx.AddEvent(account.Event{At: old, Kind: account.SignInFailed, Account: 1}); err != nil {
				return err
			}
		}
		return nil
	})
	want(t, "lookups gone", gone(account.LookupRows, 2), int64(2))
	want(t, "events gone", gone(account.EventRows, 2), int64(2))
	wantRead(t, "lookups left", int64(1))(read(t, s).Rows(account.LookupRows))
	wantRead(t, "events left", int64(1))(read(t, s).Rows(account.EventRows))
	wantRead(t, "events of the account", 3)(count(read(t, s).Events(1, 0, 10)))
	left, err := read(t, s).Events(0, 0, 10)
	if err != nil || len(left) != 4 || !left[3].At.Equal(late) {
		t.Errorf("events left: %v, %v; want the latest of nobody's at last", left, err)
	}
}

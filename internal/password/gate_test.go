package password

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// job is work that takes a slot until it is let go.
type job struct {
	letGo chan struct{}
	err   chan error // what run returned
}

// run has the gate run work that does what it is there for.
func run(ctx context.Context, g *gate, work func()) error {
	return g.run(ctx, func() error {
		work()
		return nil
	})
}

// start has the gate run a job, and returns when the job has a slot, stands in
// the queue, or was refused.
func start(ctx context.Context, g *gate, work func()) job {
	j := job{letGo: make(chan struct{}), err: make(chan error, 1)}
	go func() {
		j.err <- run(ctx, g, func() {
			work()
			<-j.letGo
		})
	}()
	synctest.Wait()

	return j
}

func nothing() {}

func (j job) end() error {
	close(j.letGo)
	return <-j.err
}

func TestGateRunsAsManyAsItHasSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const slots, jobs = 3, 20
		g := newGate(slots, jobs, time.Hour)
		running, most, done := 0, 0, make(chan struct{})
		for range jobs {
			go func() {
				if err := run(t.Context(), g, func() {
					g.mu.Lock()
					running++
					most = max(most, running)
					g.mu.Unlock()
					time.Sleep(time.Second) // of the bubble's clock
					g.mu.Lock()
					running--
					g.mu.Unlock()
				}); err != nil {
					t.Errorf("run = %v, want none", err)
				}
				done <- struct{}{}
			}()
		}
		for range jobs {
			<-done
		}
		if most != slots {
			t.Errorf("%d ran at once, want %d", most, slots)
		}
		if got := g.snapshot(); got.Served != jobs || got.InUse != 0 || got.Queued != 0 {
			t.Errorf("stats = %+v, want %d served and none in use or queued", got, jobs)
		}
	})
}

func TestGateServesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1, 10, time.Hour)
		holder := start(t.Context(), g, nothing)
		var order []int
		var waiting []job
		for i := range 5 {
			waiting = append(waiting, start(t.Context(), g, func() { order = append(order, i) }))
		}
		if got := g.snapshot(); got.InUse != 1 || got.Queued != 5 {
			t.Errorf("stats = %+v, want 1 in use and 5 queued", got)
		}

		if err := holder.end(); err != nil {
			t.Errorf("holder: %v", err)
		}
		for i, j := range waiting {
			if err := j.end(); err != nil {
				t.Errorf("job %d: %v", i, err)
			}
		}
		if want := []int{0, 1, 2, 3, 4}; !slices.Equal(order, want) {
			t.Errorf("served in the order %v, want %v", order, want)
		}
	})
}

func TestGateRefusesWhenTheQueueIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1, 2, time.Hour)
		holder := start(t.Context(), g, nothing)
		one, two := start(t.Context(), g, nothing), start(t.Context(), g, nothing)

		began := time.Now()
		third := start(t.Context(), g, func() { t.Error("a refused job ran") })
		if err := <-third.err; err != ErrBusy {
			t.Errorf("run = %v, want %v", err, ErrBusy)
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("refused after %v, want at once", waited)
		}

		for _, j := range []job{holder, one, two} {
			if err := j.end(); err != nil {
				t.Errorf("run = %v, want none", err)
			}
		}
		want := Stats{Slots: 1, Queue: 2, Served: 3, Refused: 1}
		if got := g.snapshot(); got != want {
			t.Errorf("stats = %+v, want %+v", got, want)
		}
	})
}

func TestGateRefusesAtTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1, 2, 900*time.Millisecond)
		holder := start(t.Context(), g, nothing)

		began := time.Now()
		late := start(t.Context(), g, func() { t.Error("a refused job ran") })
		if err := <-late.err; err != ErrBusy {
			t.Errorf("run = %v, want %v", err, ErrBusy)
		}
		if waited := time.Since(began); waited != 900*time.Millisecond {
			t.Errorf("refused after %v, want 900ms", waited)
		}

		if err := holder.end(); err != nil {
			t.Errorf("holder: %v", err)
		}
		if err := start(t.Context(), g, nothing).end(); err != nil {
			t.Errorf("run after the slot came free = %v, want none", err)
		}
		want := Stats{Slots: 1, Queue: 2, Served: 2, Refused: 1, Waited: 900 * time.Millisecond}
		if got := g.snapshot(); got != want {
			t.Errorf("stats = %+v, want %+v", got, want)
		}
	})
}

func TestGateLetsACallerLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1, 1, time.Hour)
		holder := start(t.Context(), g, nothing)

		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		leaver := start(ctx, g, func() { t.Error("the job of a caller who left ran") })
		cancel()
		if err := <-leaver.err; err != context.Canceled {
			t.Errorf("run = %v, want %v", err, context.Canceled)
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("left after %v, want at once", waited)
		}

		// One whose own deadline is the earlier is not told to come back.
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		hurried := start(ctx, g, func() { t.Error("the job of a caller who left ran") })
		if err := <-hurried.err; err != context.DeadlineExceeded {
			t.Errorf("run = %v, want %v", err, context.DeadlineExceeded)
		}

		// The place in the queue is free again.
		next := start(t.Context(), g, nothing)
		if err := holder.end(); err != nil {
			t.Errorf("holder: %v", err)
		}
		if err := next.end(); err != nil {
			t.Errorf("next: %v", err)
		}
		// And with slots free, one who is gone already takes none.
		if err := run(ctx, g, func() { t.Error("the job of a caller who left ran") }); err != context.DeadlineExceeded {
			t.Errorf("run = %v, want %v", err, context.DeadlineExceeded)
		}

		want := Stats{Slots: 1, Queue: 1, Served: 2, Abandoned: 3, Waited: time.Second}
		if got := g.snapshot(); got != want {
			t.Errorf("stats = %+v, want %+v", got, want)
		}
	})
}

func TestPanicFreesTheSlot(t *testing.T) {
	g := newGate(1, 1, time.Hour)
	for range 3 {
		func() {
			defer func() {
				if got := recover(); got != "boom" {
					t.Errorf("recovered %v, want boom", got)
				}
			}()
			_ = run(t.Context(), g, func() { panic("boom") })
		}()
	}
	ran := false
	if err := run(t.Context(), g, func() { ran = true }); err != nil || !ran {
		t.Errorf("run after panics = %v, ran %v, want it to run", err, ran)
	}
	if got, want := g.snapshot(), (Stats{Slots: 1, Queue: 1, Served: 4}); got != want {
		t.Errorf("stats = %+v, want %+v", got, want)
	}
}

func TestGateLetsLinesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1, 20, time.Hour)
		holder := start(t.Context(), g, nothing)
		var order []string
		var waiting []job
		for _, from := range []string{"crowd", "crowd", "crowd", "crowd", "ada", "bob", "ada"} {
			waiting = append(waiting, start(From(t.Context(), from, false), g, func() { order = append(order, from) }))
		}
		for _, j := range append([]job{holder}, waiting...) {
			close(j.letGo)
			synctest.Wait()
		}
		want := []string{"crowd", "ada", "bob", "crowd", "ada", "crowd", "crowd"}
		if !slices.Equal(order, want) {
			t.Errorf("served in the order %v, want %v", order, want)
		}
		if left := len(g.known) + len(g.unknown); left != 0 {
			t.Errorf("%d lines are left", left)
		}
	})
}

// TestGateRefusesAtOnceWhoWouldWaitInVain fills the queue from one place as far as
// it can be served in time, and then comes from another.
func TestGateRefusesAtOnceWhoWouldWaitInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const typical, wait = 100 * time.Millisecond, time.Second
		g := newGate(2, 1000, wait)
		work := func() { time.Sleep(typical) } // of the bubble's clock
		if err := run(t.Context(), g, work); err != nil {
			t.Fatal(err)
		}

		crowd := From(t.Context(), "crowd", false)
		inTime, refused := 0, 0
		results := make(chan error)
		for range 200 {
			go func() { results <- run(crowd, g, work) }()
		}
		synctest.Wait()
		if !busy(g, crowd) {
			t.Error("the crowd's next would not be refused, want that it is")
		}
		other := From(t.Context(), "elsewhere", false)
		if busy(g, other) {
			t.Error("somebody from elsewhere would be refused")
		}
		began := time.Now()
		go func() {
			if err := run(other, g, work); err != nil {
				t.Errorf("somebody from elsewhere: %v", err)
			}
			if took := time.Since(began); took > 3*typical {
				t.Errorf("somebody from elsewhere waited %v behind the crowd", took)
			}
		}()
		for range 200 {
			switch err := <-results; {
			case err == nil:
				inTime++
			case err == ErrBusy:
				refused++
			default:
				t.Errorf("run = %v, want none or %v", err, ErrBusy)
			}
		}
		// Two slots serve 20 in a second, and one who came from elsewhere.
		if inTime < 18 || inTime > 22 {
			t.Errorf("%d of the crowd were served, %d refused; want some 20 served", inTime, refused)
		}
		if took := time.Since(began); took > wait+2*typical {
			t.Errorf("it took %v, want a second or so", took)
		}
	})
}

func TestGateGivesASlotOnThatCameTooLate(t *testing.T) {
	for range 20 {
		synctest.Test(t, slotThatCameTooLate)
	}
}

func slotThatCameTooLate(t *testing.T) {
	g := newGate(1, 10, time.Second)
	holder := start(t.Context(), g, nothing)
	ctx, cancel := context.WithCancel(t.Context())
	p, err := g.queueUp(caller{})
	if p == nil || err != nil {
		t.Fatalf("queueUp = %v, %v, want a place", p, err)
	}
	next := start(t.Context(), g, nothing)
	if err := holder.end(); err != nil { // the slot is p's now, and nobody has looked
		t.Fatal(err)
	}
	cancel()
	if err := g.waitForSlot(ctx, p); err == nil { // it is chance which of the two is seen
		g.leave(0, true)
	}
	if err := next.end(); err != nil {
		t.Errorf("next: %v", err)
	}
	if got := g.snapshot(); got.InUse != 0 || got.Queued != 0 {
		t.Errorf("stats = %+v, want none in use or queued", got)
	}
}

// TestGateKeepsTurnsForTheKnown has a crowd of strangers, each from a place of its
// own, stand before somebody who is known.
func TestGateKeepsTurnsForTheKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const typical = 100 * time.Millisecond
		g := newGate(1, 1000, time.Second)
		work := func() { time.Sleep(typical) } // of the bubble's clock
		if err := run(t.Context(), g, work); err != nil {
			t.Fatal(err)
		}
		var crowd sync.WaitGroup
		defer crowd.Wait()
		for i := range 100 {
			crowd.Go(func() { _ = run(From(t.Context(), strconv.Itoa(i), false), g, work) })
		}
		synctest.Wait()
		if !busy(g, From(t.Context(), "one more", false)) {
			t.Error("one more stranger would wait in vain, and is not refused")
		}
		for _, who := range []string{"ada", "bob"} {
			began, known := time.Now(), From(t.Context(), who, true)
			if busy(g, known) {
				t.Errorf("%s is known, and would be refused", who)
			}
			if err := run(known, g, work); err != nil {
				t.Errorf("%s: %v", who, err)
			}
			if took := time.Since(began); took > 4*typical {
				t.Errorf("%s waited until %v, want a turn or two", who, took)
			}
		}
	})
}

// busy tells whether who comes now would be refused.
func busy(g *gate, ctx context.Context) bool {
	_, done, err := g.reserve(ctx)
	if err == nil {
		done()
	}
	return err == ErrBusy
}

// TestGateCountsWhoIsYetToCome has a crowd ask for places all at once, before any of
// them hashes.
func TestGateCountsWhoIsYetToCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const typical = 100 * time.Millisecond
		g := newGate(2, 1000, time.Second)
		work := func() { time.Sleep(typical) } // of the bubble's clock
		if err := run(t.Context(), g, work); err != nil {
			t.Fatal(err)
		}

		var coming []context.Context
		var gone []func()
		for i := range 200 {
			ctx, done, err := g.reserve(From(t.Context(), strconv.Itoa(i%5), false))
			if err == nil {
				coming, gone = append(coming, ctx), append(gone, done)
			}
		}
		if len(coming) < 15 || len(coming) > 25 {
			t.Errorf("%d have a place, want some 20: as many as are served in a second", len(coming))
		}
		if busy(g, From(t.Context(), "elsewhere", false)) {
			t.Error("somebody from elsewhere would be refused")
		}
		served := make(chan error)
		for _, ctx := range coming {
			go func() { served <- run(ctx, g, work) }()
		}
		for range coming {
			if err := <-served; err != nil {
				t.Errorf("one who had a place: %v", err)
			}
		}
		for _, done := range gone {
			done() // once more than it was given up
		}
		if g.kept != 0 || len(g.reserved) != 0 {
			t.Errorf("%d places are kept for nobody: %v", g.kept, g.reserved)
		}
	})
}

// TestGateDoesNotLearnFromWorkThatFailed has no process for hashing to be had for a
// while: a hash takes as long as it did, all the same.
func TestGateDoesNotLearnFromWorkThatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1, 10, 100*time.Millisecond)
		work := func() { time.Sleep(60 * time.Millisecond) }
		if err := run(t.Context(), g, work); err != nil {
			t.Fatal(err)
		}
		cause := fmt.Errorf("%w: no process", ErrBusy)
		if err := g.run(t.Context(), func() error { return cause }); err != cause {
			t.Errorf("got %v, want %v", err, cause)
		}
		if got, want := g.snapshot(), (Stats{Slots: 1, Queue: 10, Served: 1, Refused: 1}); got != want {
			t.Errorf("stats = %+v, want %+v", got, want)
		}
		holder, next := start(t.Context(), g, nothing), start(t.Context(), g, nothing)
		begun := time.Now()
		if err := run(t.Context(), g, work); err != ErrBusy || time.Since(begun) > 0 {
			t.Errorf("who would wait in vain: got %v after %v, want ErrBusy at once", err, time.Since(begun))
		}
		for _, j := range []job{holder, next} {
			if err := j.end(); err != nil {
				t.Error(err)
			}
		}
	})
}

package password

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// ErrBusy says that no slot came free for a hash before the deadline, or that
// the queue for one is full: nothing was hashed, and trying again later helps.
var ErrBusy = errors.New("too many passwords are being checked at once")

// Stats tells what a Hasher's gate is doing and has done since it was made.
type Stats struct {
	Slots int // hashes that may run at once
	Queue int // callers that may wait for a slot

	InUse  int // slots taken now
	Queued int // callers waiting now

	Served    uint64        // callers that got a slot and gave it back
	Refused   uint64        // callers sent away with ErrBusy
	Abandoned uint64        // callers whose context ended before they had a slot
	Waited    time.Duration // time spent in the queue, by all callers together
}

// gate admits a bounded number of callers at once, first come, first served,
// and lets a bounded number wait for a bounded time. Hashing is by far the
// dearest thing a stranger can make the server do, so all of it passes here.
type gate struct {
	slots *semaphore.Weighted // FIFO, and TryAcquire does not overtake
	wait  time.Duration

	mu    sync.Mutex
	stats Stats
}

func newGate(slots, queue int, wait time.Duration) *gate {
	return &gate{
		slots: semaphore.NewWeighted(int64(slots)),
		wait:  wait,
		stats: Stats{Slots: slots, Queue: queue},
	}
}

// run calls work in a slot. It returns ErrBusy when the queue is full or the
// deadline passes first, and the context's error when that ends first; then
// work was not called. A panic in work goes on to the caller, its slot freed.
func (g *gate) run(ctx context.Context, work func()) error {
	if err := g.enter(ctx); err != nil {
		return err
	}
	defer g.leave()

	work()

	return nil
}

func (g *gate) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		g.count(func(s *Stats) { s.Abandoned++ })
		return err
	}
	if g.slots.TryAcquire(1) {
		g.count(func(s *Stats) { s.InUse++ })
		return nil
	}
	if !g.queueUp() {
		return ErrBusy
	}

	return g.waitForSlot(ctx)
}

// queueUp takes a place in the queue, if there is one.
func (g *gate) queueUp() bool {
	g.mu.Lock()
	defer g.mu.Unlock()

	if g.stats.Queued >= g.stats.Queue {
		g.stats.Refused++
		return false
	}
	g.stats.Queued++

	return true
}

// waitForSlot gives the place in the queue back for a slot, or for an error.
func (g *gate) waitForSlot(ctx context.Context) error {
	// A stopwatch and not a clock: only the difference is used.
	start := time.Now()
	timed, cancel := context.WithTimeout(ctx, g.wait)
	defer cancel()

	err := g.slots.Acquire(timed, 1)
	if err != nil {
		err = cmp.Or(ctx.Err(), ErrBusy)
	}
	g.count(func(s *Stats) {
		s.Queued--
		s.Waited += time.Since(start)
		switch err {
		case nil:
			s.InUse++
		case ErrBusy:
			s.Refused++
		default:
			s.Abandoned++
		}
	})

	return err
}

func (g *gate) leave() {
	g.count(func(s *Stats) {
		s.InUse--
		s.Served++
	})
	g.slots.Release(1)
}

func (g *gate) count(change func(*Stats)) {
	g.mu.Lock()
	defer g.mu.Unlock()

	change(&g.stats)
}

func (g *gate) snapshot() Stats {
	g.mu.Lock()
	defer g.mu.Unlock()

	return g.stats
}

package password

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// ErrBusy says that no slot came free for a hash before the deadline, or that
// none would: nothing was hashed, and trying again later helps.
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

type callerKey struct{}

// caller is on whose behalf is hashed.
type caller struct {
	from  string
	known bool
}

// From answers a context under which a Hasher hashes on behalf of somebody, such
// as a client's network. Those who wait for a slot take turns by whom they come
// from, so that a crowd from one place makes nobody else wait long; and where
// known ones wait every second slot is theirs, so that no crowd of strangers, from
// wherever, shuts them out.
func From(ctx context.Context, whom string, known bool) context.Context {
	return context.WithValue(ctx, callerKey{}, caller{whom, known})
}

func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

// gate admits a bounded number of callers at once, and lets a bounded number wait
// for a bounded time. Hashing is by far the dearest thing a stranger can make the
// server do, so all of it passes here.
//
// Who waits stands in a line with those who come from the same place, first come,
// first served, and the lines take turns. Who would wait in vain is refused at
// once: to be told so costs neither side the wait.
type gate struct {
	wait time.Duration

	mu       sync.Mutex
	stats    Stats
	known    []*line // those that somebody stands in, the next to be served first
	unknown  []*line
	knownWas bool           // a known one was the last to be served
	reserved map[caller]int // places for those who are yet to come
	kept     int            // how many these are
	typical  time.Duration  // how long work takes where nothing disturbs it
}

// line is who waits from one place.
type line struct {
	caller
	waiting []*place
}

// place is a caller's place in a line.
type place struct {
	line     *line
	admitted chan struct{} // closed when the slot is the caller's
}

func newGate(slots, queue int, wait time.Duration) *gate {
	return &gate{wait: wait, stats: Stats{Slots: slots, Queue: queue}, reserved: map[caller]int{}}
}

// run calls work in a slot, and returns its error. It returns ErrBusy when none comes
// free in time, or the context's error when that ends first; then work was not called.
// Work that returns ErrBusy counts for none. A panic in work goes on to the caller, its
// slot freed.
func (g *gate) run(ctx context.Context, work func() error) (err error) {
	if err := g.enter(ctx); err != nil {
		return err
	}
	// A stopwatch and not a clock: only the difference is used.
	begun := time.Now()
	defer func() { g.leave(time.Since(begun), !errors.Is(err, ErrBusy)) }()

	return work()
}

type reservationKey struct{}

// reservation is a place for somebody who comes soon.
type reservation struct {
	caller caller
	gate   *gate
	over   bool // guarded by the gate's mutex
}

// reserve keeps a place for who comes under the answered context, until it comes or
// the answered function is called. It returns ErrBusy when who comes now would be
// refused, after all those who have such a place.
func (g *gate) reserve(ctx context.Context) (context.Context, func(), error) {
	g.mu.Lock()
	defer g.mu.Unlock()

	r := &reservation{caller: callerOf(ctx), gate: g}
	if (!g.free() || g.kept >= g.stats.Slots) && g.hopeless(r.caller, g.reserved) {
		g.stats.Refused++
		return nil, nil, ErrBusy
	}
	g.reserved[r.caller]++
	g.kept++

	return context.WithValue(ctx, reservationKey{}, r), r.end, nil
}

// end gives the place up, once.
func (r *reservation) end() {
	r.gate.mu.Lock()
	defer r.gate.mu.Unlock()

	if r.over {
		return
	}
	r.over = true
	r.gate.kept--
	if r.gate.reserved[r.caller]--; r.gate.reserved[r.caller] == 0 {
		delete(r.gate.reserved, r.caller)
	}
}

func (g *gate) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.stats.Abandoned++
		return err
	}
	if r, ok := ctx.Value(reservationKey{}).(*reservation); ok {
		r.end()
	}
	p, err := g.queueUp(callerOf(ctx))
	if p == nil {
		return err
	}

	return g.waitForSlot(ctx, p)
}

// queueUp answers a place in a line; none when there is a slot right away, or an
// error.
func (g *gate) queueUp(c caller) (*place, error) {
	g.mu.Lock()
	defer g.mu.Unlock()

	if g.free() {
		g.stats.InUse++
		return nil, nil
	}
	if g.hopeless(c, nil) {
		g.stats.Refused++
		return nil, ErrBusy
	}
	lines := g.linesOf(c)
	l := lineOf(*lines, c)
	if l == nil {
		l = &line{caller: c}
		*lines = append(*lines, l)
	}
	p := &place{line: l, admitted: make(chan struct{})}
	l.waiting = append(l.waiting, p)
	g.stats.Queued++

	return p, nil
}

// free tells whether there is a slot that nobody waits for.
func (g *gate) free() bool { return g.stats.InUse < g.stats.Slots && g.stats.Queued == 0 }

// hopeless tells whether a newcomer would wait in vain. In each other line, as many
// go before it as stand before it in its own, and one more; and between them as many
// of the other kind, known or not, as there are. Who is yet to come stands in line
// already.
func (g *gate) hopeless(c caller, toCome map[caller]int) bool {
	all := g.stats.Queued
	for _, n := range toCome {
		all += n
	}
	if all >= g.stats.Queue {
		return true
	}
	lines := *g.linesOf(c)
	own := toCome[c]
	if l := lineOf(lines, c); l != nil {
		own += len(l.waiting)
	}
	before, alike := own, 0
	count := func(of caller, n int) {
		if of.known == c.known {
			alike += n
		}
		if of.known == c.known && of != c {
			before += min(n, own+1)
		}
	}
	for _, l := range lines {
		count(l.caller, len(l.waiting))
	}
	for of, n := range toCome {
		count(of, n)
	}
	before += min(before+1, all-alike)

	return g.typical*time.Duration(before+1)/time.Duration(g.stats.Slots) > g.wait
}

// linesOf answers the lines of those who are known, or of those who are not.
func (g *gate) linesOf(c caller) *[]*line {
	if c.known {
		return &g.known
	}
	return &g.unknown
}

func lineOf(lines []*line, c caller) *line {
	i := slices.IndexFunc(lines, func(l *line) bool { return l.caller == c })
	if i < 0 {
		return nil
	}
	return lines[i]
}

// waitForSlot gives the place in the queue back for a slot, or for an error.
func (g *gate) waitForSlot(ctx context.Context, p *place) error {
	begun := time.Now()
	deadline := time.NewTimer(g.wait)
	defer deadline.Stop()

	var err error
	select {
	case <-p.admitted:
	case <-deadline.C:
		err = ErrBusy
	case <-ctx.Done():
		err = ctx.Err()
	}

	g.mu.Lock()
	defer g.mu.Unlock()
	g.stats.Waited += time.Since(begun)
	switch {
	case err == nil:
		return nil
	case !g.stepOut(p):
		// The slot came at the same moment. It is given on to whoever can use it.
		g.giveBack()
	}
	if err == ErrBusy {
		g.stats.Refused++
	} else {
		g.stats.Abandoned++
	}

	return err
}

// stepOut gives a place up, and tells whether it was still waited at.
func (g *gate) stepOut(p *place) bool {
	i := slices.Index(p.line.waiting, p)
	if i < 0 {
		return false
	}
	p.line.waiting = slices.Delete(p.line.waiting, i, i+1)
	g.stats.Queued--
	if len(p.line.waiting) == 0 {
		lines := g.linesOf(p.line.caller)
		*lines = slices.DeleteFunc(*lines, func(l *line) bool { return l == p.line })
	}

	return true
}

func (g *gate) leave(took time.Duration, worked bool) {
	g.mu.Lock()
	defer g.mu.Unlock()

	defer g.giveBack()
	if !worked {
		g.stats.Refused++
		return
	}
	g.stats.Served++
	took = min(took, g.wait) // a machine that slept for an hour has not become slow
	// The least of late, and not the average: what a crowd has made slow must not have
	// more of it refused, whose coming back makes it slower still.
	if g.typical += g.typical/1024 + 1; g.typical == 1 || took < g.typical {
		g.typical = took
	}
}

// giveBack frees a slot for whoever waits.
func (g *gate) giveBack() {
	g.stats.InUse--
	g.admit()
}

// admit gives free slots to those who wait: known and not in turn, and among each
// a line after the other.
func (g *gate) admit() {
	for g.stats.InUse < g.stats.Slots && g.stats.Queued > 0 {
		lines := &g.unknown
		if len(g.unknown) == 0 || len(g.known) > 0 && !g.knownWas {
			lines = &g.known
		}
		g.knownWas = lines == &g.known
		l := (*lines)[0]
		*lines = slices.Delete(*lines, 0, 1)
		p := l.waiting[0]
		l.waiting = l.waiting[1:]
		if len(l.waiting) > 0 {
			*lines = append(*lines, l)
		}
		g.stats.Queued--
		g.stats.InUse++
		close(p.admitted)
	}
}

func (g *gate) snapshot() Stats {
	g.mu.Lock()
	defer g.mu.Unlock()

	return g.stats
}

package linear

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"matricula/acceptance/outside"
)

// plan is what a run is to be.
type plan struct {
	database  string
	instances int
	ops       int // calls to record at least
	clients   int
	faults    []string
	seed      uint64
}

// breaks reports whether any of these faults is wanted.
func (p plan) breaks(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(p.faults, name) })
}

// timeout is how long a client waits. Where things break it is shorter than some
// faults, so that clients give up on calls that happen later.
func (p plan) timeout() time.Duration {
	if len(p.faults) > 0 {
		return 3 * time.Second
	}
	return 20 * time.Second
}

// String says it in one line.
func (p plan) String() string {
	broken := "nothing broken"
	if len(p.faults) > 0 {
		broken = strings.Join(p.faults, ", ")
	}
	return fmt.Sprintf("%s, %d instances, %d clients, %s, seed %d", p.database, p.instances, p.clients, broken, p.seed)
}

// run is a crowd before a site.
type run struct {
	*site
	plan   plan
	seed   uint64
	routes []string // where each instance is reached
	begun  time.Time
	crowd  sync.WaitGroup
	clocks bool // they jump: then a token may come from the future

	recorded atomic.Int64
	counts   [kinds][3]atomic.Int64
	oddities atomic.Int64

	mu    sync.Mutex
	users []*user
}

// play opens a site, lets the crowd at it while things break, and answers the run
// with its histories. through may lead the way to an instance elsewhere.
func play(t *testing.T, p plan, through ...func(address string) string) (*run, *breaker) {
	t.Helper()
	for p.seed == 0 {
		p.seed = rand.Uint64()
	}
	r := &run{site: open(t, p), plan: p, seed: p.seed, begun: time.Now(), clocks: p.breaks("clock")}
	for _, i := range r.instances {
		route := "http://" + i.address
		for _, lead := range through {
			route = lead(i.address)
		}
		r.routes = append(r.routes, route)
	}
	b := &breaker{run: r, chance: rand.New(rand.NewPCG(p.seed, 1<<32)), count: map[string]int{}}
	var last *client
	for n := range max(1, p.clients/sharing) {
		circle := &circle{run: r}
		for number := range sharing {
			last = circle.join(n*sharing+number, number)
		}
	}
	r.watch()
	b.work()
	r.crowd.Wait()
	for _, i := range r.instances {
		b.awaitReady(i)
	}
	r.sweep(last)
	return r, b
}

// stuckTime is how long nothing at all may happen.
const stuckTime = 2 * time.Minute

// watch ends a run in which nothing happens any more.
func (r *run) watch() {
	r.crowd.Go(func() {
		for last := int64(-1); !r.over(); {
			now := r.recorded.Load()
			if now == last {
				r.t.Errorf("nothing has happened for %v\n%s", stuckTime, r.instances[0].said())
				return
			}
			last = now
			outside.Poll(stuckTime, func() bool { return r.over() || r.recorded.Load() > last+100 })
		}
	})
}

// since is when it is, since the run began, by a clock that never jumps.
func (r *run) since() time.Duration { return time.Since(r.begun) }

// over reports whether enough is recorded, or all is in vain.
func (r *run) over() bool { return r.recorded.Load() >= int64(r.plan.ops) || r.t.Failed() }

// pause keeps a client from running against a closed door.
func (r *run) pause() { <-time.After(20 * time.Millisecond) }

func (r *run) count(k kind, o outcome) {
	r.counts[k][o].Add(1)
	if o != unknown || k.changes() {
		r.recorded.Add(1)
	}
}

// strange tells of an answer that no contract knows.
func (r *run) strange(call string, status int, text []byte) {
	if r.oddities.Add(1) <= 5 {
		r.t.Errorf("%s: got %d: %.300s", call, status, text)
	}
}

// newUser is an address that nobody has used.
func (r *run) newUser() *user {
	r.mu.Lock()
	defer r.mu.Unlock()
	u := newUser(len(r.users), r.since)
	r.users = append(r.users, u)
	r.mails.give(u.email, u.read)
	return u
}

// sweep asks every instance about what was got last, of all accounts, when all has
// healed: nothing that was ended may have come back.
func (r *run) sweep(c *client) {
	for n, u := range r.users {
		c.user = u
		for at := range r.routes {
			if at != n%len(r.routes) && n%8 > 0 {
				continue // all of them for each eighth, one for the others
			}
			u.mu.Lock()
			access, cookies := newest(u.access, 2), newest(u.cookies, 2)
			u.mu.Unlock()
			for _, h := range access {
				c.checkAccess(at, h)
			}
			for _, h := range cookies {
				c.checkCookie(at, h)
			}
		}
	}
}

// report says what was done and how often what was broken.
func (r *run) report(b *breaker, took time.Duration) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%v\n%d calls about %d accounts in %.0f seconds\n", r.plan, r.recorded.Load(), len(r.users), took.Seconds())
	for k := range kinds {
		if yes, no, open := r.counts[k][done].Load(), r.counts[k][refused].Load(), r.counts[k][unknown].Load(); yes+no+open > 0 {
			fmt.Fprintf(&text, "  %-15v %7d yes %7d no %6d unknown\n", k, yes, no, open)
		}
	}
	for _, f := range faults {
		if n := b.count[f.name]; n > 0 {
			fmt.Fprintf(&text, "  broken %4d times: %s\n", n, f.what)
		}
	}
	return text.String()
}

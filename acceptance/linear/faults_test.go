package linear

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/Shopify/toxiproxy/v2"

	"matricula/acceptance/outside"
)

// fault is something that breaks. It has healed when do returns, but for a clock,
// which goes on wrong until it is moved again.
type fault struct {
	name     string
	what     string
	postgres bool // it wants one
	do       func(*breaker, *instance)
}

var faults = []fault{
	{"kill", "kill -9 of an instance, and its restart", false, (*breaker).killInstance},
	{"stop", "an instance that stands still (SIGSTOP)", false, (*breaker).stopInstance},
	{"clock", "an instance's clock that jumps, by up to a day", false, (*breaker).jumpClock},
	{"cut", "connections to the database cut, at once or in the middle of an answer", true, (*breaker).cutConnections},
	{"slow", "a slow line to the database", true, (*breaker).slowConnections},
	{"database", "kill -9 of the database server, and its restart", true, (*breaker).killDatabase},
	{"failover", "kill -9 of the database server for good, and a standby that takes over", true, (*breaker).failOver},
}

func faultNames() []string {
	var names []string
	for _, f := range faults {
		names = append(names, f.name)
	}
	return names
}

// chosenFaults reads the flag.
func chosenFaults(text, database string) ([]string, error) {
	if text == "none" || text == "" {
		return nil, nil
	}
	var chosen []string
	for _, f := range faults {
		listed := slices.Contains(strings.Split(text, ","), f.name)
		switch {
		case text == "all" && (database == "postgres" || !f.postgres), listed:
			chosen = append(chosen, f.name)
		}
		if listed && f.postgres && database != "postgres" {
			return nil, fmt.Errorf("-faults: %s wants PostgreSQL", f.name)
		}
	}
	if text != "all" && len(chosen) != len(strings.Split(text, ",")) {
		return nil, fmt.Errorf("-faults: %q is not all, none, or some of %s", text, strings.Join(faultNames(), ","))
	}
	return chosen, nil
}

// breaker breaks one thing after the other while the crowd goes on.
type breaker struct {
	*run
	chance *rand.Rand
	count  map[string]int
}

// work breaks until the run is over, and then puts right what is left.
func (b *breaker) work() {
	if len(b.plan.faults) == 0 {
		return
	}
	for !b.over() {
		b.wait(200*time.Millisecond, 1200*time.Millisecond)
		if b.over() {
			break
		}
		name := b.plan.faults[b.chance.IntN(len(b.plan.faults))]
		f := faults[slices.IndexFunc(faults, func(f fault) bool { return f.name == name })]
		f.do(b, b.instances[b.chance.IntN(len(b.instances))])
		b.count[name]++
	}
	for _, i := range b.instances {
		i.moveClock(0)
	}
}

// wait waits for a time by chance.
func (b *breaker) wait(least, most time.Duration) {
	<-time.After(least + time.Duration(b.chance.Int64N(int64(most-least))))
}

func (b *breaker) killInstance(i *instance) {
	i.kill()
	b.wait(0, 300*time.Millisecond)
	i.start()
	b.awaitReady(i)
}

// awaitReady waits for an instance, as one of many goroutines may.
func (b *breaker) awaitReady(i *instance) {
	if !outside.Poll(readyTime, i.ready) {
		b.t.Errorf("instance %d isn't ready after %v\n%s", i.number, readyTime, i.said())
	}
}

func (b *breaker) stopInstance(i *instance) {
	i.signal(syscall.SIGSTOP)
	b.wait(500*time.Millisecond, 4*time.Second)
	i.signal(syscall.SIGCONT)
}

// jumps are what clocks are put to. The longest is well below the lifetimes.
var jumps = []time.Duration{
	-time.Hour, -2 * time.Minute, -90 * time.Second, -20 * time.Second, 0, 20 * time.Second, 90 * time.Second, 2 * time.Minute, time.Hour, 24 * time.Hour,
}

func (b *breaker) jumpClock(i *instance) { i.moveClock(jumps[b.chance.IntN(len(jumps))]) }

// cutConnections cuts the line for a while, or lets every connection die after some
// octets of the database's answers, a commit's among them.
func (b *breaker) cutConnections(i *instance) {
	if b.chance.IntN(2) == 0 {
		i.proxy.Stop()
		b.wait(200*time.Millisecond, 2*time.Second)
		if err := i.proxy.Start(); err != nil {
			b.t.Errorf("the line of instance %d doesn't come back: %v", i.number, err)
		}
		return
	}
	b.poison(i, fmt.Sprintf(`{"name": "cut", "type": "limit_data", "stream": "downstream", "attributes": {"bytes": %d}}`, 200+b.chance.IntN(5000)))
}

func (b *breaker) slowConnections(i *instance) {
	ms := 20 + b.chance.IntN(500)
	b.poison(i, fmt.Sprintf(`{"name": "slow", "type": "latency", "stream": "downstream", "attributes": {"latency": %d, "jitter": %d}}`, ms, ms/2))
}

// poison makes a line bad for a while.
func (b *breaker) poison(i *instance, toxic string) {
	if _, err := i.proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
		b.t.Errorf("the line of instance %d: %v", i.number, err)
	}
	b.wait(500*time.Millisecond, 3*time.Second)
	i.proxy.Toxics.ResetToxics(context.Background())
}

func (b *breaker) killDatabase(*instance) {
	if err := b.server.Kill(); err != nil {
		b.t.Errorf("the database server can't be killed: %v", err)
		return
	}
	b.wait(0, time.Second)
	if err := b.server.Run(context.Background()); err != nil {
		b.t.Errorf("the database server doesn't come back: %v", err)
	}
}

// failOver kills the database server when a standby has followed it for a while, and has
// the standby take its place. No commit was answered that the standby hasn't got.
func (b *breaker) failOver(*instance) {
	ctx := context.Background()
	standby, err := b.server.Follow(ctx)
	if err != nil {
		b.t.Errorf("a standby: %v", err)
		return
	}
	b.wait(0, 2*time.Second)
	if err := errors.Join(b.server.Kill(), b.server.Stop()); err != nil {
		b.t.Errorf("the database server can't be killed: %v", err)
	}
	b.server = standby
	if err := standby.Promote(ctx); err != nil {
		b.t.Errorf("the standby doesn't take over: %v\n%s", err, standby.Log())
	}
	for _, l := range b.lines {
		if err := l.Update(&toxiproxy.Proxy{Listen: l.Listen, Upstream: b.upstream(), Enabled: true}); err != nil {
			b.t.Errorf("a line to the standby: %v", err)
		}
	}
}

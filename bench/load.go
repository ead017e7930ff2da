package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// script appends the next request of a client to a buffer. pick is the client's
// own source of chance, which begins anew in each cell.
type script func(buffer []byte, pick *rand.Rand) []byte

// patience is how long an answer may take before the whole run is given up.
const patience = 30 * time.Second

// load has clients call, each as soon as its last call was answered (a closed loop),
// for warm and then for length. They are spread evenly over the addresses. What was
// answered in length counts.
func load(ctx context.Context, addrs []string, clients int, warm, length time.Duration, s script) (tally, error) {
	callers := make([]*caller, clients)
	for i := range callers {
		c, err := dial(addrs[i%len(addrs)], warm+length+patience)
		if err != nil {
			return tally{}, err
		}
		defer c.close()
		callers[i] = &caller{client: c, script: s, pick: rand.New(rand.NewPCG(uint64(i), uint64(clients)))}
	}
	opens := time.Now().Add(warm)
	var calling sync.WaitGroup
	for _, c := range callers {
		calling.Go(func() { c.err = c.call(ctx, opens, opens.Add(length)) })
	}
	calling.Wait()

	all := tally{length: length}
	for _, c := range callers {
		if c.err != nil {
			return tally{}, c.err
		}
		all.add(c.tally)
	}
	return all, ctx.Err()
}

// caller is one client at work.
type caller struct {
	*client
	script script
	pick   *rand.Rand
	tally  tally
	err    error
}

func (c *caller) call(ctx context.Context, opens, ends time.Time) error {
	var request []byte
	for begun := time.Now(); begun.Before(ends) && ctx.Err() == nil; {
		request = c.script(request[:0], c.pick)
		a, err := c.do(request)
		if err != nil {
			return err
		}
		now := time.Now()
		if err := c.tally.count(a, now.Sub(begun), !now.Before(opens) && now.Before(ends)); err != nil {
			return err
		}
		begun = now
	}
	return nil
}

// tally is what came of many calls.
type tally struct {
	length time.Duration
	calls  int             // all, those before the time that counts too
	done   int             // of these, those answered 200
	took   []time.Duration // of those answered 200 in the time that counts
	busy   int             // those answered 503 or 429 in it
}

// count notes an answer. One that no healthy server gives ends the run.
func (t *tally) count(a answer, took time.Duration, counts bool) error {
	t.calls++
	switch {
	case a.status == 503 || a.status == 429:
		if counts {
			t.busy++
		}
	case a.status != 200:
		return fmt.Errorf("an answer has status %d: %.200s", a.status, a.body)
	default:
		t.done++
		if counts {
			t.took = append(t.took, took)
		}
	}
	return nil
}

func (t *tally) add(o tally) {
	t.calls += o.calls
	t.done += o.done
	t.busy += o.busy
	t.took = append(t.took, o.took...)
}

// sample is the tally in numbers.
func (t *tally) sample() sample {
	slices.Sort(t.took)
	return sample{
		calls: t.calls, done: t.done,
		PerSecond: float64(len(t.took)) / t.length.Seconds(),
		P50:       milliseconds(quantile(t.took, 0.50)),
		P99:       milliseconds(quantile(t.took, 0.99)),
		Refused:   float64(t.busy) / max(1, float64(t.busy+len(t.took))),
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

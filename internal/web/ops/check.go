package ops

import (
	"context"
	"sync"
	"time"
)

const (
	// maxAge is how long an answer of ready is told again. Anybody may ask, and
	// must not be able to keep the database busy by asking.
	maxAge = time.Second
	// patience is how long ready may take. Those who watch wait a few seconds.
	patience = 2 * time.Second
)

// check asks ready, at most once a second.
type check struct {
	ready func(context.Context) error
	now   func() time.Time

	mu    sync.Mutex // guards what follows; held while ready runs, so that it runs once
	asked time.Time  // zero until the first answer
	said  error
}

// run returns what ready says, or said less than a second ago.
func (c *check) run(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if age := c.now().Sub(c.asked); !c.asked.IsZero() && 0 <= age && age < maxAge {
		return c.said
	}
	c.said = c.ask(ctx)
	c.asked = c.now()
	return c.said
}

// ask calls ready. The request's own end doesn't end the call: the answer is for
// those who ask next, too.
func (c *check) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	return c.ready(ctx)
}

package sqlite

import (
	"context"
	"errors"
	"sync"

	"matricula/internal/store"
)

// readers are the connections that read, opened as they are needed.
type readers struct {
	open   func(context.Context) (*conn, error)
	places chan struct{} // one for each connection that may be in use

	mu     sync.Mutex
	idle   []*conn // the one used last is used next: its pages are at hand
	closed bool
}

func newReaders(n int, open func(context.Context) (*conn, error)) *readers {
	return &readers{open: open, places: make(chan struct{}, n)}
}

// Query implements store.Reader. ctx bounds the waiting for a connection; the
// statement itself is short, and to interrupt it would cost a goroutine each.
func (p *readers) Query(ctx context.Context, each func(store.Row) error, query string, args ...any) error {
	select {
	case p.places <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-p.places }()
	if err := ctx.Err(); err != nil {
		return err
	}
	c, err := p.take(ctx)
	if err != nil {
		return err
	}
	whole := false
	defer func() { p.put(c, whole) }() // after a panic too
	err = c.Query(context.Background(), each, query, args...)
	whole = !spoils(err)
	return err
}

// Find implements store.Engine: a statement costs next to nothing here, and no journey.
func (p *readers) Find(ctx context.Context, each func(store.Row) error, query string, args ...any) error {
	return p.Query(ctx, each, query, args...)
}

func (p *readers) take(ctx context.Context) (*conn, error) {
	c, err := p.takeIdle()
	if c != nil || err != nil {
		return c, err
	}
	return p.open(ctx)
}

// takeIdle answers a connection that is open, nil when there is none.
func (p *readers) takeIdle() (*conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, ErrClosed
	}
	n := len(p.idle)
	if n == 0 {
		return nil, nil
	}
	c := p.idle[n-1]
	p.idle = p.idle[:n-1]
	return c, nil
}

// put takes a connection back; one that is not whole is closed, and the next
// taker opens another.
func (p *readers) put(c *conn, whole bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if whole && !p.closed {
		p.idle = append(p.idle, c)
		return
	}
	_ = c.close() // it has done its work, or told its error
}

// close waits for the statements that run.
func (p *readers) close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	for range cap(p.places) {
		p.places <- struct{}{}
	}
	for range cap(p.places) {
		<-p.places // whoever comes now is told that it is closed
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, c := range p.idle {
		errs = append(errs, c.close())
	}
	p.idle = nil
	return errors.Join(errs...)
}

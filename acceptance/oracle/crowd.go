package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// startCrowd has clients try wrong passwords of nobody until end is called, so that
// the server's hashing is never idle.
func (a *asker) startCrowd() (end func()) {
	ctx, cancel := context.WithCancel(a.ctx)
	var all sync.WaitGroup
	for range a.crowd {
		all.Go(func() { a.hammer(ctx) })
	}
	return func() {
		cancel()
		all.Wait()
	}
}

// hammer tries passwords, one after the other, each as somebody else. What becomes
// of it is nobody's business: a server that answers no more is met by the samples.
func (a *asker) hammer(ctx context.Context) {
	c, err := newClient(a.url)
	if err != nil {
		return
	}
	defer c.close()
	for ctx.Err() == nil {
		email := fmt.Sprintf("crowd%012d@oracle.example", rand.Int64N(1e12))
		try := request{"POST", "/api/user/login", nil, `{"email":"` + email + `","password":"` + wrongPassword + `"}`}
		got, err := c.do(try, a.network(), email)
		if err == nil && got.status != http.StatusServiceUnavailable {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Millisecond):
		}
	}
}

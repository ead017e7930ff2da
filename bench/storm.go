package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"time"
)

// A storm is a crowd that signs in over and over, half of the time with a wrong
// password, each client from an address of its own and obedient: it waits a second
// when it is refused. Meanwhile somebody asks info at a steady pace. The limits are
// on, as they are by default.
const (
	stormPart    = "storm"
	stormClients = 500
	stormPause   = time.Second
	stormLength  = 30 // times that of a cell: a minute
	watchers     = 8
	watchEvery   = 20 * time.Millisecond
	hashMemory   = 19456 << 10 // octets of one hash at the default cost
)

// The names of its figures.
const (
	stormServed  = "storm: logins served, of raw hashes"
	stormInfo    = "storm: info, p99"
	stormOther   = "storm on one instance: info of another, p99"
	stormErrors  = "storm: info, not answered 200"
	stormCut     = "storm: logins without an answer"
	stormRefusal = "storm: longest wait for a refusal"
	stormMemory  = "storm: memory over idle and that of the hashes"
	stormAfter   = "login two seconds before a storm, of one two seconds after"
)

// stormy measures some storms.
func (b *bench) stormy(ctx context.Context) error {
	if !b.measures(stormPart) {
		return nil
	}
	for i := range b.storms {
		b.tell("storm %d of %d", i+1, b.storms)
		if err := b.storm(ctx, b.places[0]); err != nil {
			return fmt.Errorf("storm: %w", err)
		}
	}
	return nil
}

// stormSettings are those of every server in a storm.
var stormSettings = []string{"MATRICULA_LIMITS=on", "MATRICULA_TRUSTED_PROXIES=127.0.0.1"}

// storm measures one. On PostgreSQL there are two instances, and info is asked of the
// one that the crowd leaves alone.
func (b *bench) storm(ctx context.Context, in *installation) error {
	s, err := b.serve(ctx, in, stormSettings...)
	if err != nil {
		return err
	}
	defer s.stop()
	watched, info := s.addr, stormInfo
	if b.database == onPostgres {
		other, err := b.serveAnother(ctx, in, 2, stormSettings...)
		if err != nil {
			return err
		}
		defer other.stop()
		watched, info = other.addr, stormOther
	}
	hashes, err := rawHashes(ctx, stormClients, b.warm(), max(b.time, 2*time.Second)) // some finish on any machine
	if err != nil {
		return err
	}
	before, err := calm(ctx, s.addr, in)
	if err != nil {
		return err
	}
	idle, _, err := s.memory()
	if err != nil {
		return err
	}
	if err := s.forgetPeak(); err != nil {
		return err
	}
	seen, err := rage(ctx, s.addr, watched, in, stormLength*b.time)
	if err != nil {
		return err
	}
	_, peak, err := s.memory()
	if err != nil {
		return err
	}
	after, err := calm(ctx, s.addr, in)
	if err != nil {
		return err
	}
	r := &b.results
	r.value(stormServed, "", seen.served/hashes.PerSecond)
	r.value(info, "ms", milliseconds(quantile(seen.info, 0.99)))
	r.value(stormErrors, "calls", float64(seen.failed))
	r.value(stormCut, "calls", float64(seen.cut))
	r.value(stormRefusal, "s", seen.refusal.Seconds())
	r.value(stormMemory, "MB", (peak-idle-float64(runtime.GOMAXPROCS(0)*hashMemory))/megabyte)
	r.value(stormAfter, "", before.Seconds()/after.Seconds())
	return s.forgetLog()
}

// weather is what was seen in a storm.
type weather struct {
	served  float64         // passwords looked at, a second
	refusal time.Duration   // the longest that one waited for a 503 or 429
	info    []time.Duration // sorted
	failed  int             // answers to info that were not 200
	cut     int             // logins that the server hung up on
}

// calm waits two seconds, and answers how long a login takes then: the median of a
// few, one after the other.
func calm(ctx context.Context, addr string, in *installation) (time.Duration, error) {
	select {
	case <-time.After(2 * time.Second):
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	c, err := dial(addr, patience)
	if err != nil {
		return 0, err
	}
	defer c.close()
	var took []time.Duration
	for i := range 15 {
		begun := time.Now()
		a, err := c.do(in.signIn(nil, i%len(in.officers), visitor(-1), passphrase))
		if err != nil {
			return 0, err
		}
		if a.status != 200 {
			return 0, fmt.Errorf("a login beside the storm has status %d: %.200s", a.status, a.body)
		}
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	return quantile(took, 0.5), nil
}

// signIn appends a login from an address that a proxy tells.
func (in *installation) signIn(b []byte, officer int, from netip.Addr, secret string) []byte {
	b = append(b, "POST /api/user/login HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: "...)
	b = from.AppendTo(b)
	body := `{"email":"` + address(in.officers[officer].number) + `","password":"` + secret + `"}`
	return append(b, fmt.Sprintf("\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)...)
}

// visitor is the address of a client.
func visitor(i int) netip.Addr {
	i++
	return netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)})
}

// rage lets a storm go on at one address for a while, and asks info of another or the same.
func rage(ctx context.Context, addr, watched string, in *installation, length time.Duration) (weather, error) {
	var storming sync.WaitGroup
	ends := time.Now().Add(length)
	raging := make([]raging, stormClients)
	for i := range raging {
		storming.Go(func() { raging[i].err = raging[i].rage(ctx, addr, in, i, ends) })
	}
	watching := make([]watching, watchers)
	for i := range watching {
		begins := time.Now().Add(time.Duration(i) * watchEvery)
		storming.Go(func() { watching[i].err = watching[i].watch(ctx, watched, in, begins, ends) })
	}
	storming.Wait()

	var seen weather
	for _, r := range raging {
		if r.err != nil {
			return weather{}, r.err
		}
		seen.served += float64(r.served) / length.Seconds()
		seen.refusal = max(seen.refusal, r.refusal)
		seen.cut += r.cut
	}
	for _, w := range watching {
		if w.err != nil {
			return weather{}, w.err
		}
		seen.info = append(seen.info, w.took...)
		seen.failed += w.failed
	}
	slices.Sort(seen.info)
	return seen, ctx.Err()
}

// raging is one of the crowd.
type raging struct {
	served  int
	refusal time.Duration
	cut     int
	err     error
}

func (r *raging) rage(ctx context.Context, addr string, in *installation, i int, ends time.Time) error {
	c, err := dial(addr, time.Until(ends)+patience)
	if err != nil {
		return err
	}
	defer func() { c.close() }()
	pick := rand.New(rand.NewPCG(uint64(i), stormClients))
	var request []byte
	for time.Now().Before(ends) && ctx.Err() == nil {
		secret := passphrase
		if pick.IntN(2) == 0 {
			secret = "not " + passphrase
		}
		request = in.signIn(request[:0], pick.IntN(len(in.officers)), visitor(i), secret)
		begun := time.Now()
		a, err := c.do(request)
		if err != nil {
			r.cut++
			again, err := dial(addr, time.Until(ends)+patience)
			if err != nil {
				return err
			}
			c.close()
			c = again
			continue
		}
		switch a.status {
		case 200, 400:
			r.served++
		case 503, 429:
			r.refusal = max(r.refusal, time.Since(begun))
			time.Sleep(stormPause)
		default:
			return fmt.Errorf("a login has status %d: %.200s", a.status, a.body)
		}
	}
	return nil
}

// watching is one of those who ask info.
type watching struct {
	took   []time.Duration
	failed int
	err    error
}

// watch asks at fixed moments, and counts the time from those: what one slow answer
// made late is slow as well.
func (w *watching) watch(ctx context.Context, addr string, in *installation, due, ends time.Time) error {
	c, err := dial(addr, time.Until(ends)+patience)
	if err != nil {
		return err
	}
	defer c.close()
	pick, ask := rand.New(rand.NewPCG(uint64(due.UnixNano()), 0)), in.info()
	var request []byte
	for ; due.Before(ends) && ctx.Err() == nil; due = due.Add(watchers * watchEvery) {
		time.Sleep(time.Until(due))
		request = ask(request[:0], pick)
		a, err := c.do(request)
		if err != nil {
			return err
		}
		w.took = append(w.took, time.Since(due))
		if a.status != 200 {
			w.failed++
		}
	}
	return nil
}

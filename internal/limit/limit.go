// Package limit holds callers to a rate, in bounded memory: so many at once, and
// then so many in a time, for each key by itself.
//
// It forgets with the process, so it guards the machine and not the accounts. It
// knows neither HTTP nor what its keys stand for.
package limit

import (
	"errors"
	"hash/maphash"
	"math"
	"sync"
	"time"
)

// Config is the rate that each key is held to. All of it is needed.
type Config struct {
	Events int64         // how many are let pass in Per, in the long run
	Per    time.Duration // such as a minute
	Burst  int64         // how many pass at once after a pause
	// Keys is how many keys are remembered at once. Each takes 64 octets at most,
	// whatever it is made of: 65,536 of them 4 MiB.
	Keys int
}

// Limiter holds each key to one rate. It is safe for concurrent use.
//
// Each key has a bucket (a "virtual scheduling" one, ITU-T I.371 annex A): all
// that is kept is the instant at which it will be full again. A key whose bucket
// is full is forgotten, for it is as if it had never come. When all that may be
// remembered are wanted, the one that has used the least of its burst makes room,
// and gets that little again; one that is being refused never does. Should every
// key be refused at once, a new one is refused as well.
type Limiter[K comparable] struct {
	step  int64 // nanoseconds until one more may pass
	depth int64 // nanoseconds from an empty bucket to a full one
	keys  int
	seed  maphash.Seed

	mu    sync.Mutex // guards what follows
	start time.Time  // what instants are counted from
	last  int64      // the latest instant
	queue queue
	stats Stats
}

// Stats tells what a Limiter holds and has done since it was made.
type Stats struct {
	Keys    int    // remembered now
	Allowed uint64 // that passed
	Refused uint64 // that didn't
	Evicted uint64 // keys that made room before their bucket was full
}

// New returns a Limiter, or says which part of the rate makes no sense.
func New[K comparable](c Config) (*Limiter[K], error) {
	switch {
	case c.Events < 1 || c.Per < 1 || c.Events > int64(c.Per):
		return nil, errors.New("a rate is one event at least, and not more than one a nanosecond")
	case c.Burst < 1:
		return nil, errors.New("a burst is one event at least")
	case c.Keys < 1 || c.Keys > math.MaxInt32:
		return nil, errors.New("at least one key is remembered, and at most 2,147,483,647")
	}
	// Rounded up: never faster than the rate.
	step := (int64(c.Per) + c.Events - 1) / c.Events
	if c.Burst > int64(longest)/step {
		return nil, errors.New("after a burst the rate would not allow as many again within a year")
	}
	return &Limiter[K]{
		step: step, depth: step * c.Burst, keys: c.Keys, seed: maphash.MakeSeed(),
		queue: queue{at: map[uint64]int32{}},
	}, nil
}

// longest is how long an empty bucket may take to fill.
const longest = 365 * 24 * time.Hour

// Allow counts one event of the key and says whether it may pass; when not, in how
// long one may, and nothing is counted.
func (l *Limiter[K]) Allow(key K, now time.Time) (ok bool, retryAfter time.Duration) {
	// A keyed hash stands for the key: 64 bits under a seed that nobody outside
	// knows, so that keys of any size cost the same. Two that fall together, which
	// happens among 65,536 in one of eight billion processes, share a bucket.
	hash := maphash.Comparable(l.seed, key)

	l.mu.Lock()
	defer l.mu.Unlock()
	instant := l.instant(now)
	l.forgetFull(instant)
	wait := l.spend(hash, instant)
	if wait > 0 {
		l.stats.Refused++
		return false, time.Duration(wait)
	}
	l.stats.Allowed++
	return true, 0
}

// instant reads the clock, in nanoseconds since start. Callers at the same time come
// in any order, so a little backwards is not at all. A clock that was set back goes
// on from where it was: nobody waits for it to catch up.
func (l *Limiter[K]) instant(now time.Time) int64 {
	if l.start.IsZero() {
		l.start = now
	}
	if at := now.Sub(l.start).Nanoseconds(); at >= l.last-int64(time.Second) {
		l.last = max(l.last, at)
	} else {
		l.start = now.Add(-time.Duration(l.last))
	}
	return l.last
}

// forgetFull drops keys whose buckets are full. Each event adds one key at most, so
// two of them a time keep up with any flood.
func (l *Limiter[K]) forgetFull(now int64) {
	for range 2 {
		if len(l.queue.all) == 0 || l.queue.all[0].full > now {
			return
		}
		l.queue.dropFirst()
	}
}

// spend takes one event out of a bucket, or answers in how long there will be one.
func (l *Limiter[K]) spend(hash uint64, now int64) (wait int64) {
	i, full := l.queue.find(hash), now
	if i >= 0 {
		full = max(l.queue.all[i].full, now)
	} else if wait := l.makeRoom(now); wait > 0 {
		return wait
	}
	if wait := l.wait(full, now); wait > 0 {
		return wait
	}
	l.queue.put(i, bucket{hash, full + l.step})
	return 0
}

// wait answers in how long one more may pass, from a bucket that is full at full.
func (l *Limiter[K]) wait(full, now int64) int64 { return full + l.step - l.depth - now }

// makeRoom sees to it that one more key can be remembered, or answers in how long
// that can be.
func (l *Limiter[K]) makeRoom(now int64) (wait int64) {
	if len(l.queue.all) < l.keys {
		return 0
	}
	fullest := l.queue.all[0].full
	if wait := l.wait(fullest, now); wait > 0 {
		return wait
	}
	if fullest > now {
		l.stats.Evicted++
	}
	l.queue.dropFirst()
	return 0
}

// Stats returns what the limiter holds and has done.
func (l *Limiter[K]) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Keys = len(l.queue.all)
	return s
}

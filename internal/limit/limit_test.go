package limit

import (
	"fmt"
	"math"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, time.September, 1, 12, 0, 0, 0, time.UTC)

func limiter(t testing.TB, c Config) *Limiter[string] {
	t.Helper()
	l, err := New[string](c)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestABurstAndThenTheRate is the story of one key, step by step.
func TestABurstAndThenTheRate(t *testing.T) {
	l := limiter(t, Config{Events: 600, Per: time.Minute, Burst: 3, Keys: 10})
	clock := noon
	for i, step := range []struct {
		after time.Duration
		ok    bool
		wait  time.Duration
	}{
		{0, true, 0}, {0, true, 0}, {0, true, 0},
		{0, false, 100 * time.Millisecond},
		{99 * time.Millisecond, false, time.Millisecond},
		{time.Millisecond, true, 0},
		{0, false, 100 * time.Millisecond},
		{250 * time.Millisecond, true, 0}, {0, true, 0}, {0, false, 50 * time.Millisecond},
		{time.Hour, true, 0}, {0, true, 0}, {0, true, 0}, {0, false, 100 * time.Millisecond},

		{-time.Hour, false, 100 * time.Millisecond}, // the clock was set back
		{100 * time.Millisecond, true, 0},
		{-time.Millisecond, false, 100 * time.Millisecond}, // another caller, a little behind
		{time.Millisecond, false, 100 * time.Millisecond},
		{100 * time.Millisecond, true, 0},
	} {
		clock = clock.Add(step.after)
		if ok, wait := l.Allow("a", clock); ok != step.ok || wait != step.wait {
			t.Errorf("step %d: got %v, %v, want %v, %v", i, ok, wait, step.ok, step.wait)
		}
	}
}

func TestKeysAreNobodyElses(t *testing.T) {
	l := limiter(t, Config{Events: 1, Per: time.Minute, Burst: 1, Keys: 10})
	for _, step := range []struct {
		key string
		ok  bool
	}{{"a", true}, {"a", false}, {"b", true}, {"a", false}, {"", true}, {"", false}} {
		if ok, _ := l.Allow(step.key, noon); ok != step.ok {
			t.Errorf("%q: got %v, want %v", step.key, ok, step.ok)
		}
	}
	if got, want := l.Stats(), (Stats{Keys: 3, Allowed: 3, Refused: 3}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestFullKeysAreForgotten: who has come back to a full bucket takes no memory.
func TestFullKeysAreForgotten(t *testing.T) {
	l := limiter(t, Config{Events: 60, Per: time.Minute, Burst: 5, Keys: 1000})
	for i := range 100 {
		l.Allow(strconv.Itoa(i), noon)
	}
	for i := range 60 {
		l.Allow("later", noon.Add(time.Hour+time.Duration(i)*time.Second))
	}
	if got, want := l.Stats(), (Stats{Keys: 1, Allowed: 160}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestWhoIsRefusedIsNeverForgotten floods a small memory with other keys: those that
// have used little of their burst make room, one that has used it up stays refused.
func TestWhoIsRefusedIsNeverForgotten(t *testing.T) {
	l := limiter(t, Config{Events: 1, Per: time.Hour, Burst: 3, Keys: 8})
	for range 3 {
		l.Allow("used up", noon)
	}
	for i := range 10_000 {
		if ok, _ := l.Allow(strconv.Itoa(i), noon); !ok {
			t.Fatalf("%d: a stranger is refused while others could make room", i)
		}
		if ok, wait := l.Allow("used up", noon); ok || wait != time.Hour {
			t.Fatalf("%d: got %v, %v, want it refused for an hour", i, ok, wait)
		}
	}
	if s := l.Stats(); s.Keys != 8 || s.Evicted != 10_000-7 {
		t.Errorf("got %+v, want 8 keys and the others evicted", s)
	}
}

// TestAMemoryFullOfRefusedKeysTakesNoMore: then strangers wait, like everybody else.
func TestAMemoryFullOfRefusedKeysTakesNoMore(t *testing.T) {
	l := limiter(t, Config{Events: 1, Per: time.Hour, Burst: 1, Keys: 2})
	l.Allow("a", noon)
	l.Allow("b", noon.Add(time.Minute))
	if ok, wait := l.Allow("c", noon.Add(2*time.Minute)); ok || wait != 58*time.Minute {
		t.Errorf("got %v, %v, want it refused until the first may come again", ok, wait)
	}
	if ok, _ := l.Allow("c", noon.Add(time.Hour)); !ok {
		t.Error("got it refused, want the place of the first")
	}
}

// TestNeverMoreThanBurstAndRate tells random stories of some keys, in a memory that
// is too small for them or isn't, and holds each refused key to its rate.
func TestNeverMoreThanBurstAndRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Config{
			Events: rapid.Int64Range(1, 2000).Draw(t, "events"),
			Per:    time.Duration(rapid.Int64Range(2000, int64(time.Hour)).Draw(t, "per")),
			Burst:  rapid.Int64Range(1, 8).Draw(t, "burst"),
			Keys:   rapid.IntRange(1, 12).Draw(t, "keys"),
		}
		l, err := New[int](c)
		if err != nil {
			t.Fatal(err)
		}
		roomy := c.Keys >= 8
		passed := map[int][]time.Duration{}
		var clock time.Duration
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			clock += time.Duration(rapid.Int64Range(0, int64(c.Per)/c.Events*2).Draw(t, "pause"))
			key := rapid.IntRange(0, 7).Draw(t, "key")
			ok, wait := l.Allow(key, noon.Add(clock))
			if ok {
				passed[key] = append(passed[key], clock)
			}
			if ok != (wait == 0) || wait < 0 {
				t.Fatalf("got %v and a wait of %v", ok, wait)
			}
			if !ok && roomy {
				// Who obeys is let pass; who comes a moment too early is not.
				if early, _ := l.Allow(key, noon.Add(clock+wait-1)); early {
					t.Fatalf("passed a nanosecond before the time that it was told")
				}
				clock += wait
				if again, _ := l.Allow(key, noon.Add(clock)); !again {
					t.Fatalf("refused at the time that it was told")
				}
				passed[key] = append(passed[key], clock)
			}
			if n := l.Stats().Keys; n > c.Keys {
				t.Fatalf("remembers %d keys, want %d at most", n, c.Keys)
			}
		}
		if !roomy {
			return
		}
		for key, all := range passed {
			for i := range all {
				for j := i; j < len(all); j++ {
					most := float64(c.Burst) + (all[j]-all[i]).Seconds()*float64(c.Events)/c.Per.Seconds()
					if n := j - i + 1; float64(n) > most+1e-6 {
						t.Fatalf("key %d: %d passed in %v, want %v at most", key, n, all[j]-all[i], most)
					}
				}
			}
		}
	})
}

// TestManyAtOnceAreCountedTogether: no two callers take the same event.
func TestManyAtOnceAreCountedTogether(t *testing.T) {
	l := limiter(t, Config{Events: 1, Per: time.Hour, Burst: 100, Keys: 10})
	var passed atomic.Int64
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			for range 20 {
				if ok, _ := l.Allow("a", noon); ok {
					passed.Add(1)
				}
				l.Stats()
			}
		})
	}
	wait.Wait()
	if got := passed.Load(); got != 100 {
		t.Errorf("got %d, want 100", got)
	}
}

// TestAMillionKeysStayInTheirBound is the figure of Config.Keys.
func TestAMillionKeysStayInTheirBound(t *testing.T) {
	const keys = 65_536
	before := heap()
	l := limiter(t, Config{Events: 600, Per: time.Minute, Burst: 200, Keys: keys})
	for i := range 1_000_000 {
		l.Allow(fmt.Sprintf("2001:db8:%x::/64", i), noon)
	}
	grown := int64(heap()) - int64(before)
	s := l.Stats()
	if s.Keys != keys || s.Allowed != 1_000_000 {
		t.Errorf("got %+v, want %d keys and nobody refused", s, keys)
	}
	if most := int64(keys * 64); grown > most {
		t.Errorf("got %d octets more, want %d at most", grown, most)
	}
	t.Logf("%d keys take %d octets", s.Keys, grown)
}

// heap answers how many octets are in use.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestARateThatMakesNoSenseIsRefused(t *testing.T) {
	good := Config{Events: 600, Per: time.Minute, Burst: 200, Keys: 10}
	for name, edit := range map[string]func(*Config){
		"no events":        func(c *Config) { c.Events = 0 },
		"no time":          func(c *Config) { c.Per = 0 },
		"time backwards":   func(c *Config) { c.Per = -time.Minute },
		"too fast":         func(c *Config) { c.Events = math.MaxInt64 },
		"no burst":         func(c *Config) { c.Burst = 0 },
		"an endless burst": func(c *Config) { c.Burst = math.MaxInt64 },
		"no keys":          func(c *Config) { c.Keys = 0 },
		"endless keys":     func(c *Config) { c.Keys = math.MaxInt },
	} {
		bad := good
		edit(&bad)
		if _, err := New[string](bad); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	if _, err := New[string](good); err != nil {
		t.Error(err)
	}
}

// BenchmarkAllow measures one key that is hammered, and more keys than are remembered.
func BenchmarkAllow(b *testing.B) {
	c := Config{Events: 600, Per: time.Minute, Burst: 200, Keys: 65_536}
	b.Run("one", func(b *testing.B) {
		l, now := limiter(b, c), noon
		for b.Loop() {
			now = now.Add(time.Microsecond)
			l.Allow("203.0.113.5", now)
		}
	})
	b.Run("many", func(b *testing.B) {
		l, err := New[uint64](c)
		if err != nil {
			b.Fatal(err)
		}
		key := uint64(0)
		for b.Loop() {
			key = key*6364136223846793005 + 1442695040888963407
			l.Allow(key>>40, noon)
		}
	})
}

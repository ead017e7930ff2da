package password

import (
	"runtime"
	"testing"
	"time"
)

func TestParseParams(t *testing.T) {
	for s, want := range map[string]Config{
		DefaultParams:                     {Memory: 19456, Time: 2, Threads: 1},
		"argon2id,m=47104,t=1,p=1":        {Memory: 47104, Time: 1, Threads: 1},
		"argon2id,p=4,t=3,m=65536":        {Memory: 65536, Time: 3, Threads: 4},
		" argon2id , m=64 , t=1 , p=1 ":   {Memory: 64, Time: 1, Threads: 1},
		"argon2id,m=8,t=1,p=1":            {Memory: 8, Time: 1, Threads: 1},
		"argon2id,m=12288":                {Memory: 12288},
		"argon2id":                        {},
		"argon2id,m=262144,t=4,p=16":      {Memory: 262144, Time: 4, Threads: 16},
		"argon2id,m=19456,t=53,p=1":       {Memory: 19456, Time: 53, Threads: 1},
		"argon2id,m=0019456,t=002,p=0001": {Memory: 19456, Time: 2, Threads: 1},
	} {
		got, err := ParseParams(s)
		if err != nil || got != want {
			t.Errorf("ParseParams(%q) = %+v, %v, want %+v", s, got, err, want)
		}
	}
}

func TestParseParamsRefuses(t *testing.T) {
	for s, want := range map[string]string{
		"":                                `hash "": want the form argon2id,m=19456,t=2,p=1`,
		"bcrypt,cost=10":                  `hash "bcrypt,cost=10": want the form argon2id,m=19456,t=2,p=1`,
		"m=19456,t=2,p=1":                 `hash "m=19456,t=2,p=1": want the form argon2id,m=19456,t=2,p=1`,
		"argon2id,":                       `hash "argon2id,": "" is not m, t or p with a number`,
		"argon2id,m=19MiB":                `hash "argon2id,m=19MiB": "m=19MiB" is not m, t or p with a number`,
		"argon2id,m":                      `hash "argon2id,m": "m" is not m, t or p with a number`,
		"argon2id,m=0":                    `hash "argon2id,m=0": "m=0" is not m, t or p with a number`,
		"argon2id,m=-1":                   `hash "argon2id,m=-1": "m=-1" is not m, t or p with a number`,
		"argon2id,m=4294967296":           `hash "argon2id,m=4294967296": "m=4294967296" is not m, t or p with a number`,
		"argon2id,m=64,m=65":              `hash "argon2id,m=64,m=65": "m=65" is unknown, given twice or too large`,
		"argon2id,m=64,l=32":              `hash "argon2id,m=64,l=32": "l=32" is unknown, given twice or too large`,
		"argon2id,m=64,t=1,p=257":         `hash "argon2id,m=64,t=1,p=257": "p=257" is unknown, given twice or too large`,
		"argon2id,m=7,t=1,p=1":            `hash "argon2id,m=7,t=1,p=1": argon2 with p=1 needs at least m=8`,
		"argon2id,m=31,t=1,p=4":           `hash "argon2id,m=31,t=1,p=4": argon2 with p=4 needs at least m=32`,
		"argon2id,m=262145,t=1,p=1":       `hash "argon2id,m=262145,t=1,p=1": argon2 with m=262145 is out of bounds: at most 262144`,
		"argon2id,m=19456,t=999999999":    `hash "argon2id,m=19456,t=999999999": argon2 with m=19456,t=999999999 is out of bounds: m times t is at most 1048576`,
		"argon2id,m=19456,t=2,p=1,p=1,,,": `hash "argon2id,m=19456,t=2,p=1,p=1,,,": "p=1" is unknown, given twice or too large`,
	} {
		got, err := ParseParams(s)
		if err == nil || err.Error() != want || got != (Config{}) {
			t.Errorf("ParseParams(%q) = %+v, %v, want %s", s, got, err, want)
		}
	}
}

func TestWeak(t *testing.T) {
	for s, want := range map[string]bool{
		"argon2id":                 false,
		"argon2id,m=47104,t=1,p=1": false,
		"argon2id,m=19456,t=2,p=1": false,
		"argon2id,m=12288,t=3,p=1": false,
		"argon2id,m=9216,t=4,p=1":  false,
		"argon2id,m=7168,t=5,p=1":  false,
		"argon2id,m=65536,t=3,p=4": false,
		"argon2id,m=47103,t=1,p=1": true,
		"argon2id,m=19455,t=2,p=1": true,
		"argon2id,m=12287,t=3,p=1": true,
		"argon2id,m=9215,t=4,p=1":  true,
		"argon2id,m=7167,t=5,p=1":  true,
		"argon2id,m=7167,t=99,p=1": true,
		"argon2id,m=64,t=1,p=1":    true,
	} {
		cfg, err := ParseParams(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := cfg.Weak(); got != want {
			t.Errorf("%s: Weak() = %v, want %v", s, got, want)
		}
	}
}

func TestNewTakesDefaults(t *testing.T) {
	h := newHasher(t, Config{})
	cores := runtime.GOMAXPROCS(0)
	if got, want := h.Stats(), (Stats{Slots: cores, Queue: 256 * cores}); got != want {
		t.Errorf("Stats() = %+v, want %+v", got, want)
	}
	if h.gate.wait != 800*time.Millisecond {
		t.Errorf("wait = %v, want 800ms", h.gate.wait)
	}

	h = newHasher(t, Config{Slots: 3, Queue: 7, Wait: time.Second})
	if got, want := h.Stats(), (Stats{Slots: 3, Queue: 7}); got != want || h.gate.wait != time.Second {
		t.Errorf("Stats() = %+v, wait %v, want %+v, 1s", got, h.gate.wait, want)
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	for name, cfg := range map[string]Config{
		"too little memory": {Memory: 8, Threads: 2},
		"too much memory":   {Memory: maxArgon2Memory + 1},
		"too many threads":  {Threads: maxArgon2Threads + 1},
		"negative slots":    {Slots: -1},
		"negative queue":    {Queue: -1},
		"negative wait":     {Wait: -1},
	} {
		if h, err := New(cfg); err == nil {
			t.Errorf("%s: New = %v, want an error", name, h)
		}
	}
}

func FuzzParseParams(f *testing.F) {
	f.Add(DefaultParams)
	f.Add("argon2id,m=,t=,p=")
	f.Add("argon2id,,,=,m=1=2")

	f.Fuzz(func(t *testing.T, s string) {
		cfg, err := ParseParams(s)
		if err != nil {
			return
		}
		h, err := New(cfg)
		if err != nil {
			t.Fatalf("ParseParams(%q) = %+v, which New refuses: %v", s, cfg, err)
		}
		if _, err := decoyOf(h.Class()); err != nil {
			t.Errorf("ParseParams(%q) makes hashes of %q, which are refused: %v", s, h.Class(), err)
		}
	})
}

package password

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// DefaultParams is the cost of new hashes where nothing else is set, in the
// form that ParseParams reads: the least of OWASP's recommendations for
// argon2id, 19 MiB in two passes.
const DefaultParams = "argon2id,m=19456,t=2,p=1"

const (
	defaultMemory  = 19456 // KiB
	defaultTime    = 2
	defaultThreads = 1
	defaultWait    = 800 * time.Millisecond // answered, in all, within a second

	// A waiting caller costs a stack and a connection, not a hash, so places are
	// cheap. With 256 to a slot the deadline, and not the queue's length, is what
	// ends the wait wherever a hash takes longer than 3.5 ms, as any of a safe
	// cost does; where it is set lower, as in tests, a burst still finds a place.
	queuePerSlot = 256
)

// cores is how many processors the process has, in a container its share of them:
// before a server asks for more threads.
var cores = runtime.GOMAXPROCS(0)

// Config is what a Hasher is made from. Zero fields take the defaults.
type Config struct {
	Memory  uint32 // of one argon2id hash, in KiB; 19456 by default
	Time    uint32 // passes over that memory; 2 by default
	Threads uint8  // lanes, each a thread while the hash runs; 1 by default

	Slots int           // hashes at once; by default as many as the machine has cores
	Queue int           // callers that may wait for a slot; 256 for each slot by default
	Wait  time.Duration // longest wait for a slot; 800 ms by default

	Worker Worker // does the work; by default it is done in this process
}

// ParseParams reads the cost of new hashes from the form
// "argon2id,m=19456,t=2,p=1": m in KiB, t passes, p lanes. What is left out
// takes its default. It refuses what argon2 cannot do, what ClassOf would not
// accept from a stored hash, and any other algorithm; a cost that works but is
// weak passes (see Config.Weak).
func ParseParams(s string) (Config, error) {
	algorithm, params, more := strings.Cut(s, ",")
	if strings.TrimSpace(algorithm) != "argon2id" {
		return Config{}, fmt.Errorf("hash %q: want the form %s", s, DefaultParams)
	}

	var cfg Config
	for more {
		var param string
		param, params, more = strings.Cut(params, ",")
		if err := cfg.set(strings.TrimSpace(param)); err != nil {
			return Config{}, fmt.Errorf("hash %q: %w", s, err)
		}
	}
	if err := cfg.withDefaults().check(); err != nil {
		return Config{}, fmt.Errorf("hash %q: %w", s, err)
	}

	return cfg, nil
}

// set takes one parameter, "m=19456", into a field that has none yet.
func (c *Config) set(param string) error {
	name, value, _ := strings.Cut(param, "=")
	n, err := strconv.ParseUint(value, 10, 32)
	if err != nil || n == 0 {
		return fmt.Errorf("%q is not m, t or p with a number", param)
	}

	switch {
	case name == "m" && c.Memory == 0:
		c.Memory = uint32(n)
	case name == "t" && c.Time == 0:
		c.Time = uint32(n)
	case name == "p" && c.Threads == 0 && n <= maxArgon2Threads:
		c.Threads = uint8(n)
	default:
		return fmt.Errorf("%q is unknown, given twice or too large", param)
	}

	return nil
}

// owasp lists OWASP's minimum costs for argon2id, which it holds to be of
// equal strength (Password Storage Cheat Sheet; ASVS 5.0, appendix C).
var owasp = []struct{ memory, time uint32 }{
	{47104, 1}, {19456, 2}, {12288, 3}, {9216, 4}, {7168, 5},
}

// Weak tells whether new hashes would cost less than each of OWASP's minimum
// settings for argon2id.
func (c Config) Weak() bool {
	c = c.withDefaults()
	for _, least := range owasp {
		if c.Memory >= least.memory && c.Time >= least.time {
			return false
		}
	}

	return true
}

func (c Config) withDefaults() Config {
	if c.Memory == 0 {
		c.Memory = defaultMemory
	}
	if c.Time == 0 {
		c.Time = defaultTime
	}
	if c.Threads == 0 {
		c.Threads = defaultThreads
	}
	if c.Slots == 0 {
		c.Slots = cores
	}
	if c.Queue == 0 {
		c.Queue = queuePerSlot * c.Slots
	}
	if c.Wait == 0 {
		c.Wait = defaultWait
	}

	return c
}

// class returns the class of the hashes made with the receiver, which has its
// defaults filled in.
func (c Config) class() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d", argon2Version, c.Memory, c.Time, c.Threads)
}

// check refuses what cannot work. The receiver has its defaults filled in.
func (c Config) check() error {
	if err := checkArgon2(c.Memory, c.Time, c.Threads); err != nil {
		return err
	}
	if c.Slots < 0 || c.Queue < 0 || c.Wait < 0 {
		return fmt.Errorf("slots %d, queue %d, wait %v: none may be negative", c.Slots, c.Queue, c.Wait)
	}

	return nil
}

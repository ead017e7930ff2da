package main

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// cores is how many processors Go gives the process: those of the machine, or of
// the container's share.
var cores = runtime.GOMAXPROCS(0)

// tuneRuntime prepares Go's runtime for serving, until the answered function is
// called. What the operator has said in GOMAXPROCS, GOGC and GOMEMLIMIT stays.
func tuneRuntime() (end func()) {
	// Go takes a processor from a goroutine after ten milliseconds; the system
	// takes it from a thread as soon as another one wakes. With as many threads
	// more as passwords are hashed at once, everybody else runs on in a storm of
	// sign-ins.
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(2 * cores)
	}
	// There is little that lives long, so a heap that may grow to three times that
	// costs a few megabytes and saves a tenth of the processor.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
	}
	if os.Getenv("GOMEMLIMIT") != "" {
		return func() {}
	}
	limit := begin(limitGarbage)
	return func() { _ = limit.stop(nil) } // it has no error
}

// garbage is how much may wait to be collected, in octets. A hash leaves 19 MiB
// behind, and for the collector three times of what lives when two are being made
// would be a hundred megabytes more.
const garbage = 40 << 20

// limitGarbage follows what lives, each second: a limit that stood still would have
// the collector run without end once more lives than that.
func limitGarbage(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		debug.SetMemoryLimit(inUse() + garbage)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// inUse answers the octets that the last collection left, and those of the stacks.
func inUse() int64 {
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64() + samples[1].Value.Uint64()) //gosec:disable G115 -- no machine has so much memory
}

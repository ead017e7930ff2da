package main

import (
	"os"
	"runtime"
	"runtime/debug"
)

// cores is how many processors Go gives the process: those of the machine, or of
// the container's share.
var cores = runtime.GOMAXPROCS(0)

// tuneRuntime prepares Go's runtime for serving. What the operator has said in
// GOMAXPROCS and GOGC stays.
func tuneRuntime() {
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
}

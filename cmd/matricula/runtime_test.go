package main

import (
	"runtime"
	"runtime/debug"
	"testing"
)

// TestGarbageIsBounded leaves the memory of many hashes behind, as a storm of
// sign-ins does.
func TestGarbageIsBounded(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	percent := debug.SetGCPercent(200)
	t.Cleanup(func() { debug.SetMemoryLimit(before); debug.SetGCPercent(percent) })
	runtime.GC()
	debug.SetMemoryLimit(inUse() + garbage)

	const hash = 19 << 20
	var most uint64
	var stats runtime.MemStats
	for range 20 {
		left = make([]byte, hash)
		runtime.ReadMemStats(&stats)
		most = max(most, stats.HeapAlloc)
	}
	left = nil
	runtime.GC()
	runtime.ReadMemStats(&stats)
	if over := most - stats.HeapAlloc; over > garbage+hash {
		t.Errorf("the heap grew by %d MiB, want at most %d", over>>20, (garbage+hash)>>20)
	}
}

var left []byte // what is made must not be optimised away

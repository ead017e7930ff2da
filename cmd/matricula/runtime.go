package main

import "runtime/debug"

// collectSooner is told when there is hashing. While there is, the heap may grow by a
// third of what lives, in place of as much again: each hash leaves 19 MiB behind, those
// that are being made count as living, and a storm of sign-ins is to stay within 64 MB
// of what it needs. Where nothing is hashed, collecting so often would cost the calls
// that ask for sessions a quarter of their rate.
func collectSooner(hashing bool) {
	percent := 100
	if hashing {
		percent = 33
	}
	debug.SetGCPercent(percent)
}

package main

import (
	"os"
	"runtime/debug"
)

// collectSooner lets the heap grow by two fifths of what lives, in place of as much
// again: each hash leaves 19 MiB behind, and two that are being made count as living.
// It costs the calls that hash nothing some percent of the processor, and keeps a
// storm of sign-ins within 64 MB of what it needs. A GOGC of the operator's wins.
func collectSooner() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(40)
	}
}

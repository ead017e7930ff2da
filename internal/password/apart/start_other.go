//go:build !linux

package apart

import "os"

// niceOf is what the system call means by n.
func niceOf(n int) int { return n }

func itself() (string, error) { return os.Executable() }

// lowerSession has nothing to do here.
func lowerSession() {}

// residentMemory is not known here.
func residentMemory(int) int64 { return 0 }

//go:build !linux

package apart

import "os"

// lowest is the priority that gives way to every other (setpriority(2)).
const lowest = 20

func itself() (string, error) { return os.Executable() }

// lowerSession has nothing to do here.
func lowerSession() {}

// residentMemory is not known here.
func residentMemory(int) int64 { return 0 }

//go:build !linux

package apart

import (
	"os"
	"syscall"
)

// ownNiceness is that of this process.
func ownNiceness() int {
	n, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
	if err != nil {
		return 0
	}
	return n
}

func itself() (string, error) { return os.Executable() }

// lowerSession has nothing to do here.
func lowerSession() {}

// residentMemory is not known here.
func residentMemory(int) int64 { return 0 }

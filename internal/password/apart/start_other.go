//go:build !linux

package apart

import (
	"os/exec"
	"syscall"
)

// lowest is the priority that gives way to every other (setpriority(2)).
const lowest = 20

func itself(program string) string { return program }

// startLow starts a command at the lowest priority, in a process group of its own,
// which a terminal's Ctrl-C doesn't reach. kept says why the priority could not be
// lowered.
func startLow(command *exec.Cmd) (kept, err error) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		return nil, err
	}
	return syscall.Setpriority(syscall.PRIO_PROCESS, command.Process.Pid, lowest), nil
}

// residentMemory is not known here.
func residentMemory(int) int64 { return 0 }

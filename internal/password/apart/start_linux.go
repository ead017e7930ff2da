package apart

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// lowest is the priority that gives way to every other (setpriority(2)).
const lowest = 19

// itself is the running program, even where another one lies at its place by now.
func itself(program string) string {
	const running = "/proc/self/exe"
	if _, err := os.Stat(running); err != nil {
		return program // there is no /proc here
	}
	return running
}

// setpriority is replaced by tests.
var setpriority = syscall.Setpriority

// startLow starts a command at the lowest priority, in a process group of its own,
// which a terminal's Ctrl-C doesn't reach. A child has the priority of the thread that
// starts it, and a thread may not go up again; so that thread ends with its goroutine.
// kept says why the priority could not be lowered.
func startLow(command *exec.Cmd) (kept, err error) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked
		kept = setpriority(syscall.PRIO_PROCESS, 0, lowest)
		err = command.Start()
	}()
	<-done
	return kept, err
}

// residentMemory is that of a process in octets (proc_pid_statm(5)), 0 when it has ended.
func residentMemory(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(text), &size, &resident); err != nil {
		return 0
	}
	return resident * int64(os.Getpagesize())
}

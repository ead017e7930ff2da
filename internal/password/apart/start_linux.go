package apart

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

// niceOf is what the system call means by n, which goes from 40 to 1 (getpriority(2)).
func niceOf(n int) int { return 20 - n }

// itself is the running program, even where another one lies at its place by now.
func itself() (string, error) { return "/proc/self/exe", nil }

// lowerSession gives the session of this process a lower priority, too: Linux may
// share the processor among sessions first, and only then among the processes of each
// (sched(7), "The autogroup feature"). Who is not root may do so ten times a second, all
// of its processes together; where there is no such feature, there is nothing to do.
func lowerSession() {
	for range 50 {
		err := os.WriteFile("/proc/self/autogroup", []byte(strconv.Itoa(standsBack)), 0)
		if !errors.Is(err, syscall.EAGAIN) {
			return
		}
		time.Sleep(100*time.Millisecond + time.Duration(os.Getpid()%50)*time.Millisecond) // not all at once
	}
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

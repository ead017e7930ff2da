package apart

import (
	"fmt"
	"os"
)

// lowest is the priority that gives way to every other (setpriority(2)).
const lowest = 19

// itself is the running program, even where another one lies at its place by now.
func itself() (string, error) { return "/proc/self/exe", nil }

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

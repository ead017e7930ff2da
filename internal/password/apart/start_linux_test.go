package apart

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestOneHashHasTheMemory has one child make many: what it holds is what one needs.
func TestOneHashHasTheMemory(t *testing.T) {
	w, _ := startTest(t, dear)
	_, before := w.Processes()
	for range 8 {
		if _, err := w.Hash("secret"); err != nil {
			t.Fatal(err)
		}
	}
	if _, after := w.Processes(); after-before > 2*65536<<10 {
		t.Errorf("eight hashes of 64 MiB, one after the other, left %d MiB more", (after-before)>>20)
	}
}

// TestItKnowsNothing looks at what the child was started with.
func TestItKnowsNothing(t *testing.T) {
	t.Setenv("MATRICULA_SECRET", "a secret of the settings")
	t.Setenv("GODEBUG", "madvdontneed=1")
	p, _ := startTest(t, cheap)
	if _, err := p.Hash("secret"); err != nil { // so that it has become what it is
		t.Fatal(err)
	}
	read := func(name string) string {
		t.Helper()
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid(t, p), name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	environment := strings.Split(strings.Trim(read("environ"), "\x00"), "\x00")
	if !slices.Contains(environment, "GODEBUG=madvdontneed=1") {
		t.Errorf("its environment lacks what tunes Go: %q", environment)
	}
	for _, entry := range environment {
		if !strings.HasPrefix(entry, "GO") {
			t.Errorf("its environment has %q", entry)
		}
	}
	if arguments := read("cmdline"); strings.Contains(arguments, "secret") {
		t.Errorf("its arguments are %q", arguments)
	}
	fields := strings.Fields(read("stat")[strings.LastIndex(read("stat"), ")")+1:])
	if nice, err := strconv.Atoi(fields[16]); err != nil || nice != lowest {
		t.Errorf("its priority is %v, want %d", fields[16], lowest)
	}
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid(t, p)))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		to, err := os.Readlink(file)
		switch {
		case err != nil, filepath.Base(file) == "2": // it has closed it; what it says goes where the parent's does
		case !strings.HasPrefix(to, "pipe:") && !strings.HasPrefix(to, "anon_inode:") && !strings.HasPrefix(to, "/dev/") && !strings.HasPrefix(to, "/sys/"):
			t.Errorf("it has %s open", to)
		}
	}
}

// TestItHashesWherePriorityMayNotBeLowered is told no, as a service manager may be set
// to do.
func TestItHashesWherePriorityMayNotBeLowered(t *testing.T) {
	setpriority = func(int, int, int) error { return syscall.EPERM }
	defer func() { setpriority = syscall.Setpriority }()
	w, log := startTest(t, cheap)
	if _, err := w.Hash("secret"); err != nil {
		t.Error(err)
	}
	if strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), "allow the server setpriority") {
		t.Errorf("the log has not the one line that says so:\n%s", log)
	}
}

// TestNiceStaysWithTheChild looks at the priority of this process, whose threads must
// not have been slowed down.
func TestNiceStaysWithTheChild(t *testing.T) {
	for range 3 {
		p, _ := startTest(t, cheap)
		_ = p.Close()
	}
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		low := threadsBelow(t)
		if low == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d threads of this process have the priority of the child", low)
		}
	}
}

// threadsBelow counts the threads of this process with the lowest priority. The first
// thread can't end before the process, so Go has it sleep for good instead.
func threadsBelow(t *testing.T) (n int) {
	t.Helper()
	threads, err := filepath.Glob("/proc/self/task/*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if err != nil || strings.HasPrefix(string(text), fmt.Sprint(os.Getpid(), " ")) {
			continue // it has ended, or can't
		}
		stat := string(text)
		if strings.Fields(stat[strings.LastIndex(stat, ")")+1:])[16] == strconv.Itoa(lowest) {
			n++
		}
	}
	return n
}

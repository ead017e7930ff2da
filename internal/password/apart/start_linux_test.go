package apart

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestOneHashHasTheMemory has one child make many: what it holds is what one needs.
func TestOneHashHasTheMemory(t *testing.T) {
	w, _ := startTest(t, dear)
	after := func(hashes int) int64 {
		for range hashes {
			if _, err := w.Hash("secret"); err != nil {
				t.Fatal(err)
			}
		}
		_, memory := w.Processes()
		return memory
	}
	before := after(2)
	if now := after(6); now-before > 65536<<10/2 {
		t.Errorf("six more hashes of 64 MiB, one after the other, left %d MiB more", (now-before)>>20)
	}
}

// TestItKnowsNothing looks at what the child was started with.
func TestItKnowsNothing(t *testing.T) {
	t.Setenv("MATRICULA_SECRET", "a secret of the settings")
	t.Setenv("GODEBUG", "madvdontneed=1")
	t.Setenv("GOOGLE_API_KEY", "a secret of somebody else")
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
		if name, _, _ := strings.Cut(entry, "="); name != "GOMAXPROCS" && !slices.Contains(tuning, name) {
			t.Errorf("its environment has %q", entry)
		}
	}
	if arguments := read("cmdline"); strings.Contains(arguments, "secret") {
		t.Errorf("its arguments are %q", arguments)
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

// TestItsThreadsAreLow looks at every thread of a child, and of this process, which
// must not have been slowed down.
func TestItsThreadsAreLow(t *testing.T) {
	for range 5 {
		w, _ := startTest(t, cheap)
		if _, err := w.Hash("secret"); err != nil {
			t.Fatal(err)
		}
		if high := threads(t, pid(t, w), func(nice int) bool { return nice != niceness() }); high != 0 {
			t.Errorf("%d threads of the child have another priority than %d", high, niceness())
		}
	}
	if low := threads(t, os.Getpid(), func(nice int) bool { return nice == niceness() }); low != 0 {
		t.Errorf("%d threads of this process have the priority of its children", low)
	}
}

// threads counts the threads of a process whose priority is such.
func threads(t *testing.T, pid int, such func(nice int) bool) (n int) {
	t.Helper()
	stats, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(stats) == 0 {
		t.Fatalf("process %d has %d threads (%v)", pid, len(stats), err)
	}
	for _, stat := range stats {
		text, err := os.ReadFile(stat)
		if err != nil {
			continue // it has ended
		}
		nice, err := strconv.Atoi(strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))[16])
		if err != nil {
			t.Fatal(err)
		}
		if such(nice) {
			n++
		}
	}
	return n
}

// TestItsSessionIsLow looks at the priority of the sessions of several children, where
// the system has such.
func TestItsSessionIsLow(t *testing.T) {
	if _, err := os.Stat("/proc/self/autogroup"); err != nil {
		t.Logf("this system has no priorities of sessions: %v", err)
		return
	}
	own, err := os.ReadFile("/proc/self/autogroup")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		w, _ := startTest(t, cheap)
		waitFor(t, "the session of the child is low", func() bool {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/autogroup", pid(t, w)))
			return err == nil && (len(text) == 0 || strings.HasSuffix(strings.TrimSpace(string(text)), fmt.Sprint("nice ", standsBack)))
		})
	}
	if now, err := os.ReadFile("/proc/self/autogroup"); err != nil || string(now) != string(own) {
		t.Errorf("the session of this process was %q and is %q (%v)", own, now, err)
	}
}

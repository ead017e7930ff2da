package main

import (
	"os"
	"testing"
	"time"
)

func TestMemoryOf(t *testing.T) {
	now, peak, err := memoryOf("Name:\tmatricula\nVmHWM:\t   66000 kB\nVmRSS:\t   36000 kB\nThreads:\t8\n")
	if err != nil || now != 36000*1024 || peak != 66000*1024 {
		t.Errorf("got %v, %v, %v", now, peak, err)
	}
	for _, status := range []string{"", "VmHWM: 12 kB\n", "VmRSS:\tmany kB\nVmHWM:\t1 kB\n"} {
		if _, _, err := memoryOf(status); err == nil {
			t.Errorf("%q is taken", status)
		}
	}
}

func TestBusyOf(t *testing.T) {
	got, err := busyOf("42 (a) b) c) S 1 42 42 0 -1 4194560 10 0 0 0 150 25 0 0 20 0 9 0 1 2 3")
	if want := 1750 * time.Millisecond; err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	const parent = "42 (a) S 1 42 42 0 -1 4194560 10 0 0 0 150 25 300 4 20 0 9 0 1 2 3"
	if got, err := busyWithEndedOf(parent); err != nil || got != 4790*time.Millisecond {
		t.Errorf("with children that have ended: got %v, %v", got, err)
	}
	for _, stat := range []string{"", "42 (a) S 1 2", "42 (a) S 1 42 42 0 -1 4194560 10 0 0 0 x y 0 0"} {
		if _, err := busyOf(stat); err == nil {
			t.Errorf("%q is taken", stat)
		}
	}
}

func TestAProcessIsSeen(t *testing.T) {
	if err := lacksProc(); err != nil {
		t.Skip(err)
	}
	own := process(os.Getpid())
	now, peak, err := own.memory()
	if err != nil || now <= 0 || peak < now {
		t.Errorf("memory: got %v, peak %v, %v", now, peak, err)
	}
	if _, err := own.busy(); err != nil {
		t.Errorf("processor time: %v", err)
	}
}

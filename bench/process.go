package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// process is a running process as /proc shows it (proc(5)).
type process int

// lacksProc says in a line when there is no /proc.
func lacksProc() error {
	if _, err := os.Stat("/proc/self/clear_refs"); err != nil {
		return errors.New("memory and processor time are read from /proc, as Linux has it, and it isn't there")
	}
	return nil
}

func (p process) file(name string) string { return fmt.Sprintf("/proc/%d/%s", p, name) }

// memory answers the resident memory, now and at its peak, in octets.
func (p process) memory() (now, peak float64, err error) {
	text, err := os.ReadFile(p.file("status"))
	if err != nil {
		return 0, 0, err
	}
	return memoryOf(string(text))
}

func memoryOf(status string) (now, peak float64, err error) {
	for line := range strings.Lines(status) {
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "VmRSS":
			now, err = kilobytes(value)
		case "VmHWM":
			peak, err = kilobytes(value)
		}
		if err != nil {
			return 0, 0, err
		}
	}
	if now == 0 || peak == 0 {
		return 0, 0, errors.New("/proc tells no memory of the program")
	}
	return now, peak, nil
}

func kilobytes(text string) (float64, error) {
	n, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(text), " kB"), 64)
	return n * 1024, err
}

// forgetPeak makes the memory of now the peak.
func (p process) forgetPeak() error { return os.WriteFile(p.file("clear_refs"), []byte("5"), 0) }

// tick is the unit of processor time in /proc, on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// busy answers the processor time that the process has used.
func (p process) busy() (time.Duration, error) {
	text, err := os.ReadFile(p.file("stat"))
	if err != nil {
		return 0, err
	}
	return busyOf(string(text))
}

// busyOf adds the fields utime and stime, the 12th and 13th after the name, which
// stands in parentheses and may hold anything.
func busyOf(stat string) (time.Duration, error) {
	fields := strings.Fields(stat[strings.LastIndex(stat, ")")+1:])
	if len(fields) < 13 {
		return 0, errors.New("/proc tells no processor time of the program")
	}
	var ticks int64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * tick, nil
}

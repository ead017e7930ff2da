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
func (p process) busy() (time.Duration, error) { return p.spent(busyOf) }

// busyWithEnded adds that of its children which have ended.
func (p process) busyWithEnded() (time.Duration, error) { return p.spent(busyWithEndedOf) }

func (p process) spent(of func(stat string) (time.Duration, error)) (time.Duration, error) {
	text, err := os.ReadFile(p.file("stat"))
	if err != nil {
		return 0, err
	}
	return of(string(text))
}

// children are those of a process that has one thread.
func (p process) children() ([]process, error) {
	text, err := os.ReadFile(p.file(fmt.Sprintf("task/%d/children", p)))
	if err != nil {
		return nil, err
	}
	var all []process
	for field := range strings.FieldsSeq(string(text)) {
		n, err := strconv.Atoi(field)
		if err != nil {
			return nil, err
		}
		all = append(all, process(n))
	}
	return all, nil
}

// busyOf adds the fields utime and stime.
func busyOf(stat string) (time.Duration, error) { return ticksOf(stat, 2) }

// busyWithEndedOf adds cutime and cstime, which come next.
func busyWithEndedOf(stat string) (time.Duration, error) { return ticksOf(stat, 4) }

// ticksOf adds the fields from utime on, the 12th after the name, which stands in
// parentheses and may hold anything.
func ticksOf(stat string, count int) (time.Duration, error) {
	fields := strings.Fields(stat[strings.LastIndex(stat, ")")+1:])
	if len(fields) < 11+count {
		return 0, errors.New("/proc tells no processor time of the program")
	}
	var ticks int64
	for _, field := range fields[11 : 11+count] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * tick, nil
}

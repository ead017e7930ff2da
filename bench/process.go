package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
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

// memory answers the resident memory, now and at its peak, in octets, with that of its
// children. What they share counts for each, and each has a peak of its own.
func (p process) memory() (now, peak float64, err error) {
	err = p.family(func(member process) error {
		text, err := os.ReadFile(member.file("status"))
		if err != nil {
			return err
		}
		itsNow, itsPeak, err := memoryOf(string(text))
		now, peak = now+itsNow, peak+itsPeak
		return err
	})
	return now, peak, err
}

// family calls each with the children of the process and with itself. A child that
// ends meanwhile is passed over.
func (p process) family(each func(process) error) error {
	children, err := p.children()
	if err != nil {
		return err
	}
	for _, child := range children {
		if err := each(child); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	return each(p)
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

// forgetPeak makes the memory of now the peak, of its children too.
func (p process) forgetPeak() error {
	return p.family(func(member process) error { return os.WriteFile(member.file("clear_refs"), []byte("5"), 0) })
}

// tick is the unit of processor time in /proc, on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// busy answers the processor time that the process has used, with its children, those
// too that have ended.
func (p process) busy() (sum time.Duration, err error) {
	err = p.family(func(member process) error {
		of := busyOf
		if member == p {
			of = busyWithEndedOf
		}
		spent, err := member.spent(of)
		sum += spent
		return err
	})
	return sum, err
}

// busyWithEnded adds that of its children which have ended.
func (p process) busyWithEnded() (time.Duration, error) { return p.spent(busyWithEndedOf) }

func (p process) spent(of func(stat string) (time.Duration, error)) (time.Duration, error) {
	text, err := os.ReadFile(p.file("stat"))
	if err != nil {
		return 0, err
	}
	return of(string(text))
}

// children are those of all its threads.
func (p process) children() ([]process, error) {
	threads, err := os.ReadDir(p.file("task"))
	if err != nil {
		return nil, err
	}
	var all []process
	for _, thread := range threads {
		text, err := os.ReadFile(p.file("task/" + thread.Name() + "/children"))
		if errors.Is(err, fs.ErrNotExist) {
			continue // it has ended meanwhile
		}
		if err != nil {
			return nil, err
		}
		for field := range strings.FieldsSeq(string(text)) {
			n, err := strconv.Atoi(field)
			if err != nil {
				return nil, err
			}
			all = append(all, process(n))
		}
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

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// megabyte is 10⁶ octets here.
const megabyte = 1e6

// The works that calls are held against.
const (
	bareWork   = "bare handler"
	hashWork   = "raw hashes"
	readWork   = "raw point reads"
	commitWork = "raw commits"
)

// key names a cell. Clients are goroutines where there is no wire, and for raw
// commits on SQLite how many changes share one.
type key struct {
	Work     string `json:"work"`
	Accounts int    `json:"accounts,omitempty"` // 0 where there are none
	Clients  int    `json:"clients"`
	// Instances of the program, over which the clients are spread; 0 for one.
	Instances int `json:"instances,omitempty"`
}

// label is the work, with what sets it apart from the same on one instance.
func (k key) label() string {
	if k.Instances == 0 {
		return k.Work
	}
	return fmt.Sprintf("%s, %d instances", k.Work, k.Instances)
}

// file names the cell's profile.
func (k key) file() string {
	name := fmt.Sprintf("%s-%d-%d", k.Work, k.Accounts, k.Clients)
	if k.Instances > 0 {
		name += fmt.Sprintf("-on-%d", k.Instances)
	}
	return name + ".pprof"
}

// sample is what one cell came to in one round.
type sample struct {
	PerSecond float64 `json:"per_second"`
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
	Refused   float64 `json:"refused"`                   // share answered 503 or 429
	Peak      float64 `json:"peak_mb,omitempty"`         // resident memory of the process
	CPU       float64 `json:"cpu_us,omitempty"`          // processor time of the process, a call
	Database  float64 `json:"database_cpu_us,omitempty"` // that of the database's processes

	calls, done int // all calls, those before the time that counts too; and those answered 200
}

// cell is what was measured of one work: medians, and each round.
type cell struct {
	key
	sample
	Rounds []sample `json:"rounds"`
}

// perSecond answers the rate of each round.
func (c *cell) perSecond() []float64 {
	return c.each(func(s sample) float64 { return s.PerSecond })
}

func (c *cell) each(of func(sample) float64) []float64 {
	var all []float64
	for _, s := range c.Rounds {
		all = append(all, of(s))
	}
	return all
}

// add notes one more round.
func (c *cell) add(s sample) {
	c.Rounds = append(c.Rounds, s)
	middle := func(of func(sample) float64) float64 { return median(c.each(of)) }
	c.sample = sample{
		PerSecond: middle(func(s sample) float64 { return s.PerSecond }),
		P50:       middle(func(s sample) float64 { return s.P50 }),
		P99:       middle(func(s sample) float64 { return s.P99 }),
		Refused:   middle(func(s sample) float64 { return s.Refused }),
		Peak:      middle(func(s sample) float64 { return s.Peak }),
		CPU:       middle(func(s sample) float64 { return s.CPU }),
		Database:  middle(func(s sample) float64 { return s.Database }),
	}
}

// results are gathered round by round, in the order in which they first came.
type results struct {
	cells  []cell
	values []figure
}

// cell adds a round to a cell.
func (r *results) cell(k key, s sample) {
	c := r.find(k)
	if c == nil {
		r.cells = append(r.cells, cell{key: k})
		c = &r.cells[len(r.cells)-1]
	}
	c.add(s)
}

// find answers the cell of a key, nil when it was not measured.
func (r *results) find(k key) *cell {
	for i := range r.cells {
		if r.cells[i].key == k {
			return &r.cells[i]
		}
	}
	return nil
}

// value adds a round to a figure that is no ratio.
func (r *results) value(name, unit string, v float64) {
	for i := range r.values {
		if f := &r.values[i]; f.Name == name {
			*f = newFigure(name, unit, append(f.Rounds, v))
			return
		}
	}
	r.values = append(r.values, newFigure(name, unit, []float64{v}))
}

// report is the outcome of a run, and the form of the file.
type report struct {
	Program  string    `json:"program"`
	Database string    `json:"database,omitempty"` // "" for SQLite
	Machine  string    `json:"machine"`
	Go       string    `json:"go"`
	Begun    time.Time `json:"begun"`
	Rounds   int       `json:"rounds"`
	Seconds  float64   `json:"seconds"` // of a cell
	Profiled bool      `json:"profiled,omitempty"`
	Figures  []figure  `json:"figures"`
	Cells    []cell    `json:"cells"`
}

// save writes the report as JSON.
func (r report) save(file string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

// load reads what save wrote.
func loadReport(file string) (r report, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return report{}, err
	}
	if err := json.Unmarshal(text, &r); err != nil || len(r.Figures)+len(r.Cells) == 0 {
		return report{}, fmt.Errorf("%s is no result of -json", file)
	}
	return r, nil
}

// print writes the report for people.
func (r report) print(out io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s, %s, %s\n", r.program(), r.Machine, r.Go, r.Begun.Format(time.RFC3339))
	fmt.Fprintf(&b, "medians of %d rounds, %v a cell; MB are 10⁶ octets\n", r.Rounds, time.Duration(r.Seconds*float64(time.Second)))
	if r.Profiled {
		b.WriteString("with a profile in the first round, so somewhat slower than it is\n")
	}
	r.cellTable(&b)
	r.figureTable(&b)
	_, err := io.WriteString(out, b.String())
	return err
}

// program says what ran on what.
func (r report) program() string {
	if r.Database == "" {
		return r.Program
	}
	return r.Program + " on " + r.Database
}

func (r report) cellTable(out io.Writer) {
	if len(r.Cells) == 0 {
		return
	}
	t := newTable(out, "WORK", "ACCOUNTS", "CLIENTS", "PER SECOND", "OF BASE", "P50 ms", "P99 ms", "REFUSED", "PEAK MB", "CPU µs", "DATABASE µs")
	for i := range r.Cells {
		c := &r.Cells[i]
		t.row(c.label(), orDash(grouped(c.Accounts)), strconv.Itoa(c.Clients), grouped(int(c.PerSecond+0.5)), orDash(r.ofBase(c)),
			short(c.P50), short(c.P99), orDash(percent(c.Refused)), orDash(short(c.Peak)), orDash(short(c.CPU)), orDash(short(c.Database)))
	}
	t.end()
}

// ofBase is the ratio of a call to what it is held against.
func (r report) ofBase(c *cell) string {
	found := results{cells: r.Cells}
	base := found.find(baseOf(r.Database != "", c.key))
	if base == nil {
		return ""
	}
	return fmt.Sprintf("%.3f", median(ratios(c.perSecond(), base.perSecond())))
}

// baseOf names what a call is held against, no cell for what is no call. Hashes and
// the bare handler have as many clients as the call has; PostgreSQL, the whole of it
// in use, is measured on so many connections.
func baseOf(postgres bool, k key) key {
	for _, w := range works {
		switch {
		case w.name != k.Work:
		case w.hashes:
			return key{Work: hashWork, Clients: k.Clients}
		case !postgres:
			return key{Work: bareWork, Clients: k.Clients}
		case w.writes:
			return key{Work: commitWork, Clients: pgConnections}
		default:
			return key{Work: readWork, Accounts: k.Accounts, Clients: pgConnections}
		}
	}
	return key{}
}

func (r report) figureTable(out io.Writer) {
	if len(r.Figures) == 0 {
		return
	}
	t := newTable(out, "FIGURE", "MEASURED", "LEAST TO MOST", "AT LEAST", "GOOD", "")
	for _, f := range r.Figures {
		t.row(f.Name, f.text(f.Value), f.text(minOf(f.Rounds))+" to "+f.text(maxOf(f.Rounds)), f.bound(f.AtLeast), f.bound(f.Good), f.verdict())
	}
	t.end()
}

// table is a table of texts, the first column to the left and the others to the
// right.
type table struct {
	out  io.Writer
	rows [][]string
}

func newTable(out io.Writer, heads ...string) *table {
	return &table{out: out, rows: [][]string{heads}}
}

func (t *table) row(texts ...string) { t.rows = append(t.rows, texts) }

// end writes the table below an empty line.
func (t *table) end() {
	widths := make([]int, len(t.rows[0]))
	for _, row := range t.rows {
		for i, text := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	fmt.Fprintln(t.out)
	for _, row := range t.rows {
		line := fmt.Sprintf("%-*s", widths[0], row[0])
		for i, text := range row[1:] {
			line += fmt.Sprintf("  %*s", widths[i+1], text)
		}
		fmt.Fprintln(t.out, strings.TrimRight(line, " "))
	}
}

// grouped writes 1000000 as 1,000,000, and 0 as nothing.
func grouped(n int) string {
	if n == 0 {
		return ""
	}
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// short writes a number with three digits that tell something.
func short(v float64) string {
	switch {
	case v == 0:
		return ""
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case v >= 1:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'f', 3, 64)
}

func percent(share float64) string {
	if share == 0 {
		return ""
	}
	return short(100*share) + "%"
}

func orDash(text string) string {
	if text == "" {
		return "–"
	}
	return text
}

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// The verdicts.
const (
	alike   = "alike"
	suspect = "looks different" // and wasn't asked again, beside a leak of the same call
	tooFew  = "too few samples"
	leak    = "LEAK"
)

// report is all that was found.
type report struct {
	URL      string    `json:"url"`
	Begun    time.Time `json:"begun"`
	Seconds  float64   `json:"seconds"`
	CPUs     int       `json:"cpus"`
	Classes  []class   `json:"classes"`
	Findings []finding `json:"findings"`
	Leaks    []string  `json:"leaks"`
	Open     []string  `json:"undecided"` // what too few samples were taken of
	Left     []string  `json:"left_out"`  // what could not be asked, and why
}

// finding is one comparison of a call.
type finding struct {
	Call    string      `json:"call"`
	When    string      `json:"when"`               // answers, idle, load, next
	InARow  int         `json:"in_a_row,omitempty"` // how often the same was asked, of answers
	One     string      `json:"one,omitempty"`      // the sides whose times were compared
	Other   string      `json:"other,omitempty"`
	First   separation  `json:"first,omitzero"`
	Again   *separation `json:"again,omitempty"` // with fresh samples, where the first look asked for it
	Verdict string      `json:"verdict"`
	What    string      `json:"what,omitempty"` // is told apart, and how
}

// different notes a difference of answers, unless there is none.
func (f *finding) different(what string) {
	if what != "" {
		f.Verdict, f.What = leak, what
	}
}

// timed reports whether times were compared.
func (f finding) timed() bool { return f.One != "" }

// last is the look that counts.
func (f finding) last() separation {
	if f.Again != nil {
		return *f.Again
	}
	return f.First
}

func newReport(p plan) *report {
	return &report{URL: p.url, Begun: time.Now().UTC().Truncate(time.Second), CPUs: runtime.NumCPU(), Leaks: []string{}, Open: []string{}}
}

func (r *report) add(all ...finding) {
	for _, f := range all {
		r.Findings = append(r.Findings, f)
		line := fmt.Sprintf("%s, %s: %s", f.Call, f.When, f.What)
		switch f.Verdict {
		case leak:
			r.Leaks = append(r.Leaks, line)
		case tooFew:
			r.Open = append(r.Open, line)
		}
	}
}

func (r *report) end() { r.Seconds = time.Since(r.Begun).Seconds() }

// save writes the result as JSON.
func (r *report) save(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// print prints a table: of each call and way the worst comparison, or all of them.
func (r *report) print(out io.Writer, all bool) error {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CALL\tWHEN\tCOMPARED\tSAMPLES\tMEDIANS\tAUC\t95 %\tGAP\tVERDICT")
	for _, f := range r.shown(all) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", f.Call, f.When, f.figures(), f.Verdict)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, why := range r.Left {
		fmt.Fprintf(&b, "left out: %s\n", why)
	}
	for _, what := range r.Open {
		fmt.Fprintf(&b, "undecided: %s\n", what)
	}
	for _, what := range r.Leaks {
		fmt.Fprintf(&b, "leak: %s\n", what)
	}
	fmt.Fprintf(&b, "%s: %d comparisons in %.0f s on %d processors, %d leaks", r.URL, len(r.Findings), r.Seconds, r.CPUs, len(r.Leaks))
	if len(r.Open) > 0 {
		fmt.Fprintf(&b, ", %d undecided", len(r.Open))
	}
	fmt.Fprintln(&b)
	_, err := io.WriteString(out, b.String())
	return err
}

// figures are the columns between a comparison's name and its verdict.
func (f finding) figures() string {
	if !f.timed() {
		times := "once each"
		if f.InARow > 1 {
			times = fmt.Sprintf("%d in a row", f.InARow)
		}
		return "status, headers, body\t" + times + "\t\t\t\t"
	}
	s := f.last()
	return fmt.Sprintf("%s – %s\t%d, %d\t%s, %s\t%.3f\t%.3f–%.3f\t%.2f",
		f.One, f.Other, s.One, s.Other, milliseconds(s.OneMedian), milliseconds(s.OtherMedian), s.AUC, s.Low, s.High, s.Gap)
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.2f ms", d.Seconds()*1000) }

// shown leaves out, unless all are wanted, what isn't the worst of its call and way.
func (r *report) shown(all bool) []finding {
	if all {
		return r.Findings
	}
	worst := map[string]finding{}
	for _, f := range r.Findings {
		key := f.Call + "\n" + f.When
		if w, there := worst[key]; !there || f.worse(w) {
			worst[key] = f
		}
	}
	var shown []finding
	for _, f := range r.Findings {
		if f.Verdict == leak || f.Verdict == tooFew || worst[f.Call+"\n"+f.When] == f {
			shown = append(shown, f)
		}
	}
	return shown
}

func (f finding) worse(than finding) bool {
	if (f.Verdict == leak) != (than.Verdict == leak) {
		return f.Verdict == leak
	}
	return f.last().off() > than.last().off()
}

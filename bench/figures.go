package main

import (
	"cmp"
	"fmt"
	"slices"
)

// figure is one number of the outcome, and what it is to reach.
type figure struct {
	Name    string    `json:"name"`
	Unit    string    `json:"unit,omitempty"` // "" for a ratio
	Value   float64   `json:"value"`          // the median
	Rounds  []float64 `json:"rounds"`
	AtLeast float64   `json:"at_least,omitempty"` // 0 for none
	Good    float64   `json:"good,omitempty"`
}

func newFigure(name, unit string, rounds []float64) figure {
	return figure{Name: name, Unit: unit, Value: median(rounds), Rounds: rounds}
}

// less reports whether less is better: so it is for all that has a unit.
func (f figure) less() bool { return f.Unit != "" }

// verdict says how far the figure got.
func (f figure) verdict() string {
	reaches := func(bound float64) bool {
		if f.less() {
			return f.Value < bound
		}
		return f.Value >= bound
	}
	switch {
	case f.Good != 0 && reaches(f.Good):
		return "good"
	case f.AtLeast != 0 && reaches(f.AtLeast):
		return "reached"
	case f.AtLeast != 0:
		return "missed"
	}
	return ""
}

// text writes a value of the figure.
func (f figure) text(v float64) string {
	if f.Unit == "" {
		return fmt.Sprintf("%.3f", v)
	}
	return cmp.Or(short(v), "0") + " " + f.Unit
}

// bound writes what is to be reached.
func (f figure) bound(v float64) string {
	switch {
	case v == 0:
		return "–"
	case f.less():
		return "< " + short(v) + " " + f.Unit
	}
	return fmt.Sprintf("%.2f", v)
}

// The names of what is no ratio.
func startName(accounts int) string { return "start to ready, " + grouped(accounts) + " accounts" }
func idleName(accounts int) string  { return "memory idle, " + grouped(accounts) + " accounts" }
func loadName(clients, accounts int) string {
	return fmt.Sprintf("memory at %d clients without hashing, %s accounts", clients, grouped(accounts))
}

// figures are the ratios of the cells, as far as these were measured, and what was
// measured by itself.
func figures(p plan, r *results) []figure {
	f := figuring{plan: p, results: r}
	f.calls()
	f.instances()
	f.sizes()
	f.memory()
	f.bounds()
	return append(f.all, f.values...)
}

// figuring gathers figures.
type figuring struct {
	plan
	*results
	all []figure
}

// ratio adds the ratio of two cells, round by round.
func (f *figuring) ratio(name string, of, by key, atLeast, good float64) {
	a, b := f.find(of), f.find(by)
	if a == nil || b == nil {
		return
	}
	ratio := newFigure(name, "", ratios(a.perSecond(), b.perSecond()))
	ratio.AtLeast, ratio.Good = atLeast, good
	f.all = append(f.all, ratio)
}

// goal is what a call is to reach of its base.
type goal struct {
	work          string
	clients       int
	atLeast, good float64
}

var goals = map[string][]goal{
	onSQLite: {
		{"login", 16, 0.90, 0.95},
		{"info", 64, 0.30, 0.40},
		{"profile", 64, 0.25, 0.35},
		{"refresh", 64, 0.20, 0.30},
		{"request-reset", 64, 0.12, 0},
	},
	onPostgres: {
		{"login", 16, 0, 0},
		{"info", 64, 0.20, 0},
		{"profile", 64, 0, 0},
		{"refresh", 64, 0.15, 0},
		{"request-reset", 64, 0.15, 0},
	},
}

// calls holds each call against its base, with the fewest accounts.
func (f *figuring) calls() {
	few := f.accounts[0]
	for _, g := range goals[f.database] {
		call := key{Work: g.work, Accounts: few, Clients: g.clients}
		base := baseOf(f.database == onPostgres, call)
		name := fmt.Sprintf("%s, %d clients, of %s", g.work, g.clients, base.Work)
		if base.Clients != g.clients {
			name += fmt.Sprintf(" on %d connections", base.Clients)
		}
		f.ratio(name, call, base, g.atLeast, g.good)
	}
	if f.database == onSQLite {
		f.ratio("request-reset, 64 clients, of raw commits one at a time",
			key{Work: "request-reset", Accounts: few, Clients: 64}, key{Work: commitWork, Clients: 1}, 0, 1)
	}
}

// instances holds calls on several instances against the same on one.
func (f *figuring) instances() {
	for _, w := range works {
		for n := 2; n <= instancesMost; n++ {
			one := key{Work: w.name, Accounts: f.accounts[0], Clients: f.crowd()}
			several := one
			several.Instances = n
			atLeast := 0.0
			if n == 2 {
				atLeast = 0.85
			}
			f.ratio(instancesName(w.name, f.crowd(), n), several, one, atLeast, 0)
		}
	}
}

// sizes holds calls among many accounts against the same among few.
func (f *figuring) sizes() {
	few, many := f.accounts[0], f.accounts[len(f.accounts)-1]
	if few == many {
		return
	}
	for _, call := range []string{"info", "refresh", "request-reset"} {
		name := fmt.Sprintf("%s at %s accounts, 64 clients, of %s", call, grouped(many), grouped(few))
		f.ratio(name, key{Work: call, Accounts: many, Clients: 64}, key{Work: call, Accounts: few, Clients: 64}, 0.8, 0.9)
	}
}

// memory is the highest peak of the calls that don't hash.
func (f *figuring) memory() {
	const clients = 64
	for _, n := range f.accounts {
		var peaks []float64
		for _, w := range works {
			c := f.find(key{Work: w.name, Accounts: n, Clients: clients})
			if w.hashes || c == nil {
				continue
			}
			for i, peak := range c.each(func(s sample) float64 { return s.Peak }) {
				if i == len(peaks) {
					peaks = append(peaks, 0)
				}
				peaks[i] = max(peaks[i], peak)
			}
		}
		if peaks != nil {
			f.values = append(f.values, newFigure(loadName(clients, n), "MB", peaks))
		}
	}
}

// stormGoals are what a storm's figures are to stay under, or to reach.
var stormGoals = map[string]float64{
	stormServed: 0.85, stormInfo: 10, stormOther: 20, stormErrors: 1, stormCut: 1, stormRefusal: 1, stormMemory: 64, stormAfter: 0.8,
}

// bounds says what the values are to stay under.
func (f *figuring) bounds() {
	for i := range f.values {
		v := &f.values[i]
		switch {
		case v.Name == "stripped binary":
			v.AtLeast, v.Good = 45, 30
		case stormGoals[v.Name] != 0:
			v.AtLeast = stormGoals[v.Name]
		case slices.ContainsFunc(limited, func(call string) bool { return v.Name == limitsName(call) }):
			v.AtLeast = 0.9
		case v.Name == lostName("request-reset"):
			v.AtLeast = 1
		case v.Name == startName(100_000):
			v.AtLeast, v.Good = 0.3, 0.1
		case slices.ContainsFunc(f.accounts, func(n int) bool { return v.Name == idleName(n) }):
			v.AtLeast, v.Good = 96, 48
		case slices.ContainsFunc(f.accounts, func(n int) bool { return v.Name == loadName(64, n) }):
			v.AtLeast, v.Good = 192, 96
		}
	}
}

func minOf(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	return slices.Min(values)
}

func maxOf(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	return slices.Max(values)
}

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// plan is what is to be measured, and how long.
type plan struct {
	database string
	accounts []int
	clients  []int
	rounds   int
	time     time.Duration // of one cell; a fifth of it goes before, uncounted
	starting int           // accounts of the database that the start is timed with
	storms   int           // at most
	parts    []string

	program string   // a built one, "" to build it
	env     []string // NAME=VALUE, for the program
	dir     string
	json    string
	profile string

	compare  bool
	old, new string
}

// everyPart is what can be measured: the calls, and what is no call.
var everyPart = []string{
	"info", "refresh", "profile", "request-reset", "login", "register", "engine", instancesPart, "start", "size", limitsPart, stormPart,
}

// partsOn are the parts that an engine has when none are named. Several instances
// need PostgreSQL; how large the program is and how fast it starts depends little on
// the engine, and the limits stand before it.
func partsOn(database string) []string {
	return slices.DeleteFunc(slices.Clone(everyPart), func(part string) bool {
		if database == onPostgres {
			return part == "start" || part == "size" || part == limitsPart
		}
		return part == instancesPart
	})
}

// preset is a plan where no flag says otherwise. PostgreSQL takes longer to fill, so it has
// fewer accounts.
func preset(database string, short bool) plan {
	switch {
	case database == onPostgres && short:
		return plan{rounds: 2, time: time.Second, accounts: []int{1000, 20_000}, starting: 10_000, storms: 1}
	case database == onPostgres:
		return plan{rounds: 5, time: 2 * time.Second, accounts: []int{1000, 100_000}, starting: 100_000, storms: 3}
	case short:
		return plan{rounds: 3, time: time.Second, accounts: []int{1000, 20_000}, starting: 10_000, storms: 3}
	}
	return plan{rounds: 5, time: 2 * time.Second, accounts: []int{1000, 1_000_000}, starting: 100_000, storms: 3}
}

// measures reports whether the plan holds a part.
func (p plan) measures(part string) bool { return slices.Contains(p.parts, part) }

// warm is how long a cell runs before it counts.
func (p plan) warm() time.Duration { return p.time / 5 }

// flags are the arguments as they are written.
type flags struct {
	plan
	accounts, clients, parts string
	short                    bool
}

func (f *flags) flagSet() *flag.FlagSet {
	s := flag.NewFlagSet("bench", flag.ContinueOnError)
	s.SetOutput(io.Discard) // what is wrong is told in one line
	s.StringVar(&f.database, "database", onSQLite, "`engine`, sqlite or postgres; for postgres a server of its own is started")
	s.StringVar(&f.accounts, "accounts", "", "numbers of `accounts`, each a database (default 1000,1000000, on postgres 1000,100000; with -short 1000,20000)")
	s.StringVar(&f.clients, "clients", "1,16,64", "numbers of `clients` at once")
	s.IntVar(&f.rounds, "rounds", 0, "`times` that everything is measured; medians are told (default 5; with -short 3, on postgres 2)")
	s.DurationVar(&f.time, "time", 0, "`time` of each cell (default 2s; with -short 1s)")
	s.StringVar(&f.parts, "parts", "", "what is measured, of these `parts`: "+strings.Join(everyPart, ",")+
		" (default all; on sqlite without instances, on postgres without start and size)")
	s.BoolVar(&f.short, "short", false, "a look, not a measurement: fewer accounts, rounds and seconds")
	s.StringVar(&f.program, "program", "", "built program `file` to measure in place of this tree's")
	s.Func("env", "`NAME=VALUE` for the program's environment; may be given again", func(text string) error {
		if name, _, ok := strings.Cut(text, "="); !ok || name == "" {
			return errors.New("want NAME=VALUE")
		}
		f.env = append(f.env, text)
		return nil
	})
	s.StringVar(&f.dir, "dir", "", "`directory` for the databases, on the disk to be measured (default the system's for temporary files)")
	s.StringVar(&f.json, "json", "", "`file` to write the result to")
	s.StringVar(&f.profile, "profile", "", "`directory` for processor profiles of the program in each cell; they cost a few percent")
	s.BoolVar(&f.compare, "compare", false, "compare two such files, OLD and NEW, and measure nothing")
	return s
}

// usage tells the arguments.
func usage(out io.Writer) error {
	var f flags
	s := f.flagSet()
	s.SetOutput(out)
	_, err := fmt.Fprint(out, "go run ./bench [flags]\ngo run ./bench -compare OLD NEW\n\n")
	s.PrintDefaults()
	return err
}

// parsePlan reads the arguments. The error is flag.ErrHelp, or one line.
func parsePlan(args []string) (plan, error) {
	var f flags
	s := f.flagSet()
	if err := s.Parse(args); err != nil {
		return plan{}, err
	}
	if f.compare {
		return f.comparison(s.Args())
	}
	if s.NArg() > 0 {
		return plan{}, fmt.Errorf("%q is no flag; -h shows them", s.Arg(0))
	}
	return f.measurement()
}

func (f flags) comparison(files []string) (plan, error) {
	if len(files) != 2 {
		return plan{}, fmt.Errorf("-compare wants two files, OLD and NEW, not %d", len(files))
	}
	f.old, f.new = files[0], files[1]
	return f.plan, nil
}

func (f flags) measurement() (p plan, err error) {
	p = f.plan
	if p.database != onSQLite && p.database != onPostgres {
		return plan{}, fmt.Errorf("-database: %q is neither %s nor %s", p.database, onSQLite, onPostgres)
	}
	preset := preset(p.database, f.short)
	p.starting = preset.starting
	if p.rounds == 0 {
		p.rounds = preset.rounds
	}
	if p.time == 0 {
		p.time = preset.time
	}
	if p.rounds < 1 || p.time < 100*time.Millisecond {
		return plan{}, fmt.Errorf("%d rounds of %v measure nothing: at least one of 100ms", p.rounds, p.time)
	}
	p.accounts = preset.accounts
	if f.accounts != "" {
		if p.accounts, err = numbers("accounts", f.accounts, 100, 10_000_000); err != nil {
			return plan{}, err
		}
	}
	if p.clients, err = numbers("clients", f.clients, 1, 1000); err != nil {
		return plan{}, err
	}
	p.storms = min(p.rounds, preset.storms)
	if f.parts == "" {
		p.parts = partsOn(p.database)
		return p, nil
	}
	if p.parts, err = partsOf(f.parts); err == nil && p.database == onSQLite && p.measures(instancesPart) {
		err = fmt.Errorf("-parts: %s need -database %s", instancesPart, onPostgres)
	}
	return p, err
}

// numbers reads "1,16,64", sorted and each once.
func numbers(name, text string, least, most int) ([]int, error) {
	seen := map[int]bool{}
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || n < least || n > most {
			return nil, fmt.Errorf("-%s %q: %q is not a number from %d to %d", name, text, part, least, most)
		}
		seen[n] = true
	}
	return slices.Sorted(maps.Keys(seen)), nil
}

func partsOf(text string) ([]string, error) {
	var parts []string
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if !slices.Contains(everyPart, part) {
			return nil, fmt.Errorf("-parts: there is no %q, only %s", part, strings.Join(everyPart, ", "))
		}
		parts = append(parts, part)
	}
	return parts, nil
}

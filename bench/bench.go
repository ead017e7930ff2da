package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// bench is a run: what it needs, and what it has found so far.
type bench struct {
	plan
	errs    io.Writer // is told what is going on
	temp    string
	binary  string
	mails   *sink
	bare    *running
	places  []*installation
	results results
}

// measure carries the plan out. What it lacks is an error before anything is
// measured.
func (p plan) measure(ctx context.Context, errs io.Writer) (report, error) {
	if err := lacksProc(); err != nil {
		return report{}, err
	}
	if err := p.makeProfiles(); err != nil {
		return report{}, err
	}
	temp, err := os.MkdirTemp(p.dir, "matricula-bench-")
	if err != nil {
		return report{}, err
	}
	defer os.RemoveAll(temp)
	b := &bench{plan: p, errs: errs, temp: temp}
	begun := time.Now()
	if err := b.run(ctx); err != nil {
		return report{}, err
	}
	return b.report(begun), nil
}

func (p plan) makeProfiles() error {
	if p.profile == "" {
		return nil
	}
	return os.MkdirAll(p.profile, 0o700)
}

func (b *bench) run(ctx context.Context) (err error) {
	if err := b.takeProgram(ctx); err != nil {
		return err
	}
	if b.mails, err = openSink(); err != nil {
		return err
	}
	defer b.mails.close()
	if b.bare, err = startBare(ctx); err != nil {
		return err
	}
	defer b.bare.stop()
	if err := b.start(ctx); err != nil {
		return err
	}
	if err := b.fillPlaces(ctx); err != nil {
		return err
	}
	for i := range b.rounds {
		b.tell("round %d of %d", i+1, b.rounds)
		if err := b.round(ctx, i); err != nil {
			return err
		}
	}
	return b.storms(ctx)
}

// tell says what is going on, for whoever waits.
func (b *bench) tell(format string, args ...any) {
	fmt.Fprintf(b.errs, "bench: "+format+"\n", args...)
}

// takeProgram builds the program, or takes the one that is given, and weighs it.
func (b *bench) takeProgram(ctx context.Context) error {
	b.binary = b.program
	if b.binary == "" {
		b.tell("building the program")
		b.binary = filepath.Join(b.temp, "matricula")
		if err := build(ctx, b.binary); err != nil {
			return err
		}
	}
	info, err := os.Stat(b.binary)
	if err != nil {
		return err
	}
	if b.measures("size") {
		b.results.value("stripped binary", "MB", float64(info.Size())/megabyte)
	}
	return nil
}

// start times the start with many accounts.
func (b *bench) start(ctx context.Context) error {
	if !b.measures("start") {
		return nil
	}
	in, err := b.fill(ctx, b.starting, 0)
	if err != nil {
		return err
	}
	for range b.rounds {
		s, err := b.serve(ctx, in)
		if err != nil {
			return err
		}
		b.results.value(startName(b.starting), "s", s.took.Seconds())
		s.stop()
	}
	return os.RemoveAll(in.data)
}

// fillPlaces fills an installation for each number of accounts.
func (b *bench) fillPlaces(ctx context.Context) error {
	if !b.measures("engine") && !b.measures(stormPart) && !slices.ContainsFunc(works, b.wants) {
		return nil
	}
	for _, n := range b.accounts {
		in, err := b.fill(ctx, n, b.applicants())
		if err != nil {
			return err
		}
		b.places = append(b.places, in)
	}
	return nil
}

func (b *bench) fill(ctx context.Context, accounts, roster int) (*installation, error) {
	begun := time.Now()
	in, err := fill(ctx, filepath.Join(b.temp, fmt.Sprint("data-", accounts, "-", roster)), accounts, roster, begun)
	if err == nil {
		b.tell("filled %s accounts in %v", grouped(accounts), time.Since(begun).Round(100*time.Millisecond))
	}
	return in, err
}

// applicants is more than can register in all rounds: a core hashes far fewer than
// 200 passwords a second.
func (b *bench) applicants() int {
	if !b.measures("register") {
		return 0
	}
	calls := (b.warm() + b.time).Seconds() * float64(b.rounds*len(b.clients)) * float64(200*runtime.GOMAXPROCS(0))
	return int(calls) + len(b.clients)*b.clients[len(b.clients)-1]
}

func (b *bench) wants(w work) bool { return b.measures(w.name) }

// round measures everything once, each call close to what it is held against, on
// servers that have just been started.
func (b *bench) round(ctx context.Context, round int) error {
	if !b.measures("engine") && !slices.ContainsFunc(works, b.wants) {
		return nil
	}
	var servers []*server
	defer func() {
		for _, s := range servers {
			s.stop()
		}
	}()
	for _, in := range b.places {
		s, err := b.serve(ctx, in)
		if err != nil {
			return err
		}
		servers = append(servers, s)
	}
	if err := b.idle(ctx, servers); err != nil {
		return err
	}
	for _, hashes := range []bool{false, true} {
		for _, clients := range b.clients {
			if err := b.calls(ctx, servers, hashes, clients, round); err != nil {
				return err
			}
		}
		if !hashes {
			if err := b.engine(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// idle weighs servers that have come to rest after their start.
func (b *bench) idle(ctx context.Context, servers []*server) error {
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		return ctx.Err()
	}
	for i, s := range servers {
		now, _, err := s.memory()
		if err != nil {
			return err
		}
		b.results.value(idleName(b.places[i].accounts), "MB", now/megabyte)
	}
	return nil
}

// calls measures the calls that hash, or those that don't, and their base.
func (b *bench) calls(ctx context.Context, servers []*server, hashes bool, clients, round int) error {
	wanted := func(w work) bool { return w.hashes == hashes && b.wants(w) }
	if !slices.ContainsFunc(works, wanted) {
		return nil
	}
	if err := b.base(ctx, hashes, clients); err != nil {
		return err
	}
	for _, w := range works {
		if !wanted(w) {
			continue
		}
		for i, s := range servers {
			if err := b.call(ctx, w, b.places[i], s, clients, round); err != nil {
				return fmt.Errorf("%s, %s accounts, %d clients: %w", w.name, grouped(b.places[i].accounts), clients, err)
			}
		}
	}
	return nil
}

// base measures what calls are held against.
func (b *bench) base(ctx context.Context, hashes bool, clients int) error {
	if hashes {
		s, err := rawHashes(ctx, clients, b.warm(), b.time)
		b.results.cell(key{Work: hashWork, Clients: clients}, s)
		return err
	}
	same := &installation{accounts: b.places[0].accounts}
	s, err := b.weigh(ctx, b.bare, clients, same.info())
	b.results.cell(key{Work: bareWork, Clients: clients}, s)
	return err
}

// call measures one call, and clears away what it left.
func (b *bench) call(ctx context.Context, w work, in *installation, s *server, clients, round int) error {
	profiled := b.profiles(ctx, s, round, fmt.Sprintf("%s-%d-%d.pprof", w.name, in.accounts, clients))
	found, err := b.weigh(ctx, s.running, clients, w.script(in))
	if in.club.n.Load() > int64(in.roster) {
		return fmt.Errorf("the roster of %d has run out: this hashes faster than was foreseen", in.roster)
	}
	if err != nil {
		return err
	}
	if err := <-profiled; err != nil {
		return err
	}
	b.results.cell(key{w.name, in.accounts, clients}, found)
	if w.writes {
		if err := in.sweep(ctx); err != nil {
			return err
		}
	}
	return s.forgetLog()
}

// profiles begins to take a profile, in the first round, if profiles are wanted.
func (b *bench) profiles(ctx context.Context, s *server, round int, name string) <-chan error {
	done := make(chan error, 1)
	if b.profile == "" || round > 0 {
		done <- nil
		return done
	}
	go func() {
		done <- s.saveProfile(ctx, int(max(1, (b.warm()+b.time).Seconds())), filepath.Join(b.profile, name))
	}()
	return done
}

// weigh loads a process, and looks at its memory and processor time meanwhile.
func (b *bench) weigh(ctx context.Context, r *running, clients int, s script) (sample, error) {
	if err := r.forgetPeak(); err != nil {
		return sample{}, err
	}
	before, err := r.busy()
	if err != nil {
		return sample{}, err
	}
	t, err := load(ctx, r.addr, clients, b.warm(), b.time, s)
	if err != nil {
		return sample{}, err
	}
	after, err := r.busy()
	if err != nil {
		return sample{}, err
	}
	_, peak, err := r.memory()
	found := t.sample()
	found.Peak = peak / megabyte
	found.CPU = float64((after - before).Microseconds()) / max(1, float64(t.calls))
	return found, err
}

// engine measures raw point reads and raw commits.
func (b *bench) engine(ctx context.Context) error {
	if !b.measures("engine") {
		return nil
	}
	for _, in := range b.places {
		for _, clients := range []int{1, readers()} {
			s, err := rawReads(ctx, in, clients, b.warm(), b.time)
			if err != nil {
				return fmt.Errorf("raw reads: %w", err)
			}
			b.results.cell(key{readWork, in.accounts, clients}, s)
		}
	}
	for _, group := range []int{1, 64} {
		s, err := rawCommits(ctx, filepath.Join(b.temp, "raw.db"), group, b.warm(), b.time)
		if err != nil {
			return fmt.Errorf("raw commits: %w", err)
		}
		b.results.cell(key{Work: commitWork, Clients: group}, s)
	}
	return nil
}

// report puts together what was found.
func (b *bench) report(begun time.Time) report {
	return report{
		Program: b.version(), Machine: machine(), Go: runtime.Version(), Begun: begun.UTC().Truncate(time.Second),
		Rounds: b.rounds, Seconds: b.time.Seconds(), Profiled: b.profile != "",
		Cells: b.results.cells, Figures: figures(b.plan, &b.results),
	}
}

// machine says in a line what the figures were measured on.
func machine() string {
	model := "processors"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%s/%s, %d × %s", runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), model)
}

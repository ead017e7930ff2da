package main

import (
	"context"
	"errors"
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
	engine  engine
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
	if b.engine, err = b.startEngine(ctx, b.temp); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.engine.stop()) }()
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
	if err := b.limits(ctx); err != nil {
		return err
	}
	return b.stormy(ctx)
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
	return in.remove(ctx)
}

// fillPlaces fills an installation for each number of accounts.
func (b *bench) fillPlaces(ctx context.Context) error {
	if !b.measures("engine") && !b.measures(stormPart) && !b.measures(limitsPart) && !slices.ContainsFunc(works, b.wants) {
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
	in, err := fill(ctx, b.engine, filepath.Join(b.temp, fmt.Sprint("data-", accounts, "-", roster)), accounts, roster, begun)
	if err == nil {
		b.tell("filled %s accounts in %v", grouped(accounts), time.Since(begun).Round(100*time.Millisecond))
	}
	return in, err
}

// applicants is more than try to register in all rounds: a core hashes far fewer than
// 200 passwords a second, and some are refused.
func (b *bench) applicants() int {
	if !b.measures("register") {
		return 0
	}
	calls := (b.warm() + b.time).Seconds() * float64(b.rounds*len(b.clients)) * float64(1500*runtime.GOMAXPROCS(0))
	return int(calls) + 4*b.rounds*len(b.clients)*b.crowd()
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
			if err := b.raw(ctx); err != nil {
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
			if err := b.call(ctx, w, b.places[i], []*server{s}, clients, round); err != nil {
				return err
			}
		}
		if w.scales && clients == b.crowd() {
			if err := b.instances(ctx, w, b.places[0], servers[0], round); err != nil {
				return err
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
	if b.database == onPostgres {
		return nil // its calls are held against what the server does
	}
	same := &installation{accounts: b.places[0].accounts}
	s, err := b.weigh(ctx, []*running{b.bare}, clients, same.info())
	b.results.cell(key{Work: bareWork, Clients: clients}, s)
	return err
}

// call measures one call on one server or several, and clears away what it left.
func (b *bench) call(ctx context.Context, w work, in *installation, servers []*server, clients, round int) error {
	k := key{Work: w.name, Accounts: in.accounts, Clients: clients}
	if len(servers) > 1 {
		k.Instances = len(servers)
	}
	if err := b.callCell(ctx, k, w, in, servers, round); err != nil {
		return fmt.Errorf("%s, %s accounts, %d clients: %w", k.label(), grouped(in.accounts), clients, err)
	}
	return nil
}

func (b *bench) callCell(ctx context.Context, k key, w work, in *installation, servers []*server, round int) error {
	profiled := b.profiles(ctx, servers[0], round, k.file())
	var processes []*running
	for _, s := range servers {
		processes = append(processes, s.running)
	}
	found, err := b.weigh(ctx, processes, k.Clients, w.script(in))
	if in.club.n.Load() > int64(in.roster) {
		return fmt.Errorf("the roster of %d has run out: this hashes faster than was foreseen", in.roster)
	}
	if err != nil {
		return err
	}
	if err := <-profiled; err != nil {
		return err
	}
	b.results.cell(k, found)
	if w.writes {
		if err := b.sweep(ctx, w, in, found.done); err != nil {
			return err
		}
	}
	return servers[0].forgetLog() // which is that of all
}

// sweep clears away what a call has left, and looks whether all of it is there.
func (b *bench) sweep(ctx context.Context, w work, in *installation, answered int) error {
	kept, err := in.database.sweep(ctx)
	if err == nil && w.mails {
		b.results.value(lostName(w.name), "calls", float64(max(0, answered-kept)))
	}
	return err
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

// weigh loads some processes, and looks at their memory (the highest peak of one)
// and processor time (of all) meanwhile.
func (b *bench) weigh(ctx context.Context, on []*running, clients int, s script) (sample, error) {
	var addrs []string
	var processes []process
	for _, r := range on {
		if err := r.forgetPeak(); err != nil {
			return sample{}, err
		}
		addrs, processes = append(addrs, r.addr), append(processes, r.process)
	}
	found, err := b.watch(processes, func() (sample, error) {
		all, err := load(ctx, addrs, clients, b.warm(), b.time, s)
		return all.sample(), err
	})
	if err != nil {
		return sample{}, err
	}
	for _, p := range processes {
		_, peak, err := p.memory()
		if err != nil {
			return sample{}, err
		}
		found.Peak = max(found.Peak, peak/megabyte)
	}
	return found, nil
}

// watch has work work, and looks at the processor time that it costs processes and
// the engine.
func (b *bench) watch(of []process, work func() (sample, error)) (sample, error) {
	before, beside, err := b.busy(of)
	if err != nil {
		return sample{}, err
	}
	found, err := work()
	if err != nil {
		return sample{}, err
	}
	after, besideAfter, err := b.busy(of)
	calls := max(1, float64(found.calls))
	found.CPU = float64((after - before).Microseconds()) / calls
	found.Database = float64((besideAfter - beside).Microseconds()) / calls
	return found, err
}

// busy answers the processor time that processes have used, and that of the engine.
func (b *bench) busy(of []process) (sum, engine time.Duration, err error) {
	for _, p := range of {
		spent, err := p.busy()
		if err != nil {
			return 0, 0, err
		}
		sum += spent
	}
	engine, err = b.engine.busy()
	return sum, engine, err
}

// raw measures raw point reads and raw commits. What they cost the caller's side is
// this process's own time.
func (b *bench) raw(ctx context.Context) error {
	if !b.measures("engine") {
		return nil
	}
	own := []process{process(os.Getpid())}
	reads, commits := b.engine.atOnce()
	for _, in := range b.places {
		for _, n := range reads {
			s, err := b.watch(own, func() (sample, error) {
				return in.database.reads(ctx, in.accounts, n, b.warm(), b.time)
			})
			if err != nil {
				return fmt.Errorf("raw reads: %w", err)
			}
			b.results.cell(key{Work: readWork, Accounts: in.accounts, Clients: n}, s)
		}
	}
	for _, n := range commits {
		s, err := b.watch(own, func() (sample, error) { return b.engine.commits(ctx, n, b.warm(), b.time) })
		if err != nil {
			return fmt.Errorf("raw commits: %w", err)
		}
		b.results.cell(key{Work: commitWork, Clients: n}, s)
	}
	return nil
}

// report puts together what was found.
func (b *bench) report(begun time.Time) report {
	return report{
		Program: b.version(), Database: b.engine.name(), Machine: machine(), Go: runtime.Version(), Begun: begun.UTC().Truncate(time.Second),
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

package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// watch is one way of taking the times of a call.
type watch struct {
	*asker
	call
	when    string
	samples int
	around  func() (end func()) // what goes on meanwhile
	sample  func(class) (answer, error)
}

// watches are all the ways: idle, under load, and the call that comes after.
func (a *asker) watches(c call) []watch {
	alone := func() func() { return func() {} }
	all := []watch{
		{a, c, "idle", a.samples, alone, func(cl class) (answer, error) { return a.sample(c, cl) }},
		{a, c, "load", a.load, func() func() { return a.startCrowd() }, func(cl class) (answer, error) { return a.sample(c, cl) }},
	}
	if c.writes {
		all = append(all, watch{a, c, "next", a.next, alone, func(cl class) (answer, error) { return a.sampleNext(c, cl) }})
	}
	return all
}

// sample asks about one of the class.
func (a *asker) sample(c call, cl class) (answer, error) {
	who, err := a.people.take(cl)
	if err != nil {
		return answer{}, err
	}
	got, err := a.answered(c, who, a.network())
	if err == nil && got.status == http.StatusTooManyRequests {
		err = errLimited
	}
	return got, err
}

// sampleNext asks about one of the class, and takes the time of what comes right
// after: a change that is the same each time, and waits for whatever the first call
// has left to do.
func (a *asker) sampleNext(c call, cl class) (answer, error) {
	if _, err := a.sample(c, cl); err != nil {
		return answer{}, err
	}
	email := fmt.Sprintf("probe%012d@oracle.example", rand.Int64N(1e12))
	probe := request{"POST", "/api/user/email-exists", nil, `{"email":"` + email + `"}`}
	return a.patiently(probe, a.network(), email)
}

// compare takes the times and compares every pair of sides.
func (w watch) compare() ([]finding, error) {
	times, seen, err := w.take()
	if err != nil {
		return nil, err
	}
	all := []finding{w.answers(seen)}
	for _, pair := range w.pairs() {
		// One leak of a call is enough to say so; what else looks different is told
		// without asking thousands of times more.
		again := !slices.ContainsFunc(all, func(f finding) bool { return f.timed() && f.Verdict == leak })
		found, err := w.judge(pair, times, again)
		if err != nil {
			return nil, err
		}
		all = append(all, found)
	}
	return all, nil
}

// take takes the samples of all classes, in an order that changes each time.
func (w watch) take() (map[class][]time.Duration, map[class]answers, error) {
	end := w.around()
	defer end()
	var mu sync.Mutex
	times, seen := map[class][]time.Duration{}, map[class]answers{}
	err := w.rounds(w.samples, func(counts bool) error {
		classes := w.classesOf(w.call)
		rand.Shuffle(len(classes), func(i, j int) { classes[i], classes[j] = classes[j], classes[i] })
		for _, cl := range classes {
			got, err := w.sample(cl)
			if err != nil {
				return err
			}
			mu.Lock()
			if counts {
				times[cl] = append(times[cl], got.took)
			}
			seen[cl] = seen[cl].with(got)
			mu.Unlock()
		}
		return nil
	})
	return times, seen, err
}

// warm is how many rounds go before those that count, of each asker.
const warm = 5

// sideBySide is how many take samples at once: more where they mostly wait.
func (w watch) sideBySide() int {
	if w.waits && w.askers > 1 {
		return waiters * w.askers
	}
	return w.askers
}

// waiters is how many times more there are of those who mostly wait.
const waiters = 4

// rounds calls round n times, and some times before that, which don't count; as many
// at once as there are askers.
func (w watch) rounds(n int, round func(counts bool) error) error {
	var left atomic.Int64
	left.Store(int64(n))
	failed := make([]error, w.sideBySide())
	var all sync.WaitGroup
	for asker := range failed {
		all.Go(func() {
			for i := 0; failed[asker] == nil && w.ctx.Err() == nil; i++ {
				counts := i >= warm
				if counts && left.Add(-1) < 0 {
					return
				}
				if failed[asker] = round(counts); failed[asker] != nil {
					left.Store(0) // the others may stop, too
				}
			}
		})
	}
	all.Wait()
	return errors.Join(append(failed, w.ctx.Err())...)
}

// answers are the different ones that a class was given.
type answers []answer

func (all answers) with(got answer) answers {
	if slices.ContainsFunc(all, func(a answer) bool { return difference(a, got) == "" }) {
		return all
	}
	return append(all, got)
}

// answers compares what was answered meanwhile, the worst of all times to differ.
func (w watch) answers(seen map[class]answers) finding {
	f := finding{Call: w.name, When: w.when + " answers", InARow: 1, Verdict: alike}
	classes := w.classesOf(w.call)
	for _, cl := range classes[1:] {
		for _, got := range seen[cl] {
			if len(seen[classes[0]].with(got)) > len(seen[classes[0]]) {
				f.different(fmt.Sprintf("%s has %s", cl, difference(seen[classes[0]][0], got)))
			}
		}
	}
	return f
}

// side is one side of a comparison: the people of some classes, as many of each.
type side struct {
	name    string
	classes []class
}

// pair is what is compared.
type pair struct{ one, other side }

// pairs are the comparisons that a stranger could make. Where a password is looked
// at, its format takes its own time, and an unknown address seems to have one too,
// in the proportions of all accounts: so the unknown are held against everybody
// with a password, and those with the same format against each other.
func (w watch) pairs() []pair {
	classes := w.classesOf(w.call)
	nobody := side{string(unknown), classes[:1]}
	one := func(c class) side { return side{string(c), []class{c}} }
	var all []pair
	if !w.hashes {
		for _, c := range classes[1:] {
			all = append(all, pair{one(c), nobody})
		}
		return all
	}
	var everybody []class
	for _, c := range classes[1:] {
		switch {
		case slices.Contains(hashed, c):
			everybody = append(everybody, c)
			if c != confirmed && c != oldPBKDF2 && c != oldBcrypt && slices.Contains(classes, confirmed) {
				all = append(all, pair{one(c), one(confirmed)})
			}
		default:
			all = append(all, pair{one(c), nobody})
		}
	}
	if len(everybody) > 0 {
		all = append(all, pair{side{"with a password", everybody}, nobody})
	}
	return all
}

// judge compares both sides, and again with fresh samples where they seem to differ.
func (w watch) judge(p pair, times map[class][]time.Duration, ask bool) (finding, error) {
	f := finding{Call: w.name, When: w.when, One: p.one.name, Other: p.other.name, Verdict: alike}
	f.First = separate(p.one.times(times), p.other.times(times))
	switch {
	case !f.First.suspect():
		return f, nil
	case !ask:
		f.Verdict = suspect
		return f, nil
	}
	fmt.Fprintf(w.errs, "oracle: %s, %s: %s and %s look different (AUC %.3f, gap %.2f); asking again\n", w.name, w.when, f.One, f.Other, f.First.AUC, f.First.Gap)
	again, err := w.takeAgain(p)
	if err != nil {
		return f, err
	}
	f.Again = &again
	switch {
	case again.told():
		f.Verdict = leak
		f.What = fmt.Sprintf("the time tells %s from %s", f.One, f.Other)
	case again.undecided():
		f.Verdict = tooFew
		f.What = fmt.Sprintf("%d fresh samples don't say whether the time tells %s from %s; ask with -again %d", again.One, f.One, f.Other, enough)
	}
	return f, nil
}

func (s side) times(of map[class][]time.Duration) (all []time.Duration) {
	for _, c := range s.classes {
		all = append(all, of[c]...)
	}
	return all
}

// takeAgain takes fresh samples of two sides alone.
func (w watch) takeAgain(p pair) (separation, error) {
	end := w.around()
	defer end()
	var mu sync.Mutex
	var turn atomic.Int64
	times := map[string][]time.Duration{}
	err := w.rounds(w.again, func(counts bool) error {
		both, i := []side{p.one, p.other}, int(turn.Add(1))
		if rand.N(2) == 0 {
			slices.Reverse(both)
		}
		for _, s := range both {
			got, err := w.sample(s.classes[i%len(s.classes)])
			if err != nil {
				return err
			}
			if counts {
				mu.Lock()
				times[s.name] = append(times[s.name], got.took)
				mu.Unlock()
			}
		}
		return nil
	})
	return separate(times[p.one.name], times[p.other.name]), err
}

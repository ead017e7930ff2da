package main

import (
	"fmt"
	"slices"
	"strings"
)

// How often a call is repeated about one and the same person, from one and the same
// network: limits must meet all alike. Passwords may be tried more often before an
// address rests, mails fewer times than that are sent in an hour.
const (
	inARow      = 7
	tryInARow   = 110
	retrySlack  = 5 // seconds that two answers may differ in when to come back
	askersOfRow = 2
)

// sameAnswers asks about somebody of each class again and again, all classes in
// step, and answers what differs from the answers about an unknown address.
func (a *asker) sameAnswers(c call) (finding, error) {
	times, askers := inARow, askersOfRow
	if c.hashes {
		times, askers = tryInARow, 1
	}
	f := finding{Call: c.name, When: "answers", InARow: times, Verdict: alike}
	for range askers {
		different, err := a.row(c, times)
		if err != nil {
			return f, err
		}
		f.different(different)
	}
	return f, nil
}

// asked is somebody who is asked about, and from where.
type asked struct {
	class   class
	who     person
	network string
}

// row asks about one of each class, and answers the first difference.
func (a *asker) row(c call, times int) (string, error) {
	var all []asked
	for _, cl := range a.classesOf(c) {
		who, err := a.people.spend(cl)
		if err != nil {
			return "", err
		}
		all = append(all, asked{cl, who, a.network()})
	}
	for n := range times {
		var first answer
		for i, one := range all {
			got, err := a.answered(c, one.who, one.network)
			if err != nil {
				return "", err
			}
			if i == 0 {
				first = got
				continue
			}
			if d := difference(first, got); d != "" {
				return fmt.Sprintf("time %d: %s has %s", n+1, one.class, d), nil
			}
		}
	}
	return "", nil
}

// difference says in a line what is another in got than in want, or nothing.
func difference(want, got answer) string {
	if d := want.retryAfter - got.retryAfter; want.seen == got.seen && d >= -retrySlack && d <= retrySlack {
		return ""
	} else if want.seen == got.seen {
		return fmt.Sprintf("to wait %d seconds, not %d", got.retryAfter, want.retryAfter)
	}
	wanted, have := strings.Split(want.seen, "\n"), strings.Split(got.seen, "\n")
	for i, line := range have {
		if i >= len(wanted) || line != wanted[i] {
			missing := slices.DeleteFunc(slices.Clone(wanted), func(l string) bool { return slices.Contains(have, l) })
			if slices.Contains(wanted, line) && len(missing) > 0 {
				return fmt.Sprintf("no %.80q", missing[0])
			}
			return fmt.Sprintf("%.80q, not %.80q", line, at(wanted, i))
		}
	}
	return fmt.Sprintf("no %.80q", wanted[len(have)])
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

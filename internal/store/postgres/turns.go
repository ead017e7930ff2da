package postgres

import (
	"context"
	"slices"
	"sync"
	"time"
)

// turns lets changes about the same run one after the other. At the same time, all
// but one of them would fail at the rows that they meet at, and begin anew: a crowd at
// one account would keep each other, and the owner's reset, from ever being done.
// Those of other processes are not seen here; they are few at a time, and begin anew.
type turns struct {
	mu     sync.Mutex
	crowds map[string]*waiting // by subject
}

// waiting is who waits for a subject, and who has it.
type waiting struct {
	turn   chan struct{} // holds one while somebody has it
	people int
}

// take waits until the caller has every subject, as long as ctx and the time let it.
// done lets go of them. Who waits for a subject has none meanwhile: else a crowd at one
// would be passed on to all who only want the other.
func (t *turns) take(ctx context.Context, longest time.Duration, subjects []string) (done func(), err error) {
	subjects = slices.Clone(subjects)
	slices.Sort(subjects)
	subjects = slices.Compact(subjects)
	enough := time.NewTimer(longest)
	defer enough.Stop()
	for missing := 0; missing < len(subjects); {
		first := subjects[missing]
		select {
		case t.enter(first).turn <- struct{}{}:
		case <-ctx.Done():
			t.leave(first)
			return nil, ctx.Err()
		case <-enough.C:
			t.leave(first)
			return nil, errLong
		}
		missing = t.takeRest(subjects, missing)
	}
	return func() { t.letGo(subjects...) }, nil
}

// takeRest takes what is free beside the subject at had. Where one is not, it lets go
// of all and answers which; else the number of the subjects.
func (t *turns) takeRest(subjects []string, had int) (missing int) {
	taken := []string{subjects[had]}
	for i, subject := range subjects {
		if i == had {
			continue
		}
		select {
		case t.enter(subject).turn <- struct{}{}:
			taken = append(taken, subject)
		default:
			t.leave(subject)
			t.letGo(taken...)
			return i
		}
	}
	return len(subjects)
}

func (t *turns) letGo(subjects ...string) {
	for _, subject := range subjects {
		<-t.leave(subject).turn
	}
}

// enter joins the crowd of a subject.
func (t *turns) enter(subject string) *waiting {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := t.crowds[subject]
	if w == nil {
		w = &waiting{turn: make(chan struct{}, 1)}
		t.crowds[subject] = w
	}
	w.people++
	return w
}

// leave leaves it, and takes it away behind the last one.
func (t *turns) leave(subject string) *waiting {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := t.crowds[subject]
	if w.people--; w.people == 0 {
		delete(t.crowds, subject)
	}
	return w
}

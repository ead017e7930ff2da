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
// done lets go of them.
func (t *turns) take(ctx context.Context, longest time.Duration, subjects []string) (done func(), err error) {
	subjects = slices.Clone(subjects)
	slices.Sort(subjects) // in one order, nobody waits for whom keeps waiting
	subjects = slices.Compact(subjects)
	enough := time.NewTimer(longest)
	defer enough.Stop()
	for i, subject := range subjects {
		l := t.enter(subject)
		select {
		case l.turn <- struct{}{}:
			continue
		case <-ctx.Done():
			err = ctx.Err()
		case <-enough.C:
			err = errLong
		}
		t.leave(subject)
		t.letGo(subjects[:i])
		return nil, err
	}
	return func() { t.letGo(subjects) }, nil
}

func (t *turns) letGo(subjects []string) {
	for _, subject := range subjects {
		<-t.leave(subject).turn
	}
}

// enter joins the crowd of a subject.
func (t *turns) enter(subject string) *waiting {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.crowds[subject]
	if l == nil {
		l = &waiting{turn: make(chan struct{}, 1)}
		t.crowds[subject] = l
	}
	l.people++
	return l
}

// leave leaves it, and takes it away behind the last one.
func (t *turns) leave(subject string) *waiting {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.crowds[subject]
	if l.people--; l.people == 0 {
		delete(t.crowds, subject)
	}
	return l
}

package postgres

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"matricula/internal/store"
)

const (
	// company is how many questions go together at most.
	company = 64
	// longestWait is how long a question waits: when the line to the server is slow, one
	// connection stands still, or more have come than fit, there are more journeys.
	longestWait = 50 * time.Millisecond
)

// errAbandoned is for a question whose leader panicked.
var errAbandoned = errors.New("the read was given up")

// question is what one caller asks.
type question struct {
	each func(store.Row) error
	args []any
	err  error
	// wake gets nil when the question is answered, and when it is its turn to go
	// those that go with it, itself first.
	wake chan []*question
}

// lookup is all questions of one statement. To begin a statement costs the server
// several times as much as to find a row by it, and each journey costs both sides system
// calls; so while some are on their way, the next ones wait for one of those to be back,
// and go together.
type lookup struct {
	engine *engine
	alone  string // the statement
	joint  string // that answers many of its questions

	mu      sync.Mutex
	out     int // statements on their way
	waiting []*question
}

// lookups are those of an engine, by statement.
type lookups struct {
	journeys int           // of one kind that are on their way before questions wait to go together
	longest  time.Duration // that a question waits

	mu sync.Mutex
	by map[string]*lookup
}

// newLookups makes a journey for every second core: more of them would be of fewer
// questions each, and leave the program less to do its own work with. connections are
// those that are kept for reads.
func newLookups(connections int) lookups {
	journeys := min(runtime.GOMAXPROCS(0)/2, connections)
	return lookups{journeys: max(1, journeys), longest: longestWait, by: map[string]*lookup{}}
}

// Find implements store.Engine. What is asked together is asked after each of the callers
// has come, so each sees what was committed before.
func (e *engine) Find(ctx context.Context, each func(store.Row) error, query string, args ...any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l, err := e.lookup(query, args)
	if err != nil {
		return err
	}
	return l.ask(ctx, &question{each: each, args: args})
}

func (e *engine) lookup(query string, args []any) (*lookup, error) {
	e.lookups.mu.Lock()
	defer e.lookups.mu.Unlock()
	if l := e.lookups.by[query]; l != nil {
		return l, nil
	}
	joint, err := jointly(query, args)
	if err != nil {
		return nil, err
	}
	l := &lookup{engine: e, alone: query, joint: joint}
	e.lookups.by[query] = l
	return l, nil
}

var placeholder = regexp.MustCompile(`\$([0-9]+)`)

// jointly is a statement that runs query for each row of arrays, one for each
// parameter. OFFSET 0 keeps the server from planning it anew as a join of whole tables.
func jointly(query string, args []any) (string, error) {
	var lists, columns []string
	for i, arg := range args {
		kind, err := typeOf(arg)
		if err != nil {
			return "", fmt.Errorf("parameter $%d: %w", i+1, err)
		}
		lists = append(lists, fmt.Sprintf("$%d::%s[]", i+1, kind))
		columns = append(columns, fmt.Sprintf("a%d", i+1))
	}
	return fmt.Sprintf(`
SELECT asked.number, found.*
FROM unnest(%s) WITH ORDINALITY AS asked (%s, number)
CROSS JOIN LATERAL (%s
OFFSET 0) AS found`, strings.Join(lists, ", "), strings.Join(columns, ", "), placeholder.ReplaceAllString(query, "asked.a$1")), nil
}

// typeOf names the type of a parameter.
func typeOf(arg any) (string, error) {
	switch arg.(type) {
	case []byte:
		return "BYTEA", nil
	case int64:
		return "BIGINT", nil
	case string:
		return "TEXT", nil
	}
	return "", fmt.Errorf("a %T can't be looked up by", arg)
}

// arrays are the arguments of a joint statement.
func arrays(all []*question) (args []any) {
	for i, arg := range all[0].args {
		switch arg.(type) {
		case []byte:
			args = append(args, column[[]byte](all, i))
		case int64:
			args = append(args, column[int64](all, i))
		case string:
			args = append(args, column[string](all, i))
		}
	}
	return args
}

func column[T any](all []*question, i int) (values []T) {
	for _, q := range all {
		values = append(values, q.args[i].(T))
	}
	return values
}

// ask asks a question, with others where some are on their way already.
func (l *lookup) ask(ctx context.Context, q *question) error {
	if l.goes(q) {
		return l.lead(ctx, []*question{q})
	}
	enough := time.NewTimer(l.engine.lookups.longest)
	defer enough.Stop()
	select {
	case all := <-q.wake:
		return l.woken(ctx, q, all)
	case <-ctx.Done():
		if l.withdraw(q) {
			return ctx.Err()
		}
	case <-enough.C:
		l.goNow(q)
	}
	return l.woken(ctx, q, <-q.wake)
}

// goes reports whether a question may go at once; else it waits.
func (l *lookup) goes(q *question) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.out < l.engine.lookups.journeys {
		l.out++
		return true
	}
	q.wake = make(chan []*question, 1)
	l.waiting = append(l.waiting, q)
	return false
}

// withdraw takes a question back, unless it goes already.
func (l *lookup) withdraw(q *question) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.Index(l.waiting, q)
	if i >= 0 {
		l.waiting = slices.Delete(l.waiting, i, i+1)
	}
	return i >= 0
}

// goNow lets a question go that has waited long enough, and with it who waits behind it.
func (l *lookup) goNow(q *question) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.waiting, q); i >= 0 {
		l.out++
		l.wakeFrom(i)
	}
}

// wakeFrom wakes those who wait from i on to go together.
func (l *lookup) wakeFrom(i int) {
	j := min(len(l.waiting), i+company)
	all := slices.Clone(l.waiting[i:j])
	l.waiting = slices.Delete(l.waiting, i, j)
	all[0].wake <- all
}

func (l *lookup) woken(ctx context.Context, q *question, all []*question) error {
	if all == nil {
		return q.err
	}
	return l.lead(ctx, all)
}

// lead asks the server, and answers the first question, which is the caller's own.
func (l *lookup) lead(ctx context.Context, all []*question) error {
	defer l.next()
	if len(all) == 1 {
		return l.engine.Query(ctx, all[0].each, l.alone, all[0].args...)
	}
	for _, q := range all {
		q.err = errAbandoned
	}
	defer func() { // after a panic, too
		for _, q := range all[1:] {
			q.wake <- nil
		}
	}()
	l.askJointly(context.WithoutCancel(ctx), all) // the others' answers don't depend on this caller
	return all[0].err
}

// next lets those go that wait, or nobody.
func (l *lookup) next() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 {
		l.out--
		return
	}
	l.wakeFrom(0)
}

// askJointly asks the questions as one statement, and leaves its error in each.
func (l *lookup) askJointly(ctx context.Context, all []*question) {
	told, refused := make([]bool, len(all)), make([]error, len(all)) // by each
	err := l.engine.query(ctx, func(rows pgx.Rows) error {
		n, err := number(rows)
		if err == nil && (n < 1 || n > int64(len(all))) {
			err = fmt.Errorf("an answer to question %d of %d", n, len(all))
		}
		if err != nil {
			return err
		}
		if refused[n-1] == nil {
			told[n-1], refused[n-1] = true, all[n-1].each(numbered{rows})
		}
		return nil
	}, l.joint, arrays(all)...)
	alone := code(err) != "" && !l.engine.Unavailable(err) // what the server refuses may be one's own fault
	for i, q := range all {
		switch {
		case err == nil:
			q.err = refused[i]
		case alone && !told[i]:
			q.err = l.engine.Query(ctx, q.each, l.alone, q.args...)
		default:
			q.err = err
		}
	}
}

// number is that of the question that the row answers.
func number(rows pgx.Rows) (n int64, err error) {
	err = pgx.ScanRow(rows.TypeMap(), rows.FieldDescriptions()[:1], rows.RawValues()[:1], &n)
	return n, err
}

// numbered is a row behind its number.
type numbered struct{ rows pgx.Rows }

// Scan implements store.Row. What can't be scanned ends nothing for the other questions, as
// it would with rows.Scan.
func (r numbered) Scan(dest ...any) error {
	return pgx.ScanRow(r.rows.TypeMap(), r.rows.FieldDescriptions()[1:], r.rows.RawValues()[1:], dest...)
}

package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"matricula/internal/store"
)

// whichStatement answers when the statement began that answers, to whoever asks for more
// than zero.
const whichStatement = `
SELECT statement_timestamp()::TEXT, $1::BIGINT, $2::TEXT, $3::BYTEA
WHERE $1 > 0`

// asked is what came of a question.
type asked struct {
	statement, word string
	number          int64
	octets          []byte
	rows            int
	err             error
}

// ask asks for a number.
func ask(ctx context.Context, e *engine, n int64) (a asked) {
	a.err = e.Find(ctx, func(row store.Row) error {
		a.rows++
		return row.Scan(&a.statement, &a.number, &a.word, &a.octets)
	}, whichStatement, n, fmt.Sprint("word ", n), []byte{byte(n)})
	return a
}

// occupy has as many questions on their way as there may be, until let is called or the
// test ends.
func occupy(t *testing.T, e *engine) (let func()) {
	t.Helper()
	on, off := make(chan struct{}), make(chan struct{})
	let = sync.OnceFunc(func() { close(off) })
	var all sync.WaitGroup
	t.Cleanup(func() { let(); all.Wait() })
	for range e.lookups.journeys {
		all.Go(func() {
			err := e.Find(context.Background(), func(store.Row) error {
				on <- struct{}{}
				<-off
				return nil
			}, whichStatement, int64(1), "", []byte{})
			if err != nil {
				t.Errorf("one that is on its way: %v", err)
			}
		})
	}
	for range e.lookups.journeys {
		<-on
	}
	return let
}

// awaitLine waits until n questions wait.
func awaitLine(t *testing.T, e *engine, n int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		e.lookups.mu.Lock()
		l := e.lookups.by[whichStatement]
		e.lookups.mu.Unlock()
		l.mu.Lock()
		waiting := len(l.waiting)
		l.mu.Unlock()
		if waiting == n {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d wait, want %d", waiting, n)
		}
	}
}

// never is longer than any test waits.
const never = time.Hour

// TestQuestionsGoTogether has many wait behind those that are on their way: they are
// answered by one statement, each its own; nobody suffers from another one's fault.
func TestQuestionsGoTogether(t *testing.T) {
	e := openTest(t, Config{URL: filled(t), Pool: 8})
	e.lookups.longest = never
	let := occupy(t, e)
	const crowd, nobody, leaves, fails = 20, 0, 7, 9
	answers := make([]asked, crowd)
	fault := errors.New("a fault of the caller's own")
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for i := range int64(crowd) {
		all.Go(func() {
			switch i {
			case leaves:
				answers[i] = ask(ctx, e, i)
			case fails:
				answers[i].err = e.Find(t.Context(), func(row store.Row) error {
					if err := row.Scan(new(bool)); err == nil {
						t.Error("a row of four columns fits one")
					}
					return fault
				}, whichStatement, i, "", []byte{})
			default:
				answers[i] = ask(t.Context(), e, i)
			}
		})
	}
	awaitLine(t, e, crowd)
	cancel()
	awaitLine(t, e, crowd-1)
	let()
	all.Wait()
	statements := map[string]int{}
	for i, a := range answers {
		switch i {
		case nobody:
			if a.rows != 0 || a.err != nil {
				t.Errorf("who asks for nothing: %d rows and %v", a.rows, a.err)
			}
			continue
		case leaves:
			if !errors.Is(a.err, context.Canceled) || a.rows != 0 {
				t.Errorf("who has left: %d rows and %v", a.rows, a.err)
			}
			continue
		case fails:
			if !errors.Is(a.err, fault) {
				t.Errorf("who can't take the answer: %v, want %v", a.err, fault)
			}
			continue
		}
		statements[a.statement]++
		if a.err != nil || a.rows != 1 || a.number != int64(i) || a.word != fmt.Sprint("word ", i) || len(a.octets) != 1 || a.octets[0] != byte(i) {
			t.Errorf("question %d: %+v", i, a)
		}
	}
	if len(statements) != 1 {
		t.Errorf("the statements and how many they answered: %v, want one", statements)
	}
	if a := ask(t.Context(), e, 3); a.err != nil || a.number != 3 {
		t.Errorf("who comes alone: %+v", a)
	}
}

// TestQuestionsDontWaitForever has nothing come back.
func TestQuestionsDontWaitForever(t *testing.T) {
	e := openTest(t, Config{URL: filled(t), Pool: 8})
	let := occupy(t, e)
	var all sync.WaitGroup
	for i := range int64(10) {
		all.Go(func() {
			if a := ask(t.Context(), e, i+1); a.err != nil || a.number != i+1 {
				t.Errorf("question %d: %+v", i+1, a)
			}
		})
	}
	all.Wait() // with let not called
	let()
	e.lookups.longest = never
	if a := ask(t.Context(), e, 3); a.err != nil {
		t.Error(a.err)
	}
	defer occupy(t, e)() // as many may be on their way as before
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if a := ask(ctx, e, 3); !errors.Is(a.err, context.DeadlineExceeded) {
		t.Errorf("behind them: %+v, want it to wait", a)
	}
}

// TestAFaultIsOnesOwn has the server refuse the statement for what one of them asked, and
// panics as a caller. Who is given up can try again.
func TestAFaultIsOnesOwn(t *testing.T) {
	e := openTest(t, Config{URL: filled(t), Pool: 8})
	e.lookups.longest = never
	for _, c := range []struct {
		name  string
		first func() error
		want  error
	}{
		{"a fault of the server's", func() error {
			return e.Find(t.Context(), func(store.Row) error { return nil }, whichStatement, int64(1), "\x00", []byte{})
		}, nil},
		{"a panic", func() (err error) {
			defer func() { err = fmt.Errorf("panic: %v", recover()) }()
			return e.Find(t.Context(), func(store.Row) error { panic("at the disco") }, whichStatement, int64(1), "", []byte{})
		}, errAbandoned},
	} {
		t.Run(c.name, func(t *testing.T) {
			let := occupy(t, e)
			var all sync.WaitGroup
			all.Go(func() {
				if err := c.first(); err == nil {
					t.Error("the first gets no error")
				}
			})
			awaitLine(t, e, 1)
			for range 3 {
				all.Go(func() {
					if a := ask(t.Context(), e, 1); !errors.Is(a.err, c.want) || c.want == nil && a.rows != 1 || c.want != nil && !e.Unavailable(a.err) {
						t.Errorf("another one gets %d rows and %v, want %v", a.rows, a.err, c.want)
					}
				})
			}
			awaitLine(t, e, 4)
			let()
			all.Wait()
			if a := ask(t.Context(), e, 1); a.err != nil {
				t.Errorf("afterwards: %v", a.err)
			}
			let = occupy(t, e) // as many may be on their way as before
			let()
		})
	}
}

// TestFindRefuses what can't be in an array.
func TestFindRefuses(t *testing.T) {
	e := openTest(t, Config{URL: filled(t), Pool: 8})
	err := e.Find(t.Context(), func(store.Row) error { return nil }, "SELECT $1::BOOLEAN", true)
	if err == nil || !strings.Contains(err.Error(), "$1") {
		t.Errorf("got %v, want the parameter named", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if a := ask(ctx, e, 1); !errors.Is(a.err, context.Canceled) {
		t.Errorf("who has left already: %v", a.err)
	}
}

// TestNoConnectionIsWaitedForOnce takes all of the pool's: who waits for one in vain has
// waited as long as the setting says, not again and again.
func TestNoConnectionIsWaitedForOnce(t *testing.T) {
	e := openTest(t, Config{URL: filled(t), Pool: 3, ConnectTimeout: 50 * time.Millisecond})
	for range e.pool.Config().MaxConns {
		conn, err := e.pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Release()
	}
	before := e.pool.Stat().CanceledAcquireCount()
	a := ask(t.Context(), e, 1)
	if waited := e.pool.Stat().CanceledAcquireCount() - before; waited != 1 || !e.Unavailable(a.err) {
		t.Errorf("it waited %d times, and got %v, want once and an error that says to come again", waited, a.err)
	}
}

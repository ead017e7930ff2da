package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"

	lib "modernc.org/sqlite/lib"

	"matricula/internal/store"
)

const (
	// groupMost bounds how many changes one commit holds: how long the first of
	// them waits, and how much is run again when it fails.
	groupMost = 256
	// queueLength bounds how many changes wait in line. Whoever comes after them
	// waits in front of it, as long as its own context lets it.
	queueLength = 1024
)

type changeFunc = func(context.Context, store.Writer) error

// writer owns the connection that writes.
type writer struct {
	open    func(context.Context) (*conn, error)
	conn    *conn
	suspect bool // conn had an error of the machine
	queue   chan *change
	closing chan struct{} // closed by close
	ended   chan struct{} // closed when work has returned

	commits, failed, changes, largest, waits, inside atomic.Int64
}

// newWriter answers a writer over an open connection; open opens another like it.
func newWriter(first *conn, open func(context.Context) (*conn, error)) *writer {
	return &writer{
		open:    open,
		conn:    first,
		queue:   make(chan *change, queueLength),
		closing: make(chan struct{}),
		ended:   make(chan struct{}),
	}
}

// change is one Update in line.
type change struct {
	ctx    context.Context
	run    changeFunc
	turn   atomic.Int32 // waits, begun or dropped; the first to move it decides
	err    error        // of the last run
	answer chan error
}

const (
	waits int32 = iota
	begun
	dropped
)

// Update implements store.Engine. Changes run one after the other, whatever they are
// about.
func (w *writer) Update(ctx context.Context, _ []string, run changeFunc) error {
	if w.inside.Add(1) > 1 {
		w.waits.Add(1)
	}
	defer w.inside.Add(-1)
	c := &change{ctx: ctx, run: run, answer: make(chan error, 1)}
	select {
	case <-w.closing: // asked first: a closed writer may still have room in line
		return ErrClosed
	default:
	}
	select {
	case w.queue <- c:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.closing:
		return ErrClosed
	}
	select {
	case err := <-c.answer:
		return err
	case <-ctx.Done():
		if c.turn.CompareAndSwap(waits, dropped) {
			return ctx.Err()
		}
	case <-w.ended:
	}
	return w.await(c)
}

// await waits for a change that has begun, or for the writer's end.
func (w *writer) await(c *change) error {
	select {
	case err := <-c.answer:
		return err
	case <-w.ended:
	}
	select {
	case err := <-c.answer: // it was answered just before the end
		return err
	default:
		return ErrClosed
	}
}

// work runs changes until close is called. A change that ends its goroutine
// (runtime.Goexit, as t.FailNow does) ends the writer; then everybody is told.
func (w *writer) work() {
	defer close(w.ended)
	defer func() { _ = w.conn.close() }() // whoever needed it was told
	for {
		select {
		case <-w.closing:
			return
		case c := <-w.queue:
			w.group(context.Background(), c) // no request's context ends a transaction of many
		}
	}
}

func (w *writer) close() {
	close(w.closing)
	<-w.ended
}

// group runs first, and whatever waits behind it, in one transaction. When that
// is lost, each runs again in one of its own.
func (w *writer) group(ctx context.Context, first *change) {
	if err := w.begin(ctx); err != nil {
		w.refuse(first, err)
		return
	}
	ran, err := w.runAll(ctx, first)
	if err == nil {
		err = w.commit(ctx, len(ran))
	}
	if err != nil && len(ran) > 1 {
		w.oneByOne(ctx, ran)
		return
	}
	for _, c := range ran {
		w.answer(c, err)
	}
}

// runAll runs changes until none waits. The error says that the transaction is
// lost.
func (w *writer) runAll(ctx context.Context, first *change) (ran []*change, err error) {
	for c := first; c != nil; c = w.next(len(ran)) {
		if !c.begins() {
			continue
		}
		ran = append(ran, c)
		if err := w.runOne(ctx, c); err != nil {
			w.rollback(ctx, err)
			return ran, err
		}
	}
	return ran, nil
}

// next answers the next change in line, nil when there is none or the group is
// full.
func (w *writer) next(sofar int) *change {
	if sofar == groupMost {
		return nil
	}
	select {
	case c := <-w.queue:
		return c
	default:
		return nil
	}
}

// begins reports whether the change's turn has come: its caller still waits.
func (c *change) begins() bool {
	if err := c.ctx.Err(); err != nil && c.turn.CompareAndSwap(waits, dropped) {
		c.answer <- err
		return false
	}
	return c.turn.CompareAndSwap(waits, begun)
}

// oneByOne runs changes again whose transaction was lost, each in one of its own.
func (w *writer) oneByOne(ctx context.Context, changes []*change) {
	for i, c := range changes {
		if err := w.begin(ctx); err != nil {
			for _, rest := range changes[i:] {
				rest.err = nil // what it was told rested on what is lost
				w.answer(rest, err)
			}
			return
		}
		err := w.runOne(ctx, c)
		if err != nil {
			w.rollback(ctx, err)
		} else {
			err = w.commit(ctx, 1)
		}
		w.answer(c, err)
	}
}

// runOne runs a change behind a savepoint and keeps what it says in c.err. The
// error says that the whole transaction is lost.
func (w *writer) runOne(ctx context.Context, c *change) error {
	if err := w.conn.run(ctx, "SAVEPOINT change"); err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	t := &turn{conn: w.conn}
	c.err = t.call(ctx, c.run)
	if c.err != nil {
		if err := w.conn.run(ctx, "ROLLBACK TO change"); err != nil {
			return fmt.Errorf("roll back to savepoint: %w", err)
		}
	}
	if err := w.conn.run(ctx, "RELEASE change"); err != nil {
		return fmt.Errorf("release savepoint: %w", err)
	}
	return nil
}

// answer tells a change what it came to; lost says that its transaction was not
// committed.
func (w *writer) answer(c *change, lost error) {
	if c.err == nil {
		c.err = lost
	}
	w.changes.Add(1)
	c.answer <- c.err
}

// refuse tells first and everybody who is in line by now that no transaction can
// begin: they would wait as long once more, one after the other, for nothing. Who
// comes after them, as first itself may once it was told, waits for its own.
func (w *writer) refuse(first *change, err error) {
	refused := []*change{first}
	for range len(w.queue) {
		refused = append(refused, <-w.queue)
	}
	for _, c := range refused {
		if c.begins() {
			w.answer(c, err)
		}
	}
}

// begin takes the lock at once (BEGIN IMMEDIATE): a transaction that read first
// and then wanted to write could be refused at any point.
func (w *writer) begin(ctx context.Context) error {
	if w.suspect {
		w.renew(ctx)
	}
	if err := w.conn.run(ctx, "BEGIN IMMEDIATE"); err != nil {
		w.rollback(ctx, err)
		return fmt.Errorf("begin: %w", err)
	}
	return nil
}

// renew puts another connection in the place of one that had an error. The old one
// is closed after the new one was opened, and kept when that fails: the connection
// that is closed last takes the log and its index away, and on a full disk nobody
// could read until they are made again.
func (w *writer) renew(ctx context.Context) {
	fresh, err := w.open(ctx)
	if err != nil {
		return // the old one may do, and says so if not
	}
	_ = w.conn.close() // its error was told
	w.conn, w.suspect = fresh, false
}

func (w *writer) commit(ctx context.Context, group int) error {
	if err := w.conn.run(ctx, "COMMIT"); err != nil {
		w.rollback(ctx, err)
		return fmt.Errorf("commit: %w", err)
	}
	w.commits.Add(1)
	w.largest.Store(max(w.largest.Load(), int64(group)))
	return nil
}

// rollback clears away a transaction that can't be committed because of err. A
// connection that had an error which says more than "locked" or "full" is not
// trusted any more.
func (w *writer) rollback(ctx context.Context, err error) {
	w.failed.Add(1)
	_ = w.conn.run(ctx, "ROLLBACK") // SQLite may have done it already
	switch primary(err) {
	case lib.SQLITE_BUSY, lib.SQLITE_FULL:
	default:
		w.suspect = true
	}
}

// turn is a change's hold on the connection. It ends with the change, and after
// an error that may have ended the transaction: a statement that came after that
// would be committed by itself.
type turn struct {
	conn    *conn
	over    bool
	spoiled error
}

// errOver is for a change that kept its store.Writer.
var errOver = errors.New("this change is over")

// call runs a change; a panic is an error.
func (t *turn) call(ctx context.Context, run changeFunc) (err error) {
	defer func() {
		t.over = true
		if p := recover(); p != nil {
			err = fmt.Errorf("the change panicked: %v\n%s", p, debug.Stack())
		}
		if err == nil {
			err = t.spoiled // it may not be kept, even if the change let the error pass
		}
	}()
	return run(ctx, t)
}

// Query implements store.Reader.
func (t *turn) Query(ctx context.Context, each func(store.Row) error, query string, args ...any) error {
	if err := t.ended(); err != nil {
		return err
	}
	return t.note(t.conn.Query(ctx, each, query, args...))
}

// Exec implements store.Writer.
func (t *turn) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if err := t.ended(); err != nil {
		return 0, err
	}
	n, err := t.conn.Exec(ctx, query, args...)
	return n, t.note(err)
}

// Later implements store.Writer: there is nothing to gain by waiting.
func (t *turn) Later(ctx context.Context, query string, args ...any) error {
	_, err := t.Exec(ctx, query, args...)
	return err
}

func (t *turn) ended() error {
	if t.over {
		return errOver
	}
	return t.spoiled
}

func (t *turn) note(err error) error {
	if t.spoiled == nil && spoils(err) {
		t.spoiled = err
	}
	return err
}

package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"matricula/internal/store"
)

type changeFunc = func(context.Context, store.Writer) error

// Update implements store.Engine. Once it runs, the caller's end changes nothing.
func (e *engine) Update(ctx context.Context, about []string, change changeFunc) error {
	if e.inside.Add(1) > int64(cap(e.places)) {
		e.waits.Add(1)
	}
	defer e.inside.Add(-1)
	done, err := e.turns.take(ctx, e.config.ConnectTimeout, about)
	if err != nil {
		return err
	}
	defer done()
	t, err := e.attempt(ctx, change)
	if t == nil {
		return err // it never ran
	}
	if t.again(nil) {
		err = e.retry(context.WithoutCancel(ctx), change, t)
	}
	e.changes.Add(1)
	return err
}

// retry runs a change again whose first run came to nothing, in turn with the
// others of this process that did. Changes of other processes may stand in the way
// again, so it waits a little, by chance, and longer each time.
func (e *engine) retry(ctx context.Context, change changeFunc, last *turn) error {
	e.waits.Add(1)
	if isLost(last.fault) {
		e.pool.Reset()
	}
	ctx, cancel := context.WithTimeout(ctx, 2*e.config.StatementTimeout)
	defer cancel()
	select {
	case e.lane <- struct{}{}:
		defer func() { <-e.lane }()
	case <-ctx.Done():
		return last.fault
	}
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		t, err := e.attempt(ctx, change)
		if t == nil {
			return last.fault // the time is over, or no connection is to be had
		}
		if !t.again(last) {
			return err
		}
		last = t
		select {
		case <-time.After(rand.N(pause)): //gosec:disable G404 -- nobody gains by knowing how long it waits
		case <-ctx.Done():
			return last.fault
		}
	}
}

// attempt runs a change once. Without a turn it didn't run.
func (e *engine) attempt(ctx context.Context, change changeFunc) (*turn, error) {
	select {
	case e.places <- struct{}{}:
		defer func() { <-e.places }()
	default:
		if err := e.wait(ctx); err != nil {
			return nil, err
		}
		defer func() { <-e.places }()
	}
	conn, err := e.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release() // closes what is broken or in a transaction
	t := &turn{engine: e, conn: conn}
	defer t.end()
	return t, t.run(context.WithoutCancel(ctx), change)
}

// wait waits for a place.
func (e *engine) wait(ctx context.Context) error {
	enough := time.NewTimer(e.config.ConnectTimeout)
	defer enough.Stop()
	select {
	case e.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-enough.C:
		return errLong
	}
}

// statement is one that nobody waits for yet.
type statement struct {
	text string
	args []any
}

// turn is one run of a change: its connection, what waits to be sent, and what went
// wrong.
type turn struct {
	engine *engine
	conn   *pgxpool.Conn
	begun  bool // the transaction
	queue  []statement
	over   bool
	fault  error // the first error of the server or the connection; nothing is kept after it
}

// errOver is for a change that kept its store.Writer.
var errOver = errors.New("this change is over")

// run runs the change and commits it.
func (t *turn) run(ctx context.Context, change changeFunc) error {
	if err := t.call(ctx, change); err != nil {
		return err
	}
	if t.fault != nil {
		return t.fault // it may not be kept, even if the change let the error pass
	}
	return t.commit(ctx)
}

// call calls the change; a panic is an error.
func (t *turn) call(ctx context.Context, change changeFunc) (err error) {
	defer func() {
		t.over = true
		if p := recover(); p != nil {
			err = fmt.Errorf("the change panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return change(ctx, t)
}

// again reports whether the change should run once more: after a conflict, or when
// the connection was lost before the commit, as one of the pool may be dead since
// the server was started anew. A row that is taken may be a conflict that the server
// noticed late (https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html);
// when the same one is taken once more, it was no conflict, since the second run saw
// what the first one met.
func (t *turn) again(before *turn) bool {
	switch {
	case conflict(t.fault):
		return true
	case isUnknown(t.fault):
		return false
	case isLost(t.fault):
		return before == nil
	}
	taken := takenKey(t.fault)
	return taken != "" && (before == nil || takenKey(before.fault) != taken)
}

// takenKey names the row that is taken, "" for any other error.
func takenKey(err error) string {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || e.Code != uniqueViolation {
		return ""
	}
	return e.ConstraintName + e.Detail
}

// Query implements store.Reader.
func (t *turn) Query(ctx context.Context, each func(store.Row) error, query string, args ...any) error {
	_, err := t.ask(ctx, each, query, args)
	return err
}

// Exec implements store.Writer.
func (t *turn) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	return t.ask(ctx, func(store.Row) error { return nil }, query, args)
}

// Later implements store.Writer.
func (t *turn) Later(_ context.Context, query string, args ...any) error {
	if err := t.ended(); err != nil {
		return err
	}
	t.queue = append(t.queue, statement{query, args})
	return nil
}

func (t *turn) ended() error {
	if t.over {
		return errOver
	}
	return t.fault
}

// ask sends a statement, and before it what waits, and reads its answer.
func (t *turn) ask(ctx context.Context, each func(store.Row) error, query string, args []any) (changed int64, err error) {
	if err := t.ended(); err != nil {
		return 0, err
	}
	ctx, cancel := t.engine.journey(ctx)
	defer cancel()
	if t.begun && len(t.queue) == 0 {
		rows, err := t.conn.Query(ctx, query, args...)
		if err != nil {
			return 0, t.note(err)
		}
		return t.read(rows, each)
	}
	t.queue = append(t.queue, statement{query, args})
	answers, err := t.send(ctx)
	if err != nil {
		return 0, err
	}
	defer answers.Close() // after a panic of each
	rows, err := answers.Query()
	if err != nil {
		return 0, t.note(err)
	}
	changed, err = t.read(rows, each)
	if err == nil {
		err = t.note(answers.Close())
	}
	return changed, err
}

// read reads an answer to its end.
func (t *turn) read(rows pgx.Rows, each func(store.Row) error) (changed int64, err error) {
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return 0, err
		}
	}
	return rows.CommandTag().RowsAffected(), t.note(rows.Err())
}

// send sends what waits in one go, behind the transaction's beginning where that was
// not sent yet, and reads all answers but the last.
func (t *turn) send(ctx context.Context) (pgx.BatchResults, error) {
	batch := &pgx.Batch{}
	if !t.begun {
		for _, text := range t.engine.begin {
			batch.Queue(text)
		}
	}
	for _, s := range t.queue {
		batch.Queue(s.text, s.args...)
	}
	t.begun, t.queue = true, nil
	answers := t.conn.SendBatch(ctx, batch)
	for range batch.Len() - 1 {
		if _, err := answers.Exec(); err != nil {
			_ = answers.Close() // says the same
			return nil, t.note(err)
		}
	}
	return answers, nil
}

// commit commits, together with what still waits. A change that asked nothing and
// wrote nothing has nothing to commit.
func (t *turn) commit(ctx context.Context) error {
	if !t.begun && len(t.queue) == 0 {
		return nil
	}
	ctx, cancel := t.engine.journey(ctx)
	defer cancel()
	t.queue = append(t.queue, statement{text: "COMMIT"})
	if err := t.sendCommit(ctx); err != nil {
		if isLost(err) { // COMMIT was on its way
			t.fault = &unknown{err}
			return t.fault
		}
		return err
	}
	t.begun = false
	t.engine.commits.Add(1)
	return nil
}

func (t *turn) sendCommit(ctx context.Context) error {
	answers, err := t.send(ctx)
	if err != nil {
		return err
	}
	tag, err := answers.Exec()
	closed := answers.Close()
	switch {
	case err != nil:
		return t.note(err)
	case closed != nil:
		return t.note(closed)
	case tag.String() != "COMMIT": // the server has rolled back
		return fmt.Errorf("commit: the server answered %s", tag)
	}
	return nil
}

// note keeps the first error after which nothing of the transaction can be kept.
func (t *turn) note(err error) error {
	err = judge(t.conn.Conn(), err)
	if t.fault == nil && (isLost(err) || code(err) != "") {
		t.fault = err
	}
	return err
}

// end rolls back what was not committed. Where that can't be said to the server any
// more, the connection is closed, which says it too.
func (t *turn) end() {
	t.over = true
	if !t.begun {
		return
	}
	if t.fault != nil && !conflict(t.fault) && takenKey(t.fault) == "" { // those are the server's daily bread
		t.engine.failed.Add(1)
	}
	if t.conn.Conn().IsClosed() {
		return
	}
	ctx, cancel := t.engine.journey(context.Background())
	defer cancel()
	_, _ = t.conn.Exec(ctx, "ROLLBACK")
}

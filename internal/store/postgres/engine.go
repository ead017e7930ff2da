package postgres

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"matricula/internal/store"
)

// engine implements store.Engine.
type engine struct {
	config  Config
	pool    *pgxpool.Pool
	begin   []string      // what a transaction begins with
	places  chan struct{} // one for each change that may run
	turns   turns         // of the changes about the same
	lane    chan struct{} // one, for a change that had a conflict
	lookups lookups
	closed  atomic.Bool
	shut    func()

	commits, failed, changes, waits, inside atomic.Int64
}

var _ store.Engine = (*engine)(nil)

func newEngine(c Config, pool *pgxpool.Pool, pooled bool) *engine {
	forReads := max(1, c.Pool/4)
	e := &engine{
		config: c, pool: pool, begin: []string{"BEGIN ISOLATION LEVEL SERIALIZABLE"},
		places: make(chan struct{}, c.Pool-forReads), turns: turns{crowds: map[string]*waiting{}}, lane: make(chan struct{}, 1),
		lookups: newLookups(forReads), shut: sync.OnceFunc(pool.Close),
	}
	if pooled {
		for name, value := range c.sessionTimeouts() {
			e.begin = append(e.begin, fmt.Sprintf("SET LOCAL %s = %s", name, value))
		}
	}
	return e
}

// ClaimLock makes a worker pass over what another one is claiming.
func (*engine) ClaimLock() string { return "FOR UPDATE SKIP LOCKED" }

// Stats implements store.Engine. The server groups commits by itself, and doesn't
// say how many.
func (e *engine) Stats() store.Stats {
	return store.Stats{
		Commits: e.commits.Load(), Failed: e.failed.Load(), Changes: e.changes.Load(),
		LargestGroup: min(1, e.commits.Load()), Waits: e.waits.Load(), Waiting: e.inside.Load(),
	}
}

// Close implements store.Engine. It waits for the statements and changes that have
// their connection.
func (e *engine) Close() error {
	e.closed.Store(true)
	e.shut()
	return nil
}

// acquire takes a connection, or waits for one as long as ctx and the timeout let
// it.
func (e *engine) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if e.closed.Load() {
		return nil, ErrClosed
	}
	bounded, cancel := context.WithTimeout(ctx, e.config.ConnectTimeout)
	defer cancel()
	conn, err := e.pool.Acquire(bounded)
	switch {
	case err == nil:
		return conn, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case e.closed.Load():
		return nil, ErrClosed
	}
	return nil, &lost{why(err)}
}

// patience is how long we wait for the answer to what was sent: a little longer
// than the server takes to give up by itself, so that its own word comes first.
func (e *engine) patience() time.Duration { return e.config.StatementTimeout + time.Second }

// journey answers a context for what goes to the server and back. The caller's end
// doesn't end it: to cut a statement short costs the connection.
func (e *engine) journey(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), e.patience())
}

// readTries bounds how often a read is tried whose connection was lost: one of the
// pool may be dead since the server was started anew.
const readTries = 3

// Query implements store.Reader.
func (e *engine) Query(ctx context.Context, each func(store.Row) error, query string, args ...any) error {
	return e.query(ctx, func(rows pgx.Rows) error { return each(rows) }, query, args...)
}

func (e *engine) query(ctx context.Context, each func(pgx.Rows) error, query string, args ...any) error {
	for try := 1; ; try++ {
		again, err := e.read(ctx, each, query, args)
		if !again || try == readTries || ctx.Err() != nil {
			return err
		}
		e.pool.Reset()
	}
}

// read reads once. again says that it may be read again on another connection: this one
// was lost, and no row was answered. Where none was to be had, enough time is gone.
func (e *engine) read(ctx context.Context, each func(pgx.Rows) error, query string, args []any) (again bool, err error) {
	conn, err := e.acquire(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Release() // closes what is broken
	ctx, cancel := e.journey(ctx)
	defer cancel()
	rows, err := conn.Query(ctx, query, args...)
	if err != nil {
		err = judge(conn.Conn(), err)
		return isLost(err), err
	}
	defer rows.Close() // for a panic of each
	begun := false
	for rows.Next() {
		begun = true
		if err := each(rows); err != nil {
			return false, err
		}
	}
	err = judge(conn.Conn(), rows.Err())
	return isLost(err) && !begun, err
}

// judge tells an error of the connection from one that the server has told.
func judge(conn *pgx.Conn, err error) error {
	switch {
	case err == nil:
		return nil
	case fatal(err), code(err) == "" && conn.IsClosed():
		return &lost{err}
	}
	return err
}

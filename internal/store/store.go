package store

import (
	"context"

	"matricula/internal/account"
)

// Row is one row of an answer. Scan is that of database/sql.
type Row interface{ Scan(dest ...any) error }

// Reader runs statements that read.
type Reader interface {
	// Query runs a statement and calls each with every row that it answers; an
	// error of each ends it and comes back as it is. each runs no other statement.
	Query(ctx context.Context, each func(Row) error, query string, args ...any) error
}

// ask is how a statement is asked for: that of Reader, or Find of an Engine.
type ask func(context.Context, func(Row) error, string, ...any) error

// Writer runs statements inside a change.
type Writer interface {
	Reader
	// Exec runs a statement and answers how many rows it changed.
	Exec(ctx context.Context, query string, args ...any) (int64, error)
	// Later runs a statement whose answer nobody asks for, before the next one or at
	// the end of the change: whichever the engine likes. Its error may come from there.
	Later(ctx context.Context, query string, args ...any) error
}

// Engine is one open database. Its Query reads outside any change: each
// statement sees every change that was answered before it began.
type Engine interface {
	Reader

	// Find is Query of a statement that answers one row at most to a few octets ([]byte),
	// whole numbers (int64) and texts without NUL. It is for what every request asks: an
	// engine may answer the questions of several callers together. each may run on another
	// caller's goroutine, while its own waits; it does nothing but scan.
	Find(ctx context.Context, each func(Row) error, query string, args ...any) error

	// Update runs change as one transaction, under the context that change is
	// given: whole or not at all, durable when it returns nil, rolled back when
	// change returns an error or panics. The error of change comes back as it is,
	// after the engine's commit; change may run again. ctx bounds the waiting for
	// a turn, which an engine that runs changes at once may give by what they are about.
	Update(ctx context.Context, about []string, change func(context.Context, Writer) error) error

	// Unique reports whether err says that a row would not be unique, and names the
	// table and the columns, as in "students.account_id,year".
	Unique(err error) (columns string, ok bool)
	// ForeignKey reports whether err says that a row refers to one that isn't
	// there, or that others refer to a row that would go.
	ForeignKey(err error) bool
	// Unavailable reports whether err may be gone at the next try: the database is
	// locked by somebody, the disk is full, the connection was lost.
	Unavailable(err error) bool
	// ClaimLock is what a SELECT of rows to claim ends with, so that workers pass
	// over one another's rows; "" where changes run one after another anyway.
	ClaimLock() string

	Stats() Stats
	// Check looks at the whole database and says what is broken in it.
	Check(ctx context.Context) error
	// Close lets go of the database after the changes that have begun.
	Close() error
}

// Stats counts what an engine has written since it was opened.
type Stats struct {
	Commits      int64 // transactions that were committed
	Failed       int64 // transactions that could not be
	Changes      int64 // changes that were answered, refusals among them
	LargestGroup int64 // most changes that one commit held
	Waits        int64 // changes that found another one before them
	Waiting      int64 // changes that wait or run at this moment
}

// Store implements account.Store over an engine.
type Store struct{ engine Engine }

var _ account.Store = (*Store)(nil)

// New answers a Store over an open engine, which it closes in the end.
func New(engine Engine) *Store { return &Store{engine} }

// Read answers a Reader whose statements run under ctx.
func (s *Store) Read(ctx context.Context) account.Reader {
	return reader{ctx: ctx, rows: s.engine, find: s.engine.Find, engine: s.engine}
}

// Update runs change as one transaction (account.Store). What the database can't
// do now, and may be able to do soon, is account.Busy; what a statement meets that
// the engine ran at the end is what it would have been before.
func (s *Store) Update(ctx context.Context, change func(account.Tx) error) error {
	err := s.engine.Update(ctx, account.SubjectsOf(ctx), func(ctx context.Context, w Writer) error {
		return change(tx{reader: reader{ctx: ctx, rows: w, find: w.Query, engine: s.engine}, w: w})
	})
	if err == nil || account.CodeOf(err) != "" {
		return err
	}
	if refusal := meaning(s.engine, "change", err); refusal != nil {
		return refusal
	}
	return err
}

// Stats counts what was written since the database was opened.
func (s *Store) Stats() Stats { return s.engine.Stats() }

// Check looks at the whole database and says what is broken in it; it takes as
// long as reading all of it.
func (s *Store) Check(ctx context.Context) error { return s.engine.Check(ctx) }

// Close lets go of the database after the changes that have begun.
func (s *Store) Close() error { return s.engine.Close() }

// reader implements account.Reader, on the engine or inside a change.
type reader struct {
	ctx    context.Context
	rows   Reader
	find   ask // for a single row
	engine Engine
}

// tx implements account.Tx.
type tx struct {
	reader
	w Writer
}

var _ account.Tx = tx{}

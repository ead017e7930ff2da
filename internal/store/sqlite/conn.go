package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"time"

	"matricula/internal/store"
)

// settings are what a connection is opened with, each a PRAGMA
// (https://www.sqlite.org/pragma.html).
type settings []string

var (
	// common holds for every connection: sorting stays out of files, damage is
	// noticed early, and a schema that somebody tampered with runs nothing.
	common = settings{"temp_store(memory)", "cell_size_check(1)", "trusted_schema(0)"}

	// writing is for the one that writes. A checkpoint comes every 8 MiB, and a log
	// that has grown past 64 MiB is cut again.
	writing = append(settings{
		"synchronous(full)", "foreign_keys(1)", "wal_autocheckpoint(2000)", "journal_size_limit(67108864)", "cache_size(-16000)",
	}, common...)

	// reading is for those that read. With a million accounts, 8 MB hold most of the
	// pages that lead to others; twice that would save one read in eight more.
	reading = append(settings{"query_only(1)", "cache_size(-8000)"}, common...)

	// migrating is for the one that migrates: nobody else may have the file open,
	// and a table may be made anew while others refer to it; foreign keys are
	// checked at the end.
	migrating = append(settings{"synchronous(full)", "locking_mode(exclusive)"}, common...)
)

// source is the name of the database for the driver. The parameters are SQLite's
// own for URIs (https://www.sqlite.org/uri.html).
func source(path string, busy time.Duration, s settings, parameters ...string) string {
	query := url.Values{
		"_busy_timeout": {fmt.Sprint(busy.Milliseconds())},
		"_defensive":    {"1"}, // SQL can't harm the file
		"_dqs":          {"0"}, // "x" is a name, never a text
		"_error_rc":     {"1"}, // errors without words of an earlier one
		"_pragma":       s,
	}
	text := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query.Encode()
	for _, p := range parameters {
		text += "&" + p
	}
	return text
}

// conn is one connection and its prepared statements. It is one goroutine's at a
// time.
type conn struct {
	pool       *sql.DB // holds this connection and no other
	sql        *sql.Conn
	statements map[string]*sql.Stmt
}

func open(ctx context.Context, source string) (*conn, error) {
	pool, err := sql.Open("sqlite", source)
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(1)
	c, err := pool.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return &conn{pool: pool, sql: c, statements: map[string]*sql.Stmt{}}, nil
}

// close closes the statements first: those of a sql.Conn are nobody else's to
// close, and as long as one is left, SQLite keeps the connection.
func (c *conn) close() error {
	var errs []error
	for _, s := range c.statements {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.sql.Close(), c.pool.Close())...)
}

// prepared answers the statement of a text. The texts are the program's own, so
// there is a bounded number of them.
func (c *conn) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if s, ok := c.statements[query]; ok {
		return s, nil
	}
	s, err := c.sql.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	c.statements[query] = s
	return s, nil
}

// Query implements store.Reader.
func (c *conn) Query(ctx context.Context, each func(store.Row) error, query string, args ...any) error {
	s, err := c.prepared(ctx, query)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close() // for a panic of each; the second time it does nothing
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return rows.Close()
}

// Exec implements store.Writer.
func (c *conn) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	s, err := c.prepared(ctx, query)
	if err != nil {
		return 0, err
	}
	result, err := s.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// run runs a statement that answers nothing.
func (c *conn) run(ctx context.Context, query string) error {
	_, err := c.Exec(ctx, query)
	return err
}

// ask answers the single value of a query.
func ask[T any](ctx context.Context, c *conn, query string) (answer T, err error) {
	err = c.sql.QueryRowContext(ctx, query).Scan(&answer)
	return answer, err
}

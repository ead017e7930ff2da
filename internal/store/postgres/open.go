package postgres

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"matricula/internal/store"
)

//go:embed migrations/*.sql
var embedded embed.FS

// migrations are the files of the engine's migrations.
func migrations() fs.FS {
	files, err := fs.Sub(embedded, "migrations")
	if err != nil {
		panic(err) // the directory is in the program
	}
	return files
}

// Open opens the database. It refuses with ErrUnreachable, ErrForbidden,
// ErrUnsuitable, ErrForeign, ErrNewer and ErrOlder (without Migrate), each wrapped
// into one line that says what to do, and leaves the database as it found it.
func Open(ctx context.Context, c Config) (*store.Store, error) {
	e, err := openEngine(ctx, c, migrations())
	if err != nil {
		return nil, err
	}
	return store.New(e), nil
}

// Migrate makes the schema in an empty database, brings an older one up to date, and
// answers the version before and after; 0 stands for none. It refuses like Open.
func Migrate(ctx context.Context, c Config) (from, to int64, err error) {
	c.Migrate = true
	err = c.withDefaults().visit(ctx, func(conn *pgx.Conn, _ *pgxpool.Config, _ bool) (err error) {
		from, to, err = ready(ctx, c, conn, migrations())
		return err
	})
	return from, to, err
}

func openEngine(ctx context.Context, c Config, files fs.FS) (e *engine, err error) {
	c = c.withDefaults()
	err = c.visit(ctx, func(conn *pgx.Conn, p *pgxpool.Config, pooled bool) error {
		if _, _, err := ready(ctx, c, conn, files); err != nil {
			return err
		}
		if !pooled {
			maps.Copy(p.ConnConfig.RuntimeParams, c.sessionTimeouts())
			maps.Copy(p.ConnConfig.RuntimeParams, sessionPlans)
		}
		pool, err := pgxpool.NewWithConfig(ctx, p)
		if err != nil {
			return said(c, err)
		}
		e = newEngine(c, pool, pooled)
		return nil
	})
	return e, err
}

// visit opens a single connection, lets work work, and closes it. It finds out
// whether a pooler stands between: such a one tells us another number of the server's
// process than the server itself. Then no statement stays prepared, unless the URL
// says how it is to be.
func (c Config) visit(ctx context.Context, work func(conn *pgx.Conn, p *pgxpool.Config, pooled bool) error) error {
	p, err := c.parse()
	if err != nil {
		return fmt.Errorf("%s %w: %w", Shown(c.URL), ErrUnsuitable, err)
	}
	chosen, asWritten := p.ConnConfig.DefaultQueryExecMode, strings.Contains(c.URL, "default_query_exec_mode=")
	p.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	conn, err := pgx.ConnectConfig(ctx, p.ConnConfig.Copy())
	if err != nil {
		return said(c, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var process uint32
	if err := conn.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&process); err != nil {
		return said(c, err)
	}
	if err := mayBegin(ctx, conn); err != nil {
		return fmt.Errorf("%s %w: it allows no transactions; set the pooler's pool_mode to transaction (%w)", Shown(c.URL), ErrUnsuitable, why(err))
	}
	pooled := process != conn.PgConn().PID()
	if pooled && !asWritten {
		chosen = pgx.QueryExecModeCacheDescribe
	}
	p.ConnConfig.DefaultQueryExecMode = chosen
	return work(conn, p, pooled)
}

// mayBegin asks whether there are transactions at all: a pooler may forbid them.
func mayBegin(ctx context.Context, conn *pgx.Conn) error {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	return tx.Rollback(ctx)
}

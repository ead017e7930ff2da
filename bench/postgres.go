package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"matricula/internal/store/postgres"
	"matricula/internal/store/postgres/pgtest"
)

// pgConnections is on how many connections at once PostgreSQL shows what it can do.
const pgConnections = 32

// postgresEngine is a server of its own, which syncs every commit as it does by
// default.
type postgresEngine struct {
	server  *pgtest.Server
	version string
}

func startPostgres(ctx context.Context, dir string) (engine, error) {
	s, err := pgtest.Start(ctx, pgtest.Config{Durable: true, Dir: dir, Settings: []string{
		"shared_buffers='1GB'", "max_wal_size='4GB'", // what fits the largest database that is filled
		"autovacuum_naptime='1min'",
	}})
	if err != nil {
		return nil, err
	}
	e := &postgresEngine{server: s}
	if err := e.prepare(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return e, nil
}

// prepare makes the table of the raw commits.
func (e *postgresEngine) prepare(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, e.server.URL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if err := conn.QueryRow(ctx, "SHOW server_version").Scan(&e.version); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "CREATE TABLE notes (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note TEXT NOT NULL)")
	return err
}

func (e *postgresEngine) name() string {
	version, _, _ := strings.Cut(e.version, " ")
	return "PostgreSQL " + version
}

func (e *postgresEngine) place(ctx context.Context, _ string) (database, error) {
	name, err := e.server.Make(ctx, "")
	return postgresDatabase{e.server, name}, err
}

func (*postgresEngine) atOnce() (reads, commits []int) {
	return []int{1, pgConnections}, []int{1, pgConnections}
}

func (e *postgresEngine) stop() error { return e.server.Stop() }

// busy adds up the server's processes: the first with those that have ended, and
// those that live.
func (e *postgresEngine) busy() (time.Duration, error) {
	pid, err := e.server.PID()
	if err != nil {
		return 0, err
	}
	all, err := process(pid).busyWithEnded()
	if err != nil {
		return 0, err
	}
	children, err := process(pid).children()
	if err != nil {
		return 0, err
	}
	for _, child := range children {
		spent, err := child.busy()
		switch {
		case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ESRCH): // it has just ended
		case err != nil:
			return 0, err
		}
		all += spent
	}
	return all, nil
}

// connect answers connections to a database without anything of ours around them.
// They go by the port, as the program's do.
func connect(ctx context.Context, url string, n int) ([]*pgx.Conn, func(), error) {
	var all []*pgx.Conn
	hangUp := func() {
		for _, conn := range all {
			_ = conn.Close(context.WithoutCancel(ctx)) // all was answered
		}
	}
	for range n {
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			hangUp()
			return nil, nil, err
		}
		all = append(all, conn)
	}
	return all, hangUp, nil
}

// commits commits a row at a time on each connection; the server makes durable
// together what comes together.
func (e *postgresEngine) commits(ctx context.Context, atOnce int, warm, length time.Duration) (sample, error) {
	conns, hangUp, err := connect(ctx, e.server.PortURL("postgres"), atOnce)
	if err != nil {
		return sample{}, err
	}
	defer hangUp()
	return spin(ctx, atOnce, warm, length, func(i int) error {
		_, err := conns[i].Exec(context.Background(), "INSERT INTO notes (note) VALUES ($1)", note)
		return err
	})
}

// postgresDatabase is a database of the server.
type postgresDatabase struct {
	server *pgtest.Server
	name   string
}

func (d postgresDatabase) open(ctx context.Context) (openStore, error) {
	return postgres.Open(ctx, postgres.Config{URL: d.server.PortURL(d.name), Migrate: true, StatementTimeout: time.Minute})
}

func (d postgresDatabase) reads(ctx context.Context, accounts, atOnce int, warm, length time.Duration) (sample, error) {
	conns, hangUp, err := connect(ctx, d.server.PortURL(d.name), atOnce)
	if err != nil {
		return sample{}, err
	}
	defer hangUp()
	picks := make([]*rand.Rand, atOnce)
	for i := range picks {
		picks[i] = rand.New(rand.NewPCG(uint64(i), 0))
	}
	return spin(ctx, atOnce, warm, length, func(i int) error {
		var email, name string
		var confirmed int64
		// The driver keeps the statement prepared. A context that can end would cost more.
		return conns[i].QueryRow(context.Background(), pointRead, picks[i].IntN(accounts)+1).Scan(&email, &name, &confirmed)
	})
}

func (d postgresDatabase) settle(ctx context.Context) error {
	return d.server.Do(ctx, d.name, "VACUUM ANALYZE", "CHECKPOINT")
}

func (d postgresDatabase) settings() []string {
	return []string{"MATRICULA_DATABASE=" + d.server.PortURL(d.name)}
}

func (d postgresDatabase) remove(ctx context.Context) error { return d.server.Drop(ctx, d.name) }

// deadlock is what PostgreSQL says to one of two that wait for each other.
const deadlock = "40P01"

// sweep truncates: rows that were only deleted would stay in the way of later cells
// until the server vacuums, at a time of its own.
func (d postgresDatabase) sweep(ctx context.Context) (tokens int, err error) {
	conn, err := pgx.Connect(ctx, d.server.URL(d.name))
	if err != nil {
		return 0, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if err := conn.QueryRow(ctx, "SELECT count(*) FROM mail_tokens").Scan(&tokens); err != nil {
		return 0, err
	}
	for {
		_, err = conn.Exec(ctx, "TRUNCATE "+strings.Join(sweepable, ", "))
		if e, ok := errors.AsType[*pgconn.PgError](err); !ok || e.Code != deadlock {
			break // else it met the sending of a mail, and one of both had to give way
		}
	}
	if err != nil {
		return 0, fmt.Errorf("sweep: %w", err)
	}
	return tokens, nil
}

package sqlite

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"time"

	lib "modernc.org/sqlite/lib"

	"matricula/internal/store"
)

// Config says which file to open, and how.
type Config struct {
	// Path is the database file. Its directory must exist; beside it lie the
	// write-ahead log (-wal) and its index (-shm) while the database is open.
	Path string
	// Migrate makes the file where there is none, and brings an older schema up to
	// date; without it Open refuses both.
	Migrate bool
	// BusyTimeout is how long a transaction waits for one of another process; zero
	// is 5 seconds.
	BusyTimeout time.Duration
	// Readers is how many statements read at once; zero is twice as many as cores,
	// but four at least.
	Readers int
}

// cores is how many processors the process has, before a server asks for more
// threads.
var cores = runtime.GOMAXPROCS(0)

func (c Config) withDefaults() (Config, error) {
	if c.BusyTimeout == 0 {
		c.BusyTimeout = 5 * time.Second
	}
	if c.Readers == 0 {
		c.Readers = max(4, 2*cores)
	}
	path, err := filepath.Abs(c.Path) // so that a change of directory moves nothing
	if err != nil {
		return c, err
	}
	if behind, err := filepath.EvalSymlinks(path); err == nil {
		path = behind // the log lies beside the file itself, not beside a link to it
	}
	c.Path = path
	return c, nil
}

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

// Open opens the database. It refuses with ErrForeign, ErrNewer, ErrOlder (without
// Migrate), ErrDamaged, ErrInUse and fs.ErrNotExist, each wrapped into one line
// that says what to do, and leaves the file as it found it.
func Open(ctx context.Context, c Config) (*store.Store, error) {
	e, err := openEngine(ctx, c, migrations())
	if err != nil {
		return nil, err
	}
	return store.New(e), nil
}

func openEngine(ctx context.Context, c Config, files fs.FS) (*engine, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	if _, _, err := ready(ctx, c, files); err != nil {
		return nil, err
	}
	first, err := openWriter(ctx, c)
	if err != nil {
		return nil, said(c.Path, err)
	}
	w := newWriter(first, func(ctx context.Context) (*conn, error) { return openWriter(ctx, c) })
	r := newReaders(c.Readers, func(ctx context.Context) (*conn, error) {
		return open(ctx, source(c.Path, c.BusyTimeout, reading, "mode=rw"))
	})
	return newEngine(c.Path, r, w), nil
}

// openWriter opens the connection that writes and makes sure that it can, and of
// the write-ahead log; a file that a backup made has none yet.
func openWriter(ctx context.Context, c Config) (*conn, error) {
	w, err := open(ctx, source(c.Path, c.BusyTimeout, writing, "mode=rw"))
	if err != nil {
		return nil, err
	}
	mode, err := ask[string](ctx, w, "PRAGMA journal_mode = wal")
	if err == nil && mode != "wal" {
		err = fmt.Errorf("the file system allows no write-ahead log (journal mode %q)", mode)
	}
	if err == nil {
		err = mayWrite(ctx, w, c.BusyTimeout)
	}
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// mayWrite asks SQLite with a statement that would write: what it may not write it
// opens for reading alone, and even a BEGIN IMMEDIATE doesn't tell. Who is kept
// from writing by somebody who writes, may.
func mayWrite(ctx context.Context, w *conn, busy time.Duration) error {
	if _, err := ask[int64](ctx, w, "PRAGMA busy_timeout = 0"); err != nil {
		return err
	}
	if err := w.run(ctx, "DELETE FROM meta WHERE name = ''"); err != nil && primary(err) != lib.SQLITE_BUSY {
		return err
	}
	_, err := ask[int64](ctx, w, fmt.Sprintf("PRAGMA busy_timeout = %d", busy.Milliseconds()))
	return err
}

// Migrate makes the database where there is none, brings an older one up to date,
// and answers the version before and after; 0 stands for none. It refuses like
// Open, and with ErrInUse while another process has an older database open.
func Migrate(ctx context.Context, path string) (from, to int64, err error) {
	c, err := Config{Path: path, Migrate: true}.withDefaults()
	if err != nil {
		return 0, 0, err
	}
	return ready(ctx, c, migrations())
}

package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"
	lib "modernc.org/sqlite/lib"

	"matricula/internal/store"
)

// ready makes sure that the database at c.Path has the newest schema of files,
// and answers its version before and after.
func ready(ctx context.Context, c Config, files fs.FS) (from, to int64, err error) {
	newest, err := store.Latest(files)
	if err != nil {
		return 0, 0, err
	}
	from, err = look(ctx, c)
	switch {
	case err != nil:
		return 0, 0, err
	case from > newest:
		return 0, 0, fmt.Errorf("%s %w: its schema is version %d, and the program knows up to %d; install the newer program",
			c.Path, ErrNewer, from, newest)
	case from == newest:
		return from, newest, nil
	case !c.Migrate && from == 0:
		return 0, 0, fmt.Errorf("%s does not exist: make it with \"matricula migrate\" or \"matricula serve\" (%w)", c.Path, fs.ErrNotExist)
	case !c.Migrate:
		return 0, 0, fmt.Errorf("%s %w: its schema is version %d, and the program needs %d; run \"matricula migrate\"",
			c.Path, ErrOlder, from, newest)
	case from == 0:
		err = create(ctx, c, files)
	default:
		err = upgrade(ctx, c, files, newest)
	}
	if err != nil {
		return 0, 0, err
	}
	return from, newest, nil
}

// create makes a database under another name and puts it in place whole, so that
// no process ever sees half of one. Of two that do so at once, the second uses
// what the first has made.
func create(ctx context.Context, c Config, files fs.FS) error {
	made, err := os.CreateTemp(filepath.Dir(c.Path), filepath.Base(c.Path)+".new-*") // with mode 0600
	if err != nil {
		return fmt.Errorf("%s can't be made: %w", c.Path, err)
	}
	path := made.Name()
	defer func() {
		for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
			_ = os.Remove(path + suffix)
		}
	}()
	if err := made.Close(); err != nil {
		return fmt.Errorf("%s can't be made: %w", c.Path, err)
	}
	if err := build(ctx, path, c.BusyTimeout, files); err != nil {
		return fmt.Errorf("%s can't be made: %w", c.Path, err)
	}
	if err := put(path, c.Path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s can't be put in place: %w", c.Path, err)
	}
	return nil
}

// build makes the schema in an empty file and sets the write-ahead log. The log
// itself is gone when it returns, for nobody else has the file open.
func build(ctx context.Context, path string, busy time.Duration, files fs.FS) error {
	if err := migrateFile(ctx, path, busy, files); err != nil {
		return err
	}
	w, err := openWriter(ctx, Config{Path: path, BusyTimeout: busy})
	if err != nil {
		return err
	}
	if err := w.close(); err != nil {
		return err
	}
	if exists(path + "-wal") {
		return errors.New("its log could not be moved into the file; is the disk full?")
	}
	return nil
}

// put gives a file its name unless the name is taken (fs.ErrExist), and makes that
// last.
func put(from, to string) error {
	err := os.Link(from, to)
	if err != nil && !errors.Is(err, fs.ErrExist) && !exists(to) {
		err = os.Rename(from, to) // a file system without links
	}
	if err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(to))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// upgrade brings an older schema up to date, which takes the file for itself alone.
// Of several that try at once each stands in the others' way, so whoever meets
// another lets go, and tries again after a while of its own. While another process
// migrates it waits; when one goes on using the older schema it gives up.
func upgrade(ctx context.Context, c Config, files fs.FS, newest int64) error {
	enough := time.After(c.BusyTimeout)
	for {
		err := migrateFile(ctx, c.Path, 0, files)
		if err == nil {
			return nil
		}
		if primary(err) != lib.SQLITE_BUSY {
			return said(c.Path, err)
		}
		if version, err := look(ctx, c); err == nil && version == newest {
			return nil // another process has done it
		}
		select {
		case <-time.After(rand.N(50 * time.Millisecond)): //gosec:disable G404 -- nobody gains by knowing how long it waits
		case <-ctx.Done():
			return ctx.Err()
		case <-enough:
			return fmt.Errorf("%s %w by another process, and its schema must be brought up to date: stop the server and try again (%w)",
				c.Path, ErrInUse, err)
		}
	}
}

// migrateFile applies the migrations on a connection that nobody else's can be
// beside.
func migrateFile(ctx context.Context, path string, busy time.Duration, files fs.FS) error {
	c, err := open(ctx, source(path, busy, migrating, "mode=rw", "_txlock=immediate"))
	if err != nil {
		return err
	}
	// goose takes its connection from the pool, which holds this one.
	if err := c.sql.Close(); err != nil {
		return errors.Join(err, c.pool.Close())
	}
	if _, err := store.Migrate(ctx, goose.DialectSQLite3, c.pool, files); err != nil {
		return errors.Join(err, c.pool.Close())
	}
	if c.sql, err = c.pool.Conn(ctx); err != nil {
		return errors.Join(err, c.pool.Close())
	}
	return errors.Join(checkReferences(ctx, c), c.close())
}

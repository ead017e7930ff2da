package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	lib "modernc.org/sqlite/lib"

	"matricula/internal/store"
)

// applicationID is "MATR", which the first migration writes into the file's head.
const applicationID = 0x4d415452

// look answers the version of the database at path, 0 where there is no file, and
// refuses what is none of ours or can't be relied on. It writes nothing. It reads
// by SQLite alone: to open the file beside it and close it again would take away
// the locks that this process has on it (https://www.sqlite.org/howtocorrupt.html,
// §2.2).
//
// It takes no lock either, so what another process is writing at the moment can
// look damaged. Damage is believed when nothing has changed for a while.
func look(ctx context.Context, c Config) (version int64, err error) {
	version, err = lookOnce(ctx, c)
	for end := 40; errors.Is(err, ErrDamaged) && end > 0; end-- {
		seen := traceOf(c.Path)
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
		version, err = lookOnce(ctx, c)
		if traceOf(c.Path) == seen {
			break
		}
	}
	return version, err
}

// trace is what a process that writes leaves behind.
type trace struct {
	size   int64
	at     time.Time
	logged bool
}

func traceOf(path string) trace {
	left := trace{logged: logged(path)}
	if info, err := os.Stat(path); err == nil {
		left.size, left.at = info.Size(), info.ModTime()
	}
	return left
}

// logged reports whether a log lies beside the file: somebody has it open, or had
// when it died.
func logged(path string) bool { return exists(path+"-wal") || exists(path+"-journal") }

func lookOnce(ctx context.Context, c Config) (version int64, err error) {
	size, found, err := lookAtFile(c.Path)
	if err != nil || !found {
		return 0, err
	}
	// With a log, only SQLite's own reading of both is right, and it makes an index
	// of the log; so the head of the file, which never changes, is asked first who
	// owns it.
	logged := logged(c.Path)
	if err := lookAtHead(ctx, c, size, logged); err != nil {
		return 0, said(c.Path, err)
	}
	parameters := []string{"mode=ro"}
	if !logged {
		parameters = append(parameters, "immutable=1")
	}
	version, err = lookAtVersion(ctx, c, parameters)
	if err != nil {
		return 0, said(c.Path, err)
	}
	return version, nil
}

// lookAtFile asks the file system.
func lookAtFile(path string) (size int64, found bool, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, false, lookAtPlace(path)
	case err != nil:
		return 0, false, fmt.Errorf("%s can't be read: %w", path, err)
	case !info.Mode().IsRegular():
		return 0, false, fmt.Errorf("%s %w: it is not a file; choose another place", path, ErrForeign)
	case info.Size() == 0:
		return 0, false, fmt.Errorf("%s %w: it is empty; restore a backup, or delete it to begin anew", path, ErrDamaged)
	}
	return info.Size(), true, nil
}

// lookAtPlace asks whether a new file may lie there.
func lookAtPlace(path string) error {
	info, err := os.Stat(filepath.Dir(path))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the directory of %s does not exist: make it first (%w)", path, fs.ErrNotExist)
	case err != nil:
		return fmt.Errorf("the directory of %s can't be read: %w", path, err)
	case !info.IsDir():
		return fmt.Errorf("%s can't be made: %s is not a directory", path, filepath.Dir(path))
	}
	for _, beside := range []string{path + "-wal", path + "-journal"} {
		if exists(beside) {
			// SQLite would play it into whatever takes the file's place.
			return fmt.Errorf("%s %w: it is missing, but its log %s is there; put the file back, or delete the log",
				path, ErrDamaged, filepath.Base(beside))
		}
	}
	return nil
}

// lookAtHead refuses another program's file, and one that is shorter than its head
// says. With a log beside it, the head is all that can be judged.
func lookAtHead(ctx context.Context, c Config, size int64, logged bool) error {
	head, err := open(ctx, source(c.Path, c.BusyTimeout, nil, "mode=ro", "immutable=1"))
	if err != nil {
		return err
	}
	defer head.close()
	_, err = ask[int64](ctx, head, "SELECT COUNT(*) FROM sqlite_schema")
	if err != nil && logged && primary(err) == lib.SQLITE_CORRUPT {
		return nil // a checkpoint that was cut short; the log has the rest
	}
	if err != nil {
		return err
	}
	owner, err := ask[int64](ctx, head, "PRAGMA application_id")
	if err != nil {
		return err
	}
	if owner != applicationID {
		return errForeignID(owner)
	}
	pages, err := ask[int64](ctx, head, "PRAGMA page_count")
	if err != nil || logged {
		return err
	}
	octets, err := ask[int64](ctx, head, "PRAGMA page_size")
	if err == nil && size < pages*octets {
		err = errShort
	}
	return err
}

func lookAtVersion(ctx context.Context, c Config, parameters []string) (int64, error) {
	r, err := open(ctx, source(c.Path, c.BusyTimeout, nil, parameters...))
	if err != nil {
		return 0, err
	}
	defer r.close()
	version, err := ask[sql.NullInt64](ctx, r, store.Version)
	switch {
	case primary(err) == lib.SQLITE_ERROR, err == nil && version.Int64 < 1:
		return 0, errNoVersion
	case err != nil:
		return 0, err
	}
	return version.Int64, nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// What a file can lack that SQLite doesn't miss.
var (
	errShort     = errors.New("the end of the file is missing")
	errNoVersion = errors.New("the version of its schema is missing")
)

// errForeignID is the mark of another program, 0 for none.
type errForeignID int64

func (id errForeignID) Error() string { return fmt.Sprintf("application id %#x", int64(id)) }

// said puts an error of opening into one line that says what to do.
func said(path string, err error) error {
	_, foreign := errors.AsType[errForeignID](err)
	switch {
	case foreign:
		return fmt.Errorf("%s %w (%w): it is another program's; choose another place", path, ErrForeign, err)
	case primary(err) == lib.SQLITE_NOTADB:
		return fmt.Errorf("%s %w: it is no SQLite database, or its head is destroyed; restore a backup, or choose another place (%w)", path, ErrDamaged, err)
	case broken(err), errors.Is(err, errShort), errors.Is(err, errNoVersion):
		return fmt.Errorf("%s %w: restore a backup (%w)", path, ErrDamaged, err)
	case primary(err) == lib.SQLITE_CANTOPEN, primary(err) == lib.SQLITE_READONLY, primary(err) == lib.SQLITE_PERM:
		return fmt.Errorf("%s can't be opened: this user must be able to read and write it and its directory (%w)", path, err)
	case primary(err) == lib.SQLITE_BUSY:
		return fmt.Errorf("%s %w: another process holds a lock on it; try again (%w)", path, ErrInUse, err)
	}
	return fmt.Errorf("%s can't be opened: %w", path, err)
}

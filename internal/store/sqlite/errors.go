package sqlite

import (
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"strings"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// What Open and Migrate refuse; the error around says of which file, and what to
// do. A file or directory that isn't there is fs.ErrNotExist.
var (
	ErrForeign = errors.New("is not a Matricula database")
	ErrNewer   = errors.New("is newer than this program")
	ErrOlder   = errors.New("is older than this program")
	ErrDamaged = errors.New("is damaged")
	ErrInUse   = errors.New("is in use")
)

// ErrClosed is what a closed database answers.
var ErrClosed = errors.New("the database is closed")

// code is SQLite's extended result code, 0 for any other error
// (https://www.sqlite.org/rescode.html).
func code(err error) int {
	if e, ok := errors.AsType[*driver.Error](err); ok {
		return e.Code()
	}
	return 0
}

// primary is the part of a result code that says the kind.
func primary(err error) int { return code(err) & 0xff }

// Unique reads the table and the columns out of SQLite's message, the one place
// where it names them: "UNIQUE constraint failed: students.account_id, students.year".
func (*engine) Unique(err error) (columns string, ok bool) {
	switch code(err) {
	case lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_ROWID:
	default:
		return "", false
	}
	e, _ := errors.AsType[*driver.Error](err)
	_, columns, _ = strings.Cut(e.Error(), "UNIQUE constraint failed: ")
	columns, _, _ = strings.Cut(columns, " (")
	table, _, _ := strings.Cut(columns, ".")
	return strings.ReplaceAll(columns, ", "+table+".", ","), true
}

// ForeignKey reports whether a reference would be broken.
func (*engine) ForeignKey(err error) bool {
	switch code(err) {
	case lib.SQLITE_CONSTRAINT_FOREIGNKEY, lib.SQLITE_CONSTRAINT_TRIGGER:
		return true // the second is what ON DELETE says
	}
	return false
}

// Unavailable reports whether the next try may do better.
func (*engine) Unavailable(err error) bool {
	switch primary(err) {
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_PROTOCOL, // somebody holds a lock
		lib.SQLITE_FULL, lib.SQLITE_IOERR, lib.SQLITE_CANTOPEN, lib.SQLITE_READONLY, // the disk
		lib.SQLITE_NOMEM:
		return true
	}
	return errors.Is(err, ErrClosed)
}

// spoils reports whether err may have rolled the transaction back behind our back,
// as an error of the machine can (https://www.sqlite.org/lang_transaction.html,
// §3.1). A constraint that is violated undoes its own statement alone.
func spoils(err error) bool {
	if code(err) == 0 {
		return errors.Is(err, sql.ErrConnDone) || errors.Is(err, sqldriver.ErrBadConn)
	}
	return primary(err) != lib.SQLITE_CONSTRAINT
}

// broken reports whether err says that the file is not what it should be.
func broken(err error) bool {
	return primary(err) == lib.SQLITE_CORRUPT || primary(err) == lib.SQLITE_NOTADB
}

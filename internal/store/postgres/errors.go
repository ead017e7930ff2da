package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// What Open and Migrate refuse; the error around says of which database, and what
// to do.
var (
	ErrForeign     = errors.New("is not a Matricula database")
	ErrNewer       = errors.New("is newer than this program")
	ErrOlder       = errors.New("is older than this program")
	ErrUnsuitable  = errors.New("can't be used")
	ErrForbidden   = errors.New("is closed to this role")
	ErrUnreachable = errors.New("can't be reached")
	ErrDamaged     = errors.New("is damaged")
)

// ErrClosed is what a closed database answers.
var ErrClosed = errors.New("the database is closed")

// errLong is for a change that others kept waiting too long.
var errLong = errors.New("too many changes were before it")

// lost is an error of the connection: nobody knows what the server has done.
type lost struct{ err error }

func (l *lost) Error() string { return "the connection to the database: " + l.err.Error() }
func (l *lost) Unwrap() error { return l.err }

func isLost(err error) bool {
	_, ok := errors.AsType[*lost](err)
	return ok
}

// unknown is the error of a commit that may have happened.
type unknown struct{ err error }

func (u *unknown) Error() string { return "whether it was committed is not known: " + u.err.Error() }
func (u *unknown) Unwrap() error { return u.err }

func isUnknown(err error) bool {
	_, ok := errors.AsType[*unknown](err)
	return ok
}

// code is the server's code for an error, "" for any other error
// (https://www.postgresql.org/docs/current/errcodes-appendix.html).
func code(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

// The codes that mean something here.
const (
	uniqueViolation     = "23505"
	foreignKeyViolation = "23503"
	restrictViolation   = "23001"
	serialization       = "40001"
	deadlock            = "40P01"
	noPrivilege         = "42501"
	noDatabase          = "3D000"
	noSchema            = "3F000"
	badPassword         = "28P01"
	badAuthorization    = "28000"
	lockNotAvailable    = "55P03"
	queryCanceled       = "57014"
	readOnly            = "25006"
	ioError             = "58030"
)

// Unique reads the columns out of the detail of the error, which has the same
// marks in every language: "Key (account_id, year)=(1, 2026) already exists."
func (*engine) Unique(err error) (columns string, ok bool) {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || e.Code != uniqueViolation {
		return "", false
	}
	columns, _, found := strings.Cut(e.Detail, ")=(")
	_, columns, opened := strings.Cut(columns, "(")
	if !found || !opened {
		columns = e.ConstraintName
	}
	return e.TableName + "." + strings.ReplaceAll(columns, ", ", ","), true
}

// ForeignKey reports whether a reference would be broken.
func (*engine) ForeignKey(err error) bool {
	return code(err) == foreignKeyViolation || code(err) == restrictViolation
}

// Unavailable reports whether the next try may do better.
func (*engine) Unavailable(err error) bool {
	if isLost(err) {
		return true
	}
	c := code(err)
	switch c {
	case serialization, deadlock, lockNotAvailable, queryCanceled, readOnly, ioError:
		return true
	case "":
		return errors.Is(err, ErrClosed) || errors.Is(err, errLong) || errors.Is(err, errAbandoned)
	}
	// Connections, what the machine has to give, and a server that stops or starts.
	return strings.HasPrefix(c, "08") || strings.HasPrefix(c, "53") || strings.HasPrefix(c, "57P")
}

// conflict reports whether a change may do better at once, when others are done.
func conflict(err error) bool { return code(err) == serialization || code(err) == deadlock }

// fatal reports whether the server has ended the connection with err.
func fatal(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (e.SeverityUnlocalized == "FATAL" || e.SeverityUnlocalized == "PANIC")
}

// why is what lies behind an error of the driver, in one line that shows neither a
// URL nor a password.
func why(err error) error {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e
	}
	if e, ok := errors.AsType[*pgconn.ParseConfigError](err); ok && e.Unwrap() != nil {
		err = e.Unwrap()
	}
	if e, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		err = e.Unwrap()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.New("no answer in time")
	}
	return errors.New(strings.Join(strings.Fields(err.Error()), " "))
}

// tlsHint says what to do where TLS is why a server can't be reached, and "" otherwise.
func tlsHint(err error) string {
	switch text := err.Error(); {
	case strings.Contains(text, "refused TLS"):
		return "it takes no TLS, and sslmode wants it (verify-full to another machine, where the URL says nothing): set ssl=on there, or write sslmode=disable for a line that is nobody else's"
	case strings.Contains(text, "x509:"):
		return "its certificate doesn't prove what sslmode wants: write the host as the certificate names it, and name its authority with sslrootcert=FILE"
	}
	return ""
}

// said puts an error of opening into one line that says what to do.
func said(c Config, err error) error {
	where := Shown(c.URL)
	for _, told := range []error{ErrForeign, ErrNewer, ErrOlder, ErrUnsuitable, ErrForbidden, ErrUnreachable, ErrDamaged} {
		if errors.Is(err, told) {
			return err
		}
	}
	switch code(err) {
	case badPassword, badAuthorization:
		return fmt.Errorf("%s %w: look at the user and the password in the URL, and at pg_hba.conf (%w)", where, ErrForbidden, why(err))
	case noDatabase:
		return fmt.Errorf("%s %w: it does not exist; make it with \"createdb --owner ROLE --encoding UTF8 --template template0 NAME\" (%w)", where, ErrUnreachable, why(err))
	case noPrivilege:
		return fmt.Errorf("%s %w: make the role its owner, as docs/postgresql.md says (%w)", where, ErrForbidden, why(err))
	case readOnly:
		return fmt.Errorf("%s %w: it takes no changes; name the primary (%w)", where, ErrUnsuitable, why(err))
	case "":
		if hint := tlsHint(err); hint != "" {
			return fmt.Errorf("%s %w: %s (%w)", where, ErrUnreachable, hint, why(err))
		}
		return fmt.Errorf("%s %w: is the server there, and is it PostgreSQL? (%w)", where, ErrUnreachable, why(err))
	}
	return fmt.Errorf("%s can't be opened: %w", where, why(err))
}

package account

import (
	"errors"
	"fmt"
	"time"
)

// Code names a refusal. It is an error, so a rule returns it as it stands, and
// errors.Is(err, account.WeakPassword) asks for it. The list is closed: every
// door has one table that covers [Codes].
type Code string

// The refusals. The comment says when; the doors say it to people.
const (
	Invalid         Code = "invalid"         // the input can't be what it should be; Fields says where
	WeakPassword    Code = "weak_password"   // the new password is too easy to guess, too short or too long
	SamePassword    Code = "same_password"   // the new password is the one in force
	WrongPassword   Code = "wrong_password"  // a signed-in person gave a wrong current password
	NotOnRoster     Code = "not_on_roster"   // the address may not register a club
	SignInRefused   Code = "sign_in_refused" // unknown, wrong, disabled, without a password: a stranger must not tell
	Unconfirmed     Code = "unconfirmed"     // the password is right, the address not confirmed yet
	TokenInvalid    Code = "token_invalid"   // a mailed token that is unknown, expired, used or of another account
	Unauthenticated Code = "unauthenticated" // no live session, access token or refresh token
	OriginRefused   Code = "origin_refused"  // the origin for a mailed link is not listed
	Busy            Code = "busy"            // too much hashing at once; RetryAfter says when to try again
	TooMany         Code = "too_many"        // a limit is reached; RetryAfter says when to try again
	NotFound        Code = "not_found"       // the thing asked for does not exist
	Taken           Code = "taken"           // another row has this address, id, name or place already
	InUse           Code = "in_use"          // it can't go while others refer to it
)

// Codes is every Code there is.
var Codes = []Code{
	Invalid, WeakPassword, SamePassword, WrongPassword, NotOnRoster, SignInRefused, Unconfirmed, TokenInvalid,
	Unauthenticated, OriginRefused, Busy, TooMany, NotFound, Taken, InUse,
}

// Error returns the code itself.
func (c Code) Error() string { return string(c) }

// FieldError says what is wrong with one member of the input.
type FieldError struct {
	Field string // the member's name on the wire, "social_media_links.website" for a nested one
	Why   string // one sentence for people
}

// Error is a refusal with more to tell than its Code.
type Error struct {
	Code       Code
	Fields     []FieldError  // the members at fault, in the order they were found
	RetryAfter time.Duration // for Busy and TooMany
	Err        error         // the hidden cause; for the log alone
}

// Error names the code, the first field and the hidden cause.
func (e *Error) Error() string {
	text := string(e.Code)
	if len(e.Fields) > 0 {
		text += ": " + e.Fields[0].Field + ": " + e.Fields[0].Why
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap gives the Code and the hidden cause to errors.Is and errors.AsType.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Code}
	}
	return []error{e.Code, e.Err}
}

// Overload reports whether more was asked for than can be done at once, and nothing is
// broken: then a log need not raise an alarm. Busy with a cause is another matter.
func (e *Error) Overload() bool { return e.Code == Busy && e.Err == nil }

// CodeOf answers the Code of a refusal, and "" for any other error.
func CodeOf(err error) Code {
	code, ok := errors.AsType[Code](err)
	if !ok {
		return ""
	}
	return code
}

// RetryAfterOf answers how long a refusal asks to wait, and zero for any other
// error.
func RetryAfterOf(err error) time.Duration {
	refusal, ok := errors.AsType[*Error](err)
	if !ok {
		return 0
	}
	return refusal.RetryAfter
}

// invalid refuses one member of the input with a sentence.
func invalid(field, why string, args ...any) *Error {
	return &Error{Code: Invalid, Fields: []FieldError{{Field: field, Why: fmt.Sprintf(why, args...)}}}
}

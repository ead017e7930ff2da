package store

import (
	"fmt"
	"strings"
	"time"

	"matricula/internal/account"
)

// fault says what an error of the engine means to the rules: Taken, NotFound for
// a row referred to that isn't there, Busy for what may be gone at the next try.
// Everything else is a fault of the machine.
func (r reader) fault(what string, err error) error {
	if account.CodeOf(err) != "" {
		return err
	}
	if refusal := meaning(r.engine, what, err); refusal != nil {
		return refusal
	}
	return fmt.Errorf("%s: %w", what, err)
}

// meaning is the refusal that an error of the engine means, nil for a fault of the
// machine.
func meaning(engine Engine, what string, err error) error {
	if columns, ok := engine.Unique(err); ok {
		return taken(columns, err)
	}
	switch {
	case engine.ForeignKey(err):
		return &account.Error{Code: account.NotFound, Err: fmt.Errorf("%s: %w", what, err)}
	case engine.Unavailable(err):
		return unavailable(what, err)
	}
	return nil
}

// unavailable is account.Busy with the cause in it for the log.
func unavailable(what string, err error) error {
	return &account.Error{Code: account.Busy, RetryAfter: retryAfter, Err: fmt.Errorf("%s: %w", what, err)}
}

// retryAfter is what a caller is told to wait when the database can't be written
// now: a lock is gone by then, and a full disk is no worse for being asked again.
const retryAfter = time.Second

// uniques says for each set of columns that is unique which member is at fault.
var uniques = map[string]account.FieldError{
	"accounts.email_key":       {Field: "email", Why: "This address has an account already."},
	"clubs.account_id":         {Field: "owner", Why: "This account owns a club already."},
	"clubs.link_name":          {Field: "link_name", Why: "Another club has this link name."},
	"cohorts.year":             {Field: "year", Why: "This cohort exists already."},
	"students.account_id,year": {Field: "account", Why: "This account is a student of this cohort already."},
	"students.year,nusnet_id":  {Field: "nusnetId", Why: "Another student of this cohort has this NUSNET id."},
	"students.year,matric_no":  {Field: "matricNo", Why: "Another student of this cohort has this matriculation number."},
	"advisers.account_id,year": {Field: "account", Why: "This account is an adviser of this cohort already."},
	"mentors.account_id,year":  {Field: "account", Why: "This account is a mentor of this cohort already."},
}

// taken is account.Taken with the member at fault; of what people never see, the
// column stands for the member.
func taken(columns string, err error) error {
	field, ok := uniques[columns]
	if !ok {
		column := columns[strings.LastIndexAny(columns, ".,")+1:]
		field = account.FieldError{Field: column, Why: "This is taken already."}
	}
	return &account.Error{Code: account.Taken, Fields: []account.FieldError{field}, Err: err}
}

// unknown is account.Invalid for an id in the input that stands for nothing.
func unknown(field, why string, args ...any) error {
	return &account.Error{Code: account.Invalid, Fields: []account.FieldError{{Field: field, Why: fmt.Sprintf(why, args...)}}}
}

package clubs

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"matricula/internal/account"
	"matricula/internal/web"
)

// errMethod stands in the table for every web.MethodError, and errInternal for
// whatever is not in it.
var (
	errMethod   = errors.New("method not allowed")
	errInternal = errors.New("internal")
)

// answer is what a refusal looks like on the wire, as far as its kind decides.
type answer struct {
	status int
	reason string // one sentence for people
}

// answers is the one table from refusals to status and words. A test holds it to
// account.Codes.
var answers = map[error]answer{
	account.Invalid:         {400, "Something in this request is missing or not valid."},
	account.WeakPassword:    {400, "This password is not good enough."},
	account.SamePassword:    {400, "The new password is the one you have already."},
	account.WrongPassword:   {400, "The current password is wrong."},
	account.SignInRefused:   {400, "The e-mail address or the password is wrong."},
	account.Unauthenticated: {401, "The token is missing, expired or revoked."},
	account.Unconfirmed:     {403, "This e-mail address is not confirmed yet. A new mail with a link to confirm it is on its way."},
	account.OriginRefused:   {403, "This origin is not allowed."},
	account.NotOnRoster:     {404, "This e-mail address is not on the list of club addresses."},
	account.TokenInvalid:    {404, "This link is unknown, expired or used already."},
	account.NotFound:        {404, "This does not exist."},
	account.Taken:           {409, "This is taken already."},
	account.InUse:           {409, "This is still in use."},
	account.TooMany:         {429, "Too many requests. Try again later."},
	account.Busy:            {503, "The service is busy. Try again in a moment."},

	web.ErrForeignOrigin:   {403, "This request comes from another site."},
	web.ErrNotFound:        {404, "There is no such address."},
	errMethod:              {405, "This address does not take this method."},
	web.ErrTooLarge:        {413, "The body is too large."},
	web.ErrHeadersTooLarge: {431, "The address and the headers are too large."},
	web.ErrUnsupportedType: {415, "The body must be application/json in UTF-8."},

	// A request out of time met an overload, or a server that is stopping; where
	// its client has gone, nobody reads this.
	context.DeadlineExceeded: {503, "The service is busy. Try again in a moment."},
	context.Canceled:         {503, "The service is busy. Try again in a moment."},

	errInternal: {500, "Internal error."},
}

// refusal is the contract's error body.
type refusal struct {
	Status string  `json:"status"`
	Reason string  `json:"reason"`
	Data   []fault `json:"data,omitempty"`
}

// fault says what is wrong with one member of the body.
type fault struct {
	Field  string   `json:"field"`
	Errors []string `json:"errors"`
}

// refuse answers a request that failed. It is the door's web.Refuse.
func refuse(w http.ResponseWriter, _ *http.Request, err error) {
	a := answers[kindOf(err)]
	switch a.status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		web.RetryAfter(w, account.RetryAfterOf(err))
	}
	whole, data := faultsOf(err)
	if whole != "" {
		a.reason = whole
	}
	web.WriteJSON(w, a.status, refusal{Status: "error", Reason: a.reason, Data: data})
}

// kindOf answers the line of the table that an error belongs to. A Code comes
// first: what lies hidden under it is for the log.
func kindOf(err error) error {
	if code := account.CodeOf(err); code != "" {
		return code
	}
	if _, ok := errors.AsType[*web.MethodError](err); ok {
		return errMethod
	}
	if _, ok := errors.AsType[*web.BodyError](err); ok {
		return account.Invalid
	}
	for kind := range answers {
		if errors.Is(err, kind) {
			return kind
		}
	}
	return errInternal
}

// faultsOf answers what is wrong with a body that does not validate: with the
// whole of it, in a sentence, or member by member.
func faultsOf(err error) (whole string, data []fault) {
	if body, ok := errors.AsType[*web.BodyError](err); ok {
		for _, f := range body.Fields {
			if f.Field == "" {
				return strings.Join(f.Errors, " "), nil
			}
			data = append(data, fault{f.Field, f.Errors})
		}
		return "", data
	}
	refused, ok := errors.AsType[*account.Error](err)
	if !ok || refused.Code != account.Invalid && refused.Code != account.WeakPassword {
		return "", nil
	}
	for _, f := range refused.Fields {
		data = addFault(data, f)
	}
	return "", data
}

// addFault adds a sentence to its member's fault, so that each member stands in
// the list once.
func addFault(data []fault, f account.FieldError) []fault {
	for i := range data {
		if data[i].Field == f.Field {
			data[i].Errors = append(data[i].Errors, f.Why)
			return data
		}
	}
	return append(data, fault{f.Field, []string{f.Why}})
}

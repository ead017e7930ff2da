package cohorts

import (
	"context"
	"errors"
	"net/http"

	"matricula/internal/account"
	"matricula/internal/web"
)

// verdict is how a refusal is told on the wire.
type verdict struct {
	status int
	words  string
}

// What a stranger must not tell apart has the same words.
const (
	wrongSignIn = "The e-mail address or the password is wrong."
	notSignedIn = "Authentication failed" // the contract's own, without a full stop
)

// verdicts is the one table from what the core and the shared room refuse with to
// status and words. It covers every code, also those that no call of this door
// meets today, so that none is ever told as an internal error.
var verdicts = map[error]verdict{
	account.Invalid:         {http.StatusBadRequest, "The request is not as it should be."},
	account.WeakPassword:    {http.StatusBadRequest, "The new password is too weak."},
	account.SamePassword:    {http.StatusBadRequest, "The new password is the one that you have already."},
	account.WrongPassword:   {http.StatusBadRequest, "The current password is wrong."},
	account.NotOnRoster:     {http.StatusNotFound, "This address is not on the list of club addresses."},
	account.SignInRefused:   {http.StatusUnauthorized, wrongSignIn},
	account.Unconfirmed:     {http.StatusUnauthorized, wrongSignIn},
	account.TokenInvalid:    {http.StatusBadRequest, "This link is not valid, has expired or was used already."},
	account.Unauthenticated: {http.StatusUnauthorized, notSignedIn},
	account.OriginRefused:   {http.StatusBadRequest, "A link can't lead to this origin."},
	account.Busy:            {http.StatusServiceUnavailable, "The server is busy, please try again in a moment."},
	account.TooMany:         {http.StatusTooManyRequests, "These were too many tries, please try again later."},
	account.NotFound:        {http.StatusNotFound, "There is no cohort yet."},
	account.Taken:           {http.StatusConflict, "There is one already."},
	account.InUse:           {http.StatusConflict, "It is still in use."},

	web.ErrNotFound:        {http.StatusNotFound, "There is nothing at this path."},
	errMethod:              {http.StatusMethodNotAllowed, "This path does not take this method."},
	web.ErrUnsupportedType: {http.StatusUnsupportedMediaType, "The body must be application/json in UTF-8."},
	web.ErrTooLarge:        {http.StatusRequestEntityTooLarge, "The body is too large."},
	web.ErrHeadersTooLarge: {http.StatusRequestHeaderFieldsTooLarge, "The address and the headers are too large."},
	web.ErrForeignOrigin:   {http.StatusForbidden, "Another site made the browser send this request."},

	// A request out of time met an overload, or a server that is stopping.
	context.DeadlineExceeded: {http.StatusServiceUnavailable, "The server is busy, please try again in a moment."},
	context.Canceled:         {http.StatusServiceUnavailable, "The server is busy, please try again in a moment."},

	errInternal: {http.StatusInternalServerError, "Something went wrong on our side."},
}

// What has no value of its own to stand in the table.
var (
	errMethod   = errors.New("any *web.MethodError")
	errInternal = errors.New("whatever is not in the table")
)

// refuse tells a failure in the contract's shape; it is the door's [web.Refuse].
func refuse(w http.ResponseWriter, _ *http.Request, err error) {
	v := verdicts[kindOf(err)]
	if v.status == http.StatusTooManyRequests || v.status == http.StatusServiceUnavailable {
		web.RetryAfter(w, account.RetryAfterOf(err))
	}
	if own := sentenceOf(err); own != "" {
		v.words = own
	}
	web.WriteJSON(w, v.status, message{v.words})
}

// kindOf returns the table's key for a failure.
func kindOf(err error) error {
	if code := account.CodeOf(err); code != "" {
		if _, known := verdicts[code]; known {
			return code
		}
		return errInternal
	}
	if _, ok := errors.AsType[*web.BodyError](err); ok {
		return account.Invalid
	}
	if _, ok := errors.AsType[*web.MethodError](err); ok {
		return errMethod
	}
	for _, known := range []error{
		web.ErrNotFound, web.ErrUnsupportedType, web.ErrTooLarge, web.ErrHeadersTooLarge, web.ErrForeignOrigin,
		context.DeadlineExceeded, context.Canceled,
	} {
		if errors.Is(err, known) {
			return known
		}
	}
	return errInternal
}

// sentenceOf returns what a refusal of the input says by itself of the first
// member at fault, or "".
func sentenceOf(err error) string {
	if e, ok := errors.AsType[*account.Error](err); ok {
		if len(e.Fields) > 0 && (e.Code == account.Invalid || e.Code == account.WeakPassword) {
			return e.Fields[0].Why
		}
		return ""
	}
	e, ok := errors.AsType[*web.BodyError](err)
	if !ok || len(e.Fields) == 0 || len(e.Fields[0].Errors) == 0 {
		return ""
	}
	first := e.Fields[0]
	if first.Field == "" {
		return first.Errors[0]
	}
	return first.Field + ": " + first.Errors[0]
}

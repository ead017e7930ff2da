package pages

import (
	"context"
	"errors"
	"net/http"

	"matricula/internal/account"
	"matricula/internal/web"
)

// words is how a page says a failure.
type words struct {
	status int
	text   string
}

// refusals is the one table from a Code to status and words.
var refusals = map[account.Code]words{
	account.Invalid:         {http.StatusBadRequest, "Please look at what is marked below."},
	account.WeakPassword:    {http.StatusBadRequest, "Please choose a better password."},
	account.SamePassword:    {http.StatusBadRequest, "This is the password you have. Please choose another one."},
	account.WrongPassword:   {http.StatusBadRequest, "The current password is wrong."},
	account.NotOnRoster:     {http.StatusNotFound, "This address is not on the list of club addresses."},
	account.SignInRefused:   {http.StatusUnauthorized, "The e-mail address or the password is wrong, or the address is not confirmed yet."},
	account.Unconfirmed:     {http.StatusForbidden, "Please confirm your e-mail address first. We have sent you a new mail."},
	account.TokenInvalid:    {http.StatusNotFound, "This link no longer works: it has been used, or it is too old."},
	account.Unauthenticated: {http.StatusUnauthorized, "You are not signed in. Please sign in first."},
	account.OriginRefused:   {http.StatusBadRequest, "We can't send a link to that site."},
	account.Busy:            {http.StatusServiceUnavailable, "The site is busy right now. Please try again in a moment."},
	account.TooMany:         {http.StatusTooManyRequests, "There have been too many tries. Please wait a while before the next one."},
	account.NotFound:        {http.StatusNotFound, "What you asked for is not here."},
	account.Taken:           {http.StatusConflict, "This is taken already."},
	account.InUse:           {http.StatusConflict, "This is still in use."},
}

// failures is the table from what the shared room refuses with.
var failures = []struct {
	err error
	words
}{
	{web.ErrNotFound, words{http.StatusNotFound, "There is no page at this address. Was the link copied whole?"}},
	{web.ErrForeignOrigin, words{http.StatusForbidden, "This form was sent from another address than this site has. Please open the site by its own address and try again."}},
	{web.ErrTooLarge, words{http.StatusRequestEntityTooLarge, "This is too much text. Please go back and shorten it."}},
	{web.ErrHeadersTooLarge, words{http.StatusRequestHeaderFieldsTooLarge, "The browser sends too much along. Deleting this site's cookies may help."}},
	{web.ErrUnsupportedType, words{http.StatusUnsupportedMediaType, "Please use the form on the page."}},

	// A request out of time met an overload, or a server that is stopping; where its
	// client has gone, nobody reads this.
	{context.DeadlineExceeded, refusals[account.Busy]},
	{context.Canceled, refusals[account.Busy]},
}

var (
	badMethod = words{http.StatusMethodNotAllowed, "This address takes nothing in that way. Please open the page and use its form."}
	badForm   = words{http.StatusBadRequest, "The form did not arrive as it was sent. Please go back and try again."}
	internal  = words{http.StatusInternalServerError, "Something went wrong on our side. Please try again in a moment."}
)

// wordsFor words any failure. A Code comes first: what lies hidden under it is
// for the log.
func wordsFor(err error) words {
	if said, ok := refusals[account.CodeOf(err)]; ok {
		return said
	}
	if _, ok := errors.AsType[*web.MethodError](err); ok {
		return badMethod
	}
	if _, ok := errors.AsType[*web.BodyError](err); ok {
		return badForm
	}
	for _, known := range failures {
		if errors.Is(err, known.err) {
			return known.words
		}
	}
	return internal
}

// titleOf is the heading of the page that says nothing but a failure.
func titleOf(status int) string {
	switch status {
	case http.StatusNotFound:
		return "Page not found"
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return "Please wait a moment"
	case http.StatusInternalServerError:
		return "Something went wrong"
	}
	return "That did not work"
}

// tellWhenToRetry sets Retry-After where a later try may succeed.
func tellWhenToRetry(w http.ResponseWriter, said words, err error) {
	if said.status == http.StatusTooManyRequests || said.status == http.StatusServiceUnavailable {
		web.RetryAfter(w, account.RetryAfterOf(err))
	}
}

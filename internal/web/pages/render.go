package pages

import (
	"bytes"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"matricula/internal/account"
	"matricula/internal/web"
)

// render writes a page whole or fails with nothing written.
func (p *pages) render(w http.ResponseWriter, status int, page string, v view) error {
	v.Site = p.Site
	if v.Site == "" {
		v.Site = hostOf(p.PublicURL)
	}
	var out bytes.Buffer
	if err := p.templates[page+".html"].ExecuteTemplate(&out, "layout", v); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(out.Len()))
	w.WriteHeader(status)
	_, err := out.WriteTo(w)
	return err
}

// redirect sends the browser to another page of ours with GET.
func redirect(w http.ResponseWriter, path string) error {
	w.Header().Set("Location", path)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

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
	account.SignInRefused:   {http.StatusUnauthorized, "The e-mail address or the password is wrong."},
	account.Unconfirmed:     {http.StatusForbidden, "Please confirm your e-mail address first. We have sent you a new mail."},
	account.TokenInvalid:    {http.StatusNotFound, "This link no longer works: it has been used, or it is too old."},
	account.Unauthenticated: {http.StatusUnauthorized, "Please sign in."},
	account.OriginRefused:   {http.StatusBadRequest, "This link can't be sent."},
	account.Busy:            {http.StatusServiceUnavailable, "Many people are signing in right now. Please try again in a moment."},
	account.TooMany:         {http.StatusTooManyRequests, "There have been too many tries. Please wait a while."},
	account.NotFound:        {http.StatusNotFound, "There is no such page."},
	account.Taken:           {http.StatusConflict, "This is taken already."},
	account.InUse:           {http.StatusConflict, "This is still in use."},
}

var internal = words{http.StatusInternalServerError, "Something went wrong on our side. Please try again in a moment."}

// wordsFor words any failure.
func wordsFor(err error) words {
	if w, ok := refusals[account.CodeOf(err)]; ok {
		return w
	}
	_, isMethod := errors.AsType[*web.MethodError](err)
	switch {
	case isMethod:
		return words{http.StatusMethodNotAllowed, "This page can't be used like that."}
	case errors.Is(err, web.ErrNotFound):
		return words{http.StatusNotFound, "There is no such page."}
	case errors.Is(err, web.ErrForeignOrigin):
		return words{http.StatusForbidden, "This form was sent from another site. Please open the page here and try again."}
	case errors.Is(err, web.ErrTooLarge):
		return words{http.StatusRequestEntityTooLarge, "This is too much text."}
	case errors.Is(err, web.ErrUnsupportedType):
		return words{http.StatusUnsupportedMediaType, "Please use the form on this page."}
	}
	return internal
}

// refuse words what no page of its own has worded.
func (p *pages) refuse(w http.ResponseWriter, r *http.Request, err error) {
	said := wordsFor(err)
	tellWhenToRetry(w, err)
	// The page fails only when the connection does; there is nobody to tell then.
	_ = p.render(w, said.status, "problem", view{Title: "Sorry", Problem: said.text})
}

// again shows a form once more with what is wrong with it; what is not a refusal
// goes up.
func (p *pages) again(w http.ResponseWriter, page string, v view, err error) error {
	code := account.CodeOf(err)
	if code == "" {
		return err
	}
	said := refusals[code]
	v.Problem, v.Errors = said.text, fieldErrors(err)
	tellWhenToRetry(w, err)
	return p.render(w, said.status, page, v)
}

// fieldErrors is what a refusal says of each field, by its name.
func fieldErrors(err error) map[string]string {
	errs := map[string]string{}
	if refusal, ok := errors.AsType[*account.Error](err); ok {
		for _, field := range refusal.Fields {
			errs[field.Field] = strings.TrimSpace(errs[field.Field] + " " + field.Why)
		}
	}
	return errs
}

// accountID reads an id as the mailed link has it: a canonical decimal number.
func accountID(text string) (int64, bool) {
	id, err := strconv.ParseInt(text, 10, 64)
	return id, err == nil && id > 0 && strconv.FormatInt(id, 10) == text
}

// tellWhenToRetry sets Retry-After, in whole seconds, where the refusal knows.
func tellWhenToRetry(w http.ResponseWriter, err error) {
	refusal, ok := errors.AsType[*account.Error](err)
	if ok && refusal.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(refusal.RetryAfter.Seconds()+0.999))))
	}
}

// readForm reads what a form sent: of the type that forms have, no larger than
// any other body, in UTF-8 without NUL.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, web.ErrUnsupportedType
	}
	r.Body = http.MaxBytesReader(w, r.Body, web.MaxBody)
	err = r.ParseForm()
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, web.ErrTooLarge
	}
	if err != nil {
		return nil, account.Invalid
	}
	for name, values := range r.PostForm {
		for _, text := range append([]string{name}, values...) {
			if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
				return nil, account.Invalid
			}
		}
	}
	return r.PostForm, nil
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host
}

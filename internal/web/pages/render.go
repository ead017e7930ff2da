package pages

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"matricula/internal/account"
	"matricula/internal/web"
)

// view is what every template is given.
type view struct {
	Title   string
	Notice  string               // good news above the page
	Problem string               // bad news above the page
	Faults  []account.FieldError // what is wrong with the fields of the page's form
	Data    any                  // the page's own

	Site, Style string // set by render
}

// fault is what is wrong with one field; its input has the same id.
type fault struct {
	ID, Why string
}

// Fault is for the templates: what is wrong with a field, or nil.
func (v view) Fault(field string) *fault {
	var why []string
	for _, f := range v.Faults {
		if f.Field == field {
			why = append(why, f.Why)
		}
	}
	if why == nil {
		return nil
	}
	return &fault{field, strings.Join(why, " ")}
}

// render writes a page whole or fails with nothing written.
func (p *pages) render(w http.ResponseWriter, status int, page string, v view) error {
	v.Site, v.Style = p.Site, styleURL
	var out bytes.Buffer
	if err := p.templates[page+".html"].ExecuteTemplate(&out, "layout", v); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(out.Len()))
	w.WriteHeader(status)
	_, _ = out.WriteTo(w) // an error means that the client is gone
	return nil
}

// redirect sends the browser to another page of ours with GET. path never holds
// anything that a client sent.
func redirect(w http.ResponseWriter, path string) error {
	w.Header().Set("Location", path)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// notices are the good news that a redirect brings: on which page, and by which
// parameter being true.
var notices = []struct{ path, parameter, text string }{
	{"/club", "confirmed", "Thank you, your e-mail address is confirmed."}, // clubs contract, "confirm"
	{"/club", "saved", "Your changes are saved."},
	{"/sign-in", "reset", "Your new password is set, and you have been signed out everywhere. Sign in with it."},
	{"/sign-in", "signed-out", "You are signed out."},
}

// notice is the good news that a request asks the page to tell, if any.
func notice(r *http.Request) string {
	query := r.URL.Query()
	for _, n := range notices {
		if r.URL.Path == n.path && query.Get(n.parameter) == "true" {
			return n.text
		}
	}
	return ""
}

// refuse words what no page of its own has worded.
func (p *pages) refuse(w http.ResponseWriter, _ *http.Request, err error) {
	said := wordsFor(err)
	tellWhenToRetry(w, said, err)
	v := view{Title: titleOf(said.status), Problem: said.text}
	if errors.Is(err, web.ErrForeignOrigin) {
		v.Data = p.PublicURL
	}
	// The page fails only when the connection does; there is nobody to tell then.
	_ = p.render(w, said.status, "problem", v)
}

// again shows a form once more with what is wrong with it; what is not a refusal
// goes up.
func (p *pages) again(w http.ResponseWriter, r *http.Request, page string, v view, err error) error {
	if account.CodeOf(err) == "" {
		return err
	}
	said := told(w, r, err)
	v.Problem, v.Faults = said.text, faultsOf(err)
	return p.render(w, said.status, page, v)
}

// told words a failure that a page of its own tells, and notes it in the request
// line: the router does so only with what is returned to it.
func told(w http.ResponseWriter, r *http.Request, err error) words {
	said := wordsFor(err)
	web.Note(r, slog.String("error", err.Error()))
	tellWhenToRetry(w, said, err)
	return said
}

// faultsOf is what a refusal says of the fields.
func faultsOf(err error) []account.FieldError {
	refusal, ok := errors.AsType[*account.Error](err)
	if !ok {
		return nil
	}
	return refusal.Fields
}

package pages

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"matricula/internal/web"
)

// readForm reads what a form sent: of the type that forms have, no larger than
// any other body, in UTF-8 without NUL. It refuses with the shared room's
// ErrUnsupportedType, ErrTooLarge or a *BodyError.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	types := r.Header["Content-Type"]
	if len(types) != 1 {
		return nil, web.ErrUnsupportedType
	}
	kind, _, err := mime.ParseMediaType(types[0])
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, web.ErrUnsupportedType
	}
	if r.ContentLength > web.MaxBody {
		return nil, web.ErrTooLarge
	}
	r.Body = http.MaxBytesReader(w, r.Body, web.MaxBody)
	err = r.ParseForm()
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, web.ErrTooLarge
	}
	if err != nil {
		return nil, malformed("it is not encoded as forms are")
	}
	for name, values := range r.PostForm {
		for _, text := range append(values, name) {
			if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
				return nil, malformed("a text is not UTF-8, or holds NUL")
			}
		}
	}
	return r.PostForm, nil
}

// malformed refuses the form as a whole; why is for the log.
func malformed(why string) error {
	return &web.BodyError{Fields: []web.FieldError{{Errors: []string{why}}}}
}

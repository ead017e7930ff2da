package web

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"mime"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxBody is how many bytes a body may have.
const MaxBody = 64 << 10

// maxDepth is how deep objects and lists may stand in one another, the body's
// own object being the first.
const maxDepth = 32

// ReadBody reads the body of r as a JSON object, strictly (both contracts): RFC
// 7493 (UTF-8, no lone surrogates, no member twice however it is escaped) and
// nothing after the object, no NUL in any name or text, at most 32 levels deep and
// [MaxBody] long. It returns [ErrUnsupportedType], [ErrTooLarge] or a *[BodyError].
//
// The type must be application/json; a charset, if there is one, utf-8.
// Parameters that JSON does not define are ignored (RFC 8259 section 11).
func ReadBody(r *http.Request) (*Body, error) {
	if !isPlainJSON(r.Header) {
		return nil, ErrUnsupportedType
	}
	if r.ContentLength > MaxBody {
		return nil, ErrTooLarge
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	switch {
	case len(text) > MaxBody:
		return nil, ErrTooLarge
	case err != nil:
		return nil, wholeBody("The body did not arrive whole.")
	}
	return parseBody(text)
}

// isPlainJSON says whether the headers declare JSON in UTF-8, not compressed.
func isPlainJSON(h http.Header) bool {
	types := h["Content-Type"]
	if len(types) != 1 {
		return false
	}
	media, params, err := mime.ParseMediaType(types[0])
	if err != nil || media != "application/json" {
		return false
	}
	if charset, ok := params["charset"]; ok && !strings.EqualFold(charset, "utf-8") {
		return false
	}
	for _, encoding := range h["Content-Encoding"] {
		if !strings.EqualFold(encoding, "identity") {
			return false
		}
	}
	return true
}

func parseBody(text []byte) (*Body, error) {
	if sentence := check(text); sentence != "" {
		return nil, wholeBody(sentence)
	}
	return &Body{members: membersOf(text), errs: new([]FieldError)}, nil
}

// wholeBody is an error that no single field is to blame for.
func wholeBody(sentence string) error {
	return &BodyError{Fields: []FieldError{{Errors: []string{sentence}}}}
}

// check says in a sentence what keeps text from being a body that we take, or "".
// What the client sent is not repeated: it may be a password.
func check(text []byte) string {
	dec := jsontext.NewDecoder(bytes.NewBuffer(text))
	if len(bytes.TrimLeft(text, " \t\r\n")) == 0 {
		return "The body is empty."
	}
	switch dec.PeekKind() {
	case '[', '"', '0', 't', 'f', 'n':
		return "The body must be a JSON object."
	}
	for {
		tok, err := dec.ReadToken()
		switch {
		case err == io.EOF:
			return ""
		case errors.Is(err, jsontext.ErrDuplicateName):
			return "The body has a member twice."
		case err != nil:
			return "The body is not valid JSON."
		case dec.StackDepth() > maxDepth:
			return "The body is nested too deeply."
		case tok.Kind() == '"' && strings.Contains(tok.String(), "\x00"):
			return "The body has a NUL character in a text."
		case dec.StackDepth() == 0 && len(bytes.TrimLeft(text[dec.InputOffset():], " \t\r\n")) > 0:
			return "The body has something after its JSON object."
		}
	}
}

// membersOf returns the members of an object that was checked before.
func membersOf(object jsontext.Value) map[string]jsontext.Value {
	members := make(map[string]jsontext.Value)
	dec := jsontext.NewDecoder(bytes.NewBuffer(object))
	_, _ = dec.ReadToken()
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			break
		}
		key := name.String()
		value, err := dec.ReadValue()
		if err != nil {
			break
		}
		members[key] = value.Clone()
	}
	return members
}

// items yields the values of a list that was checked before.
func items(list jsontext.Value) iter.Seq[jsontext.Value] {
	return func(yield func(jsontext.Value) bool) {
		dec := jsontext.NewDecoder(bytes.NewBuffer(list))
		_, _ = dec.ReadToken()
		for dec.PeekKind() != ']' {
			v, err := dec.ReadValue()
			if err != nil || !yield(v) {
				return
			}
		}
	}
}

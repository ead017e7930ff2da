package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Refuse writes the answer to a request that failed with err, in the words and
// the shape of one contract. An error that it does not know is an internal one:
// it is shown as nothing more than that, with status 500. It need not log: the
// request line carries err. The Allow header of a [MethodError] is set already.
type Refuse func(w http.ResponseWriter, r *http.Request, err error)

// The failures that the shared room finds by itself, beside [MethodError] and
// [BodyError]. Each door has one table from these to status and words.
var (
	// ErrNotFound says that no route has this path (404).
	ErrNotFound = errors.New("no such path")
	// ErrUnsupportedType says that the body is declared as something other than
	// plain JSON in UTF-8 (415).
	ErrUnsupportedType = errors.New("the body is not declared as JSON")
	// ErrTooLarge says that the body is larger than [MaxBody] (413). The router
	// closes the connection, so that the rest of the body is never read.
	ErrTooLarge = errors.New("the body is too large")
	// ErrHeadersTooLarge says that the request's line and headers are larger than
	// [MaxHeaders] together (431).
	ErrHeadersTooLarge = errors.New("the headers are too large")
	// ErrForeignOrigin says that another site made the browser send a request
	// that changes something (403).
	ErrForeignOrigin = errors.New("the request comes from another site")
)

// MethodError says that the path exists but not for this method (405).
type MethodError struct {
	Allow []string // the methods that the path has, sorted
}

// Error names the methods that there are.
func (e *MethodError) Error() string {
	return "method not allowed, only " + strings.Join(e.Allow, ", ")
}

// BodyError says that the body does not validate (400). It names every field at
// fault, each once, in the order in which the handler asked for them.
type BodyError struct {
	Fields []FieldError
}

// FieldError is what is wrong with one member of a body.
type FieldError struct {
	// Field is the member's name, with a dot before the name of a nested member
	// ("social_media_links.website"), or "" where the body as a whole is no JSON
	// object that we take.
	Field string
	// Errors are one or more sentences for people. They hold nothing that the
	// client sent.
	Errors []string
}

// Error names the fields at fault, and nothing that the client sent.
func (e *BodyError) Error() string {
	parts := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		parts[i] = strings.TrimPrefix(f.Field+": "+strings.Join(f.Errors, " "), ": ")
	}
	return "invalid body: " + strings.Join(parts, "; ")
}

// panicError is what a handler's panic becomes: an internal error to the door,
// a stack to the log.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

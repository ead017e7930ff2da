package apitest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"matricula/api"
)

// Book is the description of the doors with some tags, and what has come so far
// of what it describes.
type Book struct {
	doc   *openapi3.T
	doors []door
	tags  []string

	mu   sync.Mutex // guards what follows
	seen seen
}

// door is an entry of x-doors: what answers beside the operations.
type door struct {
	Tag      string
	Prefixes []string
	Every    []string // headers of every answer
	Listed   []string // more headers, of answers to a listed origin

	// The names of responses, in components: to a path that is not there, to a
	// method that the path doesn't have, and to a granted preflight of a listed origin,
	// "" at a door that grants none. One that is not granted is a method like any other.
	Nowhere, Method, Preflight string
}

// beside are the door's responses beside the operations, by status.
func (d door) beside() map[string]int {
	all := map[string]int{d.Nowhere: http.StatusNotFound, d.Method: http.StatusMethodNotAllowed}
	if d.Preflight != "" {
		all[d.Preflight] = http.StatusNoContent
	}
	return all
}

// Open answers a Book of openapi.yaml for the doors with these tags, in which
// nothing has come yet. It fails t when the description is none.
func Open(t testing.TB, tags ...string) *Book {
	t.Helper()
	once, err := described()
	if err != nil {
		t.Fatal(err)
	}
	return &Book{doc: once.doc, doors: once.doors, tags: tags, seen: newSeen()}
}

// described reads openapi.yaml, once.
var described = sync.OnceValues(func() (*Book, error) { return read(api.Description) })

// read reads a description and checks it by OpenAPI's rules, each example by its
// schema.
func read(text []byte, tags ...string) (*Book, error) {
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, fmt.Errorf("the description: %w", err)
	}
	if err := doc.Validate(context.Background(), openapi3.EnableMultiError()); err != nil {
		return nil, fmt.Errorf("the description: %w", err)
	}
	b := &Book{doc: doc, tags: tags, seen: newSeen()}
	doors, err := json.Marshal(doc.Extensions["x-doors"])
	if err == nil {
		err = json.Unmarshal(doors, &b.doors)
	}
	if err != nil {
		return nil, fmt.Errorf("the description: x-doors: %w", err)
	}
	for _, d := range b.doors {
		if err := d.check(doc); err != nil {
			return nil, fmt.Errorf("the description: x-doors: %w", err)
		}
	}
	return b, nil
}

// check wants everything that the entry names to be there.
func (d door) check(doc *openapi3.T) error {
	for _, name := range slices.Concat(d.Every, d.Listed) {
		if doc.Components.Headers[name] == nil {
			return fmt.Errorf("there is no header %s", name)
		}
	}
	for name := range d.beside() {
		if doc.Components.Responses[name] == nil {
			return fmt.Errorf("there is no response %q", name)
		}
	}
	return nil
}

// door answers the door that takes a path: the longest prefix counts, in whole
// segments.
func (b *Book) door(path string) (door, bool) {
	var found door
	longest := -1
	for _, d := range b.doors {
		for _, prefix := range d.Prefixes {
			below, ok := strings.CutPrefix(path, prefix)
			if ok && (below == "" || below[0] == '/') && len(prefix) > longest {
				found, longest = d, len(prefix)
			}
		}
	}
	return found, longest >= 0
}

// path answers the described path that matches one as it was sent. Parameters
// take one segment, which is not empty.
func (b *Book) path(sent string) (pattern string, item *openapi3.PathItem) {
	segments := strings.Split(sent, "/")
	for _, pattern := range b.doc.Paths.InMatchingOrder() {
		if matches(strings.Split(pattern, "/"), segments) {
			return pattern, b.doc.Paths.Value(pattern)
		}
	}
	return "", nil
}

func matches(pattern, segments []string) bool {
	return slices.EqualFunc(pattern, segments, func(want, got string) bool {
		return want == got || strings.HasPrefix(want, "{") && got != ""
	})
}

// expected is the description of one answer.
type expected struct {
	key      key
	door     door
	response *openapi3.Response
	op       *openapi3.Operation // nil for an answer beside the operations
	allow    string              // the methods of the path, where they must be told
}

// key names a described answer: "POST /api/user/login", 200; or for an answer
// beside the operations the name of its response.
type key struct {
	where  string
	status int
}

// holds reports whether the path is one that the program sends to a door with one
// of the book's tags.
func (b *Book) holds(path string) bool {
	d, ok := b.door(path)
	return ok && slices.Contains(b.tags, d.Tag)
}

// expect answers how the answer to a request is described, or what is wrong
// where it is not.
func (b *Book) expect(r *http.Request, answer *http.Response) (e expected, wrong string) {
	sent := r.URL.EscapedPath()
	d, _ := b.door(sent)
	pattern, item := b.path(sent)
	switch {
	case isPreflight(r, answer) && answer.StatusCode == http.StatusNoContent:
		return b.beside(d, d.Preflight, answer)
	case item == nil:
		return b.beside(d, d.Nowhere, answer)
	case item.GetOperation(r.Method) == nil:
		e, wrong = b.beside(d, d.Method, answer)
		e.allow = methods(item)
		return e, wrong
	}
	op := item.GetOperation(r.Method)
	if !slices.Contains(op.Tags, d.Tag) {
		return e, "the operation has another tag than its door"
	}
	described := op.Responses.Value(fmt.Sprint(answer.StatusCode))
	if described == nil {
		return e, "this status is not described"
	}
	return expected{
		key: key{r.Method + " " + pattern, answer.StatusCode}, door: d, response: described.Value, op: op,
	}, ""
}

// beside is expect for what is no operation.
func (b *Book) beside(d door, name string, answer *http.Response) (e expected, wrong string) {
	status := d.beside()[name]
	if answer.StatusCode != status {
		return e, fmt.Sprintf("there is no such operation, so the answer must be %d", status)
	}
	return expected{key: key{name, status}, door: d, response: b.doc.Components.Responses[name].Value}, ""
}

// isPreflight reports whether a request is the preflight of an origin that may
// call.
func isPreflight(r *http.Request, answer *http.Response) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" &&
		answer.Header.Get("Access-Control-Allow-Origin") != ""
}

// methods are those of a path, as Allow tells them.
func methods(item *openapi3.PathItem) string {
	var all []string
	for method := range item.Operations() {
		all = append(all, method)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

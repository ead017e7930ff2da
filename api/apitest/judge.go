package apitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
)

// judge says what is wrong with an answer, and notes what came.
func (b *Book) judge(r *http.Request, sent []byte, rec *httptest.ResponseRecorder) []string {
	answer := rec.Result()
	e, wrong := b.expect(r, answer)
	if wrong != "" {
		return []string{wrong}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen.answers[e.key] = true
	all := b.headers(e, answer)
	if r.Method != http.MethodHead {
		all = append(all, b.body(e, answer, rec.Body.Bytes())...)
	}
	if e.op != nil && answer.StatusCode < 400 {
		all = append(all, granted(b.doc, e.op, r, sent)...)
	}
	return all
}

// transport are the headers that HTTP itself, or the type of a body, is about.
var transport = []string{"Content-Length", "Content-Type", "Date"}

// headers says what is wrong with the headers of an answer.
func (b *Book) headers(e expected, answer *http.Response) (wrong []string) {
	described := b.describedHeaders(e, answer)
	for _, name := range slices.Sorted(maps.Keys(described)) {
		values := answer.Header.Values(name)
		if len(values) == 0 {
			if described[name].Required {
				wrong = append(wrong, "there is no "+name)
			}
			continue
		}
		b.seen.headers[headerKey{e.key, name}] = true
		value := strings.Join(values, ", ")
		if err := visit(described[name].Schema.Value, headerValue(described[name], value)); err != nil {
			wrong = append(wrong, fmt.Sprintf("%s %q: %v", name, value, err))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(answer.Header)) {
		if described[name] == nil && !slices.Contains(transport, name) {
			wrong = append(wrong, name+" is not described")
		}
	}
	if e.allow != "" && answer.Header.Get("Allow") != e.allow {
		wrong = append(wrong, fmt.Sprintf("Allow is %q, and the path has %s", answer.Header.Get("Allow"), e.allow))
	}
	return wrong
}

// describedHeaders are the headers of an answer's own description, and those that
// each answer of its door has.
func (b *Book) describedHeaders(e expected, answer *http.Response) map[string]*openapi3.Header {
	names := e.door.Every
	if answer.Header.Get("Access-Control-Allow-Origin") != "" && e.key.where != e.door.Preflight {
		names = slices.Concat(names, e.door.Listed)
	}
	all := map[string]*openapi3.Header{}
	for _, name := range names {
		all[http.CanonicalHeaderKey(name)] = b.doc.Components.Headers[name].Value
	}
	for name, header := range e.response.Headers {
		all[http.CanonicalHeaderKey(name)] = header.Value
	}
	return all
}

// headerValue is a header's value as its schema sees it.
func headerValue(header *openapi3.Header, value string) any {
	if n, err := strconv.ParseInt(value, 10, 64); err == nil && header.Schema.Value.Type.Is("integer") {
		return float64(n)
	}
	return value
}

// body says what is wrong with the body of an answer, and its type.
func (b *Book) body(e expected, answer *http.Response, text []byte) []string {
	kind := answer.Header.Get("Content-Type")
	if len(e.response.Content) == 0 {
		if len(text) > 0 || kind != "" {
			return []string{"it has a body, and none is described"}
		}
		return nil
	}
	media, _, err := mime.ParseMediaType(kind)
	content := e.response.Content[media]
	if err != nil || content == nil {
		return []string{fmt.Sprintf("the type %q is not described", kind)}
	}
	value, err := decode(media, text)
	if err != nil {
		return []string{err.Error()}
	}
	b.seen.bodies[e.door.Tag+" "+canonical(value)] = true
	wrong := b.members(content.Schema.Value, value, "")
	if err := visit(content.Schema.Value, value); err != nil {
		wrong = append(wrong, err.Error())
	}
	return wrong
}

// decode reads the one value of a body: JSON as such, anything else as a text.
func decode(media string, text []byte) (value any, err error) {
	if media != "application/json" && !strings.HasSuffix(media, "+json") {
		return string(text), nil
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	if err := dec.Decode(&value); err != nil {
		return nil, fmt.Errorf("the body is no JSON: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("the body has something after its JSON")
	}
	return value, nil
}

// granted says how a request that was granted breaks the description: then the
// description forbids what the server allows.
func granted(doc *openapi3.T, op *openapi3.Operation, r *http.Request, sent []byte) (wrong []string) {
	if !presents(doc, op, r) {
		wrong = append(wrong, "it was granted without what security asks for")
	}
	if op.RequestBody == nil {
		return wrong
	}
	value, err := decode("application/json", sent)
	if err == nil {
		err = visit(op.RequestBody.Value.Content["application/json"].Schema.Value, value)
	}
	if err != nil {
		wrong = append(wrong, "the request was granted: "+err.Error())
	}
	return wrong
}

// presents reports whether a request has the credential of one of the
// operation's alternatives.
func presents(doc *openapi3.T, op *openapi3.Operation, r *http.Request) bool {
	if op.Security == nil || len(*op.Security) == 0 {
		return true
	}
	for _, alternative := range *op.Security {
		for name := range alternative {
			scheme := doc.Components.SecuritySchemes[name].Value
			switch {
			case scheme.Type == "http":
				kind, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
				if strings.EqualFold(kind, scheme.Scheme) {
					return true
				}
			case len(r.CookiesNamed(scheme.Name)) > 0:
				return true
			}
		}
	}
	return false
}

// verdicts are those on values that came before: a schema is compiled anew for each
// visit, and most refusals come hundreds of times.
var verdicts sync.Map

// visit holds a value to a schema.
func visit(schema *openapi3.Schema, value any) error {
	type question struct {
		schema *openapi3.Schema
		value  string
	}
	q := question{schema, canonical(value)}
	if known, ok := verdicts.Load(q); ok {
		err, _ := known.(error)
		return err
	}
	err := schema.VisitJSON(value, openapi3.EnableJSONSchema2020())
	verdicts.Store(q, err)
	return err
}

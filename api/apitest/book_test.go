package apitest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// page describes a counter of one door.
const page = `
openapi: 3.1.0
info: {title: A counter, version: '1'}
tags: [{name: counter}]
x-doors:
  - tag: counter
    prefixes: [/count]
    every: [X-Counter]
    listed: [Access-Control-Allow-Origin]
    nowhere: Nowhere
    method: Method
    preflight: Preflight
paths:
  /count/{name}:
    post:
      tags: [counter]
      security: [{key: []}, {jar: []}]
      parameters: [{name: name, in: path, required: true, schema: {type: string}}]
      requestBody:
        content: {application/json: {schema: {type: object, required: [by], properties: {by: {type: integer, maximum: 9}}}}}
      responses:
        '200':
          description: counted
          headers: {X-Left: {required: true, schema: {type: integer, minimum: 1}}, X-Note: {schema: {type: string}}}
          content:
            application/json:
              schema:
                allOf:
                  - {type: object, required: [sum], properties: {sum: {type: integer}}}
                  - {type: object, properties: {past: {type: array, items: {type: object, properties: {by: {type: integer}}}}}}
        '400':
          description: refused
          content:
            application/json:
              schema: {$ref: '#/components/schemas/No'}
              examples: {no: {value: {no: way}}}
components:
  securitySchemes: {key: {type: http, scheme: bearer}, jar: {type: apiKey, in: cookie, name: jar}}
  schemas: {No: {type: object, required: [no], properties: {no: {type: string}}}}
  headers:
    X-Counter: {required: true, schema: {type: string, const: here}}
    Access-Control-Allow-Origin: {required: true, schema: {type: string}}
    Allow: {required: true, schema: {type: string}}
  responses:
    Nowhere: {description: nowhere}
    Method: {description: no method, headers: {Allow: {$ref: '#/components/headers/Allow'}}}
    Preflight: {description: go, headers: {Access-Control-Allow-Origin: {$ref: '#/components/headers/Access-Control-Allow-Origin'}}}
`

// reply is what a counter answers.
type reply struct {
	status  int
	headers map[string]string
	body    string
}

func (a reply) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("X-Counter", "here")
	for name, value := range a.headers {
		w.Header().Set(name, value)
		if value == "" {
			w.Header().Del(name)
		}
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

// with is the reply with a header more, or less where the value is "".
func (a reply) with(name, value string) reply {
	headers := map[string]string{name: value}
	for n, v := range a.headers {
		if n != name {
			headers[n] = v
		}
	}
	a.headers = headers
	return a
}

var (
	counted = reply{200, map[string]string{"Content-Type": "application/json", "X-Left": "3"}, `{"sum":5,"past":[{"by":5}]}`}
	refused = reply{400, map[string]string{"Content-Type": "application/json"}, `{"no":"way"}`}
	nowhere = reply{status: 404}
	method  = reply{405, map[string]string{"Allow": "POST"}, ""}
	listed  = reply{204, map[string]string{"Access-Control-Allow-Origin": "x"}, ""}
	denied  = method.with("Access-Control-Allow-Origin", "x")
)

// ask sends a request to a reply and answers what the book says of it.
func ask(b *Book, answer reply, method, path, body string) []string {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer x")
	if method == "OPTIONS" {
		r.Header.Set("Access-Control-Request-Method", "POST")
	}
	if strings.HasSuffix(path, "?stranger") {
		r.Header.Del("Authorization")
	}
	if strings.HasSuffix(path, "?jar") {
		r.Header.Set("Cookie", "jar=x")
		r.Header.Del("Authorization")
	}
	rec := httptest.NewRecorder()
	answer.ServeHTTP(rec, r)
	return b.judge(r, []byte(body), rec)
}

func counter(t *testing.T) *Book {
	t.Helper()
	b, err := read([]byte(page), "counter")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestNoUndescribedAnswerPasses(t *testing.T) {
	tests := []struct {
		name               string
		answer             reply
		method, path, body string
		want               string // "" where nothing is wrong
	}{
		{"as described", counted, "POST", "/count/a", `{"by":5}`, ""},
		{"in another way", counted, "POST", "/count/a?jar", `{"by":5,"more":1}`, ""},
		{"a header more, and CORS", counted.with("X-Note", "hello").with("Access-Control-Allow-Origin", "x"), "POST", "/count/a", `{"by":5}`, ""},
		{"refused", refused, "POST", "/count/a?stranger", `{`, ""},
		{"nowhere", nowhere, "POST", "/count/a/b", ``, ""},
		{"no name", nowhere, "POST", "/count/", ``, ""},
		{"another method", method, "GET", "/count/a", ``, ""},
		{"preflight", listed, "OPTIONS", "/count/a", ``, ""},
		{"refused preflight", denied, "OPTIONS", "/count/a", ``, ""},
		{"preflight refused in another way", reply{403, listed.headers, ""}, "OPTIONS", "/count/a", ``, "the answer must be 405"},
		{"preflight of others", method, "OPTIONS", "/count/a", ``, ""},

		{"another status", reply{status: 418}, "POST", "/count/a", `{"by":5}`, "this status is not described"},
		{"nowhere is something", counted, "POST", "/count", `{"by":5}`, "the answer must be 404"},
		{"an undescribed method", counted, "PUT", "/count/a", `{"by":5}`, "the answer must be 405"},
		{"other methods than there are", method.with("Allow", "GET, POST"), "GET", "/count/a", ``, `Allow is "GET, POST", and the path has POST`},
		{"without what every answer has", counted.with("X-Counter", ""), "POST", "/count/a", `{"by":5}`, "there is no X-Counter"},
		{"without a header of its own", counted.with("X-Left", ""), "POST", "/count/a", `{"by":5}`, "there is no X-Left"},
		{"a header that is wrong", counted.with("X-Left", "0"), "POST", "/count/a", `{"by":5}`, `X-Left "0"`},
		{"a header that is no number", counted.with("X-Left", "soon"), "POST", "/count/a", `{"by":5}`, `X-Left "soon"`},
		{"a header that nobody knows", counted.with("Set-Cookie", "x=y"), "POST", "/count/a", `{"by":5}`, "Set-Cookie is not described"},
		{"a body where there is none", reply{404, nil, "x"}, "POST", "/count", ``, "it has a body"},
		{"another type", counted.with("Content-Type", "text/html"), "POST", "/count/a", `{"by":5}`, `the type "text/html"`},
		{"no type", counted.with("Content-Type", ""), "POST", "/count/a", `{"by":5}`, `the type "`},
		{"no JSON", reply{200, counted.headers, `{`}, "POST", "/count/a", `{"by":5}`, "the body is no JSON"},
		{"two JSONs", reply{200, counted.headers, `{"sum":5} {}`}, "POST", "/count/a", `{"by":5}`, "something after its JSON"},
		{"a member is missing", reply{200, counted.headers, `{}`}, "POST", "/count/a", `{"by":5}`, "sum"},
		{"a member is of another type", reply{200, counted.headers, `{"sum":"5"}`}, "POST", "/count/a", `{"by":5}`, "/sum"},
		{"a member that nobody knows", reply{200, counted.headers, `{"sum":5,"more":1}`}, "POST", "/count/a", `{"by":5}`, "/more is not described"},
		{"one deep down", reply{200, counted.headers, `{"sum":5,"past":[{},{"at":1}]}`}, "POST", "/count/a", `{"by":5}`, "/past/1/at is not described"},
		{"granted to a stranger", counted, "POST", "/count/a?stranger", `{"by":5}`, "without what security asks for"},
		{"granted in spite of its body", counted, "POST", "/count/a", `{"by":10}`, "the request was granted"},
		{"granted without a body", counted, "POST", "/count/a", ``, "the request was granted"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ask(counter(t), tt.answer, tt.method, tt.path, tt.body)
			switch {
			case tt.want == "" && len(got) > 0:
				t.Errorf("got %q, want nothing wrong", got)
			case tt.want != "" && !strings.Contains(fmt.Sprint(got), tt.want):
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestNoDescribedAnswerIsMissed leaves one thing at a time out of a story that
// tells everything.
func TestNoDescribedAnswerIsMissed(t *testing.T) {
	const sent = `{"by":5}`
	type told struct {
		answer             reply
		method, path, body string
	}
	story := func() []told {
		return []told{
			{counted.with("X-Note", "x"), "POST", "/count/a", sent},
			{refused, "POST", "/count/a", sent},
			{nowhere, "GET", "/count", ""},
			{method, "GET", "/count/a", ""},
			{listed, "OPTIONS", "/count/a", ""},
		}
	}
	tests := []struct {
		name   string
		change func([]told)
		want   []string
	}{
		{"all told", func([]told) {}, nil},
		{"a status", func(s []told) { s[0] = s[1] }, []string{"POST /count/{name}: 200"}},
		{"a header", func(s []told) { s[0].answer = counted }, []string{"POST /count/{name}: 200 with X-Note"}},
		{"a member", func(s []told) { s[0].answer.body = `{"sum":5}` }, []string{"POST /count/{name}: 200 with past"}},
		{"a member deep down", func(s []told) { s[0].answer.body = `{"sum":5,"past":[]}` }, []string{"POST /count/{name}: 200 past with by"}},
		{"an example's words", func(s []told) { s[1].answer.body = `{"no":"thanks"}` }, []string{"POST /count/{name}: 400 in the words of its example no"}},
		{"no such path", func(s []told) { s[2] = s[3] }, []string{"Nowhere: 404"}},
		{"no such method", func(s []told) { s[3] = s[2] }, []string{"Method: 405"}},
		{"a preflight", func(s []told) { s[4] = s[3] }, []string{"Preflight: 204"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, all := counter(t), story()
			tt.change(all)
			for _, one := range all {
				if wrong := ask(b, one.answer, one.method, one.path, one.body); len(wrong) > 0 {
					t.Fatal(wrong)
				}
			}
			if got := b.missing(); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// failures counts what a test would have failed with.
type failures struct {
	testing.TB
	said []string
}

func (f *failures) Helper() {}

func (f *failures) Errorf(format string, args ...any) {
	f.said = append(f.said, fmt.Sprintf(format, args...))
}

func TestHoldAnswersAsTheHandlerDoes(t *testing.T) {
	b, f := counter(t), &failures{TB: t}
	h := b.Hold(f, counted.with("Set-Cookie", "a=b"))
	for _, path := range []string{"/count/a", "/elsewhere"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("POST", path, strings.NewReader(`{"by":5}`))
		r.Header.Set("Authorization", "Bearer x")
		h.ServeHTTP(w, r)
		if w.Code != 200 || w.Body.String() != counted.body || w.Header().Get("Set-Cookie") != "a=b" {
			t.Errorf("%s: got %d %v %s", path, w.Code, w.Header(), w.Body)
		}
	}
	if len(f.said) != 1 || !strings.Contains(f.said[0], "Set-Cookie is not described") {
		t.Errorf("got %q, want one failure", f.said)
	}
	f.said = nil
	b.Complete(f)
	if len(f.said) != 1 || !strings.Contains(f.said[0], "Nowhere: 404") {
		t.Errorf("got %q, want one failure", f.said)
	}
}

func TestADescriptionThatIsNoneIsRefused(t *testing.T) {
	for name, change := range map[string][2]string{
		"no YAML":                {"openapi: 3.1.0", "openapi: ["},
		"an example by no rule":  {"{no: way}", "{no: 1}"},
		"a reference to nothing": {"schemas/No'", "schemas/Yes'"},
		"an unknown response":    {"nowhere: Nowhere", "nowhere: Somewhere"},
		"an unknown header":      {"every: [X-Counter]", "every: [X-Sum]"},
		"no list of doors":       {"x-doors:", "x-doors: 1\nx-more:"},
	} {
		text := strings.Replace(page, change[0], change[1], 1)
		if text == page {
			t.Fatalf("%s: nothing was changed", name)
		}
		if _, err := read([]byte(text)); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

// TestOpen reads openapi.yaml itself.
func TestOpen(t *testing.T) {
	b := Open(t, "clubs")
	if pattern, _ := b.path("/api/user/confirm/x"); pattern != "/api/user/confirm/{confirm_token}" {
		t.Errorf("got %q", pattern)
	}
	for path, tag := range map[string]string{
		"/api/user/login": "clubs", "/api/cohorts": "cohorts", "/api/cohorts/current": "cohorts", "/api/cohort": "clubs", "/apis": "",
	} {
		if d, _ := b.door(path); d.Tag != tag {
			t.Errorf("%s: got the door of %q, want %q", path, d.Tag, tag)
		}
	}
}

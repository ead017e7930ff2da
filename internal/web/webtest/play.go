package webtest

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the answers of the transcripts from what comes back")

// Hook is what a line "! name argument…" calls. It may set variables.
type Hook func(t *testing.T, args []string, vars map[string]string)

// Hooks are the hooks of a test, by name.
type Hooks map[string]Hook

// Play plays the transcript in file against h and fails the test at the first
// answer that is not as written; what comes after it would follow from it. vars
// may be nil; what the transcript keeps is put into it. See the package comment.
func Play(t *testing.T, h http.Handler, file string, vars map[string]string, hooks ...Hooks) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	list, err := parse(string(text))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if vars == nil {
		vars = make(map[string]string)
	}
	all := make(Hooks)
	for _, some := range hooks {
		maps.Copy(all, some)
	}
	for _, e := range list {
		if err := runHooks(t, e, vars, all); err != nil {
			t.Fatalf("%s:%d: %v", file, e.line, err)
		}
		if err := play(h, e, vars, *update); err != nil {
			t.Fatalf("%s:%d: %v", file, e.line, err)
		}
	}
	if *update {
		rewrite(t, file, string(text), render(list))
	}
}

func rewrite(t *testing.T, file, was, now string) {
	t.Helper()
	if was == now {
		return
	}
	if err := os.WriteFile(file, []byte(now), 0o644); err != nil {
		t.Fatal(err)
	}
}

func runHooks(t *testing.T, e *exchange, vars map[string]string, hooks Hooks) error {
	t.Helper()
	for _, words := range e.hooks {
		hook, ok := hooks[words[0]]
		if !ok {
			return fmt.Errorf("there is no hook %q", words[0])
		}
		args := make([]string, len(words)-1)
		for i, word := range words[1:] {
			var err error
			if args[i], err = expand(word, vars); err != nil {
				return err
			}
		}
		hook(t, args, vars)
	}
	return nil
}

// play plays one exchange: it compares the answer, or with rewrite puts what came
// back in its place.
func play(h http.Handler, e *exchange, vars map[string]string, rewrite bool) error {
	if e.request == nil {
		return nil
	}
	req, err := e.request.send(vars)
	if err != nil {
		return err
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	got := rec.Result()

	m := &matcher{vars: vars, kept: make(map[string]string)}
	if rewrite {
		e.answer = m.rewritten(e.answer, got, rec.Body.String())
	} else if err := m.answer(e.answer, got, rec.Body.String()); err != nil {
		return fmt.Errorf("%s: %w\ngot\n%s", e.request.start, err, show(got, rec.Body.String()))
	}
	maps.Copy(vars, m.kept)
	return nil
}

// send makes the request that m describes.
func (m *message) send(vars map[string]string) (req *http.Request, err error) {
	start, err := expand(m.start, vars)
	if err != nil {
		return nil, err
	}
	body, err := expand(m.body, vars)
	if err != nil {
		return nil, err
	}
	method, target, ok := strings.Cut(start, " ")
	if !ok {
		return nil, fmt.Errorf("%q is not a method and a path", start)
	}
	defer func() { // the way httptest says that the target is none
		if v := recover(); v != nil {
			err = fmt.Errorf("%q: %v", start, v)
		}
	}()
	req = httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, line := range m.headers {
		value, err := expand(line[1], vars)
		if err != nil {
			return nil, err
		}
		setHeader(req, line[0], value)
	}
	return req, nil
}

func setHeader(req *http.Request, name, value string) {
	switch name = http.CanonicalHeaderKey(name); {
	case name == "Host":
		req.Host = value
	case value == "":
		req.Header.Del(name)
	case name == "Content-Type":
		req.Header.Set(name, value)
	default:
		req.Header.Add(name, value)
	}
}

// answer says how the answer differs from what is written.
func (m *matcher) answer(want *message, got *http.Response, body string) error {
	if want.start != strconv.Itoa(got.StatusCode) {
		return fmt.Errorf("got status %d, want %s", got.StatusCode, want.start)
	}
	for _, line := range want.headers {
		if err := m.header(line[0], line[1], got.Header.Values(line[0])); err != nil {
			return err
		}
	}
	return m.body(want.body, got, body)
}

func (m *matcher) header(name, want string, got []string) error {
	if want == "" && len(got) == 0 {
		return nil
	}
	for _, value := range got {
		if ok, err := m.text(want, value); ok || err != nil {
			return err
		}
	}
	return fmt.Errorf("got header %s %q, want %q", name, got, want)
}

func (m *matcher) body(want string, got *http.Response, body string) error {
	var ok bool
	var err error
	if want == "<any>" {
		return nil
	}
	if value, is := jsonBody(got, body); is && want != "" {
		var wanted any
		if wanted, err = decode(want); err != nil {
			return fmt.Errorf("the body as written: %w", err)
		}
		ok, err = m.value(wanted, value)
	} else {
		ok, err = m.text(want, strings.Trim(body, "\n"))
	}
	if err == nil && !ok {
		err = errors.New("the body differs, want\n" + want)
	}
	return err
}

// jsonBody returns the value of an answer that is JSON.
func jsonBody(got *http.Response, body string) (any, bool) {
	media, _, _ := mime.ParseMediaType(got.Header.Get("Content-Type"))
	if media != "application/json" && !strings.HasSuffix(media, "+json") {
		return nil, false
	}
	v, err := decode(body)
	return v, err == nil
}

// rewritten returns the answer that came, keeping of want what still matches and
// the choice of headers.
func (m *matcher) rewritten(want *message, got *http.Response, body string) *message {
	now := &message{start: strconv.Itoa(got.StatusCode)}
	for _, line := range want.headers {
		values := got.Header.Values(line[0])
		if m.header(line[0], line[1], values) != nil {
			line[1] = strings.ReplaceAll(strings.Join(values, ", "), "$", "$$")
		}
		now.headers = append(now.headers, line)
	}
	value, is := jsonBody(got, body)
	switch wanted, _ := decode(want.body); {
	case want.body == "<any>":
		now.body = want.body
	case is:
		now.body = encode(m.merge(wanted, value))
	case m.body(want.body, got, body) == nil:
		now.body = want.body
	default:
		now.body = strings.ReplaceAll(strings.Trim(body, "\n"), "$", "$$")
	}
	return now
}

// show writes an answer as a transcript would.
func show(got *http.Response, body string) string {
	lines := []string{strconv.Itoa(got.StatusCode)}
	for _, name := range []string{"Location", "Set-Cookie", "Allow", "Retry-After", "Www-Authenticate"} {
		for _, value := range got.Header.Values(name) {
			lines = append(lines, name+": "+value)
		}
	}
	if value, is := jsonBody(got, body); is {
		body = encode(value)
	}
	return strings.TrimSpace(strings.Join(lines, "\n") + "\n" + body)
}

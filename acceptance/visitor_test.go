package acceptance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"matricula/acceptance/outside"
)

// visitor calls one server as a front end does, or anybody else.
type visitor struct {
	base string           // scheme://host:port
	used *outside.Secrets // what passes by
	http *http.Client
}

func newVisitor(base string, used *outside.Secrets) *visitor {
	return &visitor{base: base, used: used, http: &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 64},
		Timeout:   20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}}
}

// answer is what came back.
type answer struct {
	call   string // what was asked
	status int
	header http.Header
	body   []byte
}

// object is the members of a JSON body, for asking and for reading.
type object = map[string]any

// call makes a call and answers what came back. body is nil, a text that is sent
// as it stands, or a value that is sent as JSON; headers are written "Name: value".
func (v *visitor) call(t *testing.T, method, path string, body any, headers ...string) answer {
	t.Helper()
	a, err := v.try(method, path, body, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// try is call for servers that may die meanwhile, and for other goroutines.
func (v *visitor) try(method, path string, body any, headers ...string) (answer, error) {
	sent, err := encode(body)
	if err != nil {
		return answer{}, err
	}
	r, err := http.NewRequest(method, v.base+path, bytes.NewReader(sent))
	if err != nil {
		return answer{}, err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	v.used.AddRequest(r)
	v.used.AddBody(sent)
	v.used.AddForm(string(sent))
	response, err := v.http.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", method, path, err)
	}
	v.used.AddBody(got)
	for _, cookie := range response.Cookies() {
		v.used.Add(cookie.Value)
	}
	return answer{method + " " + path, response.StatusCode, response.Header, got}, nil
}

func encode(body any) ([]byte, error) {
	switch b := body.(type) {
	case nil:
		return nil, nil
	case string:
		return []byte(b), nil
	}
	return json.Marshal(body)
}

// want fails the test unless the status is as it must be.
func (a answer) want(t *testing.T, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("%s: got %d, want %d: %s", a.call, a.status, status, a.body)
	}
	return a
}

// members reads the body, which must be a JSON object.
func (a answer) members(t *testing.T) object {
	t.Helper()
	var members object
	if err := json.Unmarshal(a.body, &members); err != nil {
		t.Fatalf("%s: %v: %s", a.call, err, a.body)
	}
	return members
}

// says fails the test unless a member of the body has this value.
func (a answer) says(t *testing.T, member string, want any) answer {
	t.Helper()
	if got := a.members(t)[member]; got != want {
		t.Fatalf("%s: %s is %v, want %v: %s", a.call, member, got, want, a.body)
	}
	return a
}

// bearer is the header that a token is presented in.
func bearer(token string) string { return "Authorization: Bearer " + token }

// decode reads the body into v.
func (a answer) decode(v any) error {
	if err := json.Unmarshal(a.body, v); err != nil {
		return fmt.Errorf("%s: %w: %s", a.call, err, a.body)
	}
	return nil
}

package clubs

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"matricula/internal/account"
	"matricula/internal/web"
)

// TestTheTableIsTotal holds the one table to the closed list of codes and to the
// failures of the shared room, either way.
func TestTheTableIsTotal(t *testing.T) {
	want := []error{
		web.ErrForeignOrigin, web.ErrNotFound, web.ErrTooLarge, web.ErrHeadersTooLarge, web.ErrUnsupportedType,
		context.DeadlineExceeded, context.Canceled, errMethod, errInternal,
	}
	for _, code := range account.Codes {
		want = append(want, code)
	}
	for _, kind := range want {
		a, ok := answers[kind]
		if !ok {
			t.Errorf("%v is not in the table", kind)
			continue
		}
		if a.status < 400 || a.reason == "" {
			t.Errorf("%v: got %d %q, want a refusal with words", kind, a.status, a.reason)
		}
		if got := kindOf(fmt.Errorf("sign up: %w", kind)); got != kind {
			t.Errorf("kindOf a wrapped %v: got %v", kind, got)
		}
	}
	for kind := range answers {
		if !slices.Contains(want, kind) {
			t.Errorf("%v is in the table, and nothing is refused with it", kind)
		}
	}
}

func TestRefusalsOnTheWire(t *testing.T) {
	tests := []struct {
		name    string
		err     error
		status  int
		body    string
		headers map[string]string
	}{
		{
			"a fault of the machine says nothing of itself",
			errors.New("disk on fire at 0xdead"), 500,
			`{"status":"error","reason":"Internal error."}`, nil,
		},
		{
			"a hidden cause stays hidden, whatever it is",
			&account.Error{Code: account.Busy, RetryAfter: 1500 * time.Millisecond, Err: account.Invalid}, 503,
			`{"status":"error","reason":"The service is busy. Try again in a moment."}`, map[string]string{"Retry-After": "2"},
		},
		{
			"out of time",
			fmt.Errorf("read account: %w", context.DeadlineExceeded), 503,
			`{"status":"error","reason":"The service is busy. Try again in a moment."}`, map[string]string{"Retry-After": "1"},
		},
		{
			"a limit without a time",
			account.TooMany, 429,
			`{"status":"error","reason":"Too many requests. Try again later."}`, map[string]string{"Retry-After": "1"},
		},
		{
			"the sentences of one member stand together",
			&account.Error{Code: account.WeakPassword, Fields: []account.FieldError{{Field: "password", Why: "One."}, {Field: "name", Why: "Two."}, {Field: "password", Why: "Three."}}}, 400,
			`{"status":"error","reason":"This password is not good enough.","data":[{"field":"password","errors":["One.","Three."]},{"field":"name","errors":["Two."]}]}`, nil,
		},
		{
			"only a body that does not validate has data",
			&account.Error{Code: account.NotOnRoster, Fields: []account.FieldError{{Field: "email", Why: "No."}}}, 404,
			`{"status":"error","reason":"This e-mail address is not on the list of club addresses."}`, nil,
		},
		{
			"401 says how to come back",
			account.Unauthenticated, 401,
			`{"status":"error","reason":"The token is missing, expired or revoked."}`, map[string]string{"WWW-Authenticate": "Bearer", "Retry-After": ""},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			refuse(w, httptest.NewRequest("POST", "/", nil), tt.err)
			if w.Code != tt.status || w.Body.String() != tt.body {
				t.Errorf("got %d %s, want %d %s", w.Code, w.Body, tt.status, tt.body)
			}
			for name, want := range tt.headers {
				if got := w.Header().Get(name); got != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestConfirmedKeepsTheOperatorsQuery(t *testing.T) {
	tests := []struct{ page, want string }{
		{"http://localhost:8080/club", "http://localhost:8080/club?confirmed=true"},
		{"https://clubs.test/signin?b=%20&a=1", "https://clubs.test/signin?b=%20&a=1&confirmed=true"},
		{"https://clubs.test/#/signin", "https://clubs.test/?confirmed=true#/signin"},
	}
	for _, tt := range tests {
		if got := confirmed(tt.page); got != tt.want {
			t.Errorf("confirmed(%q): got %q, want %q", tt.page, got, tt.want)
		}
	}
}

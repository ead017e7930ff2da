package cohorts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"matricula/internal/account"
	"matricula/internal/web"
)

func TestVerdictsAreTotal(t *testing.T) {
	known := []error{
		web.ErrNotFound, errMethod, web.ErrUnsupportedType, web.ErrTooLarge, web.ErrHeadersTooLarge, web.ErrForeignOrigin, context.DeadlineExceeded, context.Canceled, errInternal,
	}
	for _, code := range account.Codes {
		known = append(known, code)
	}
	for _, kind := range known {
		v, ok := verdicts[kind]
		if !ok {
			t.Errorf("%v: there is no verdict", kind)
			continue
		}
		if v.status < 400 || (v.status >= 500) != (kind == errInternal || kind == account.Busy || v.words == verdicts[account.Busy].words) {
			t.Errorf("%v: got status %d", kind, v.status)
		}
		if v.words == "" || strings.ContainsAny(v.words, "\r\n") {
			t.Errorf("%v: got %q, want a sentence", kind, v.words)
		}
		if got := kindOf(fmt.Errorf("sign in: %w", kind)); got != kind && kind != errMethod {
			t.Errorf("%v: got kind %v", kind, got)
		}
	}
	if len(verdicts) != len(known) {
		t.Errorf("got %d verdicts, want %d: one stands for nothing", len(verdicts), len(known))
	}
}

// What a stranger must not tell apart is told alike.
func TestUnconfirmedIsTheCommonRefusal(t *testing.T) {
	if got, want := verdicts[account.Unconfirmed], verdicts[account.SignInRefused]; got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRefuse(t *testing.T) {
	tests := []struct {
		name       string
		err        error
		status     int
		words      string
		retryAfter string
	}{
		{"a bare code", account.TokenInvalid, 400, verdicts[account.TokenInvalid].words, ""},
		{
			"the first field speaks", &account.Error{Code: account.WeakPassword, Fields: []account.FieldError{
				{Field: "password", Why: "Too short."}, {Field: "password", Why: "No digit."},
			}}, 400, "Too short.", "",
		},
		{
			"a field that is not of the input is not told",
			&account.Error{Code: account.NotFound, Fields: []account.FieldError{{Field: "cohort", Why: "There is no cohort 2026."}}},
			404, verdicts[account.NotFound].words, "",
		},
		{
			"the hidden cause stays hidden", &account.Error{Code: account.Invalid, Err: errors.New("dsn=secret")},
			400, verdicts[account.Invalid].words, "",
		},
		{
			"the code counts, not the cause", &account.Error{Code: account.Busy, RetryAfter: time.Second, Err: account.NotFound},
			503, verdicts[account.Busy].words, "1",
		},
		{"busy without a time", account.Busy, 503, verdicts[account.Busy].words, "1"},
		{
			"seconds are rounded up", &account.Error{Code: account.TooMany, RetryAfter: 899*time.Second + time.Millisecond},
			429, verdicts[account.TooMany].words, "900",
		},
		{
			"never at once", &account.Error{Code: account.TooMany, RetryAfter: -time.Second},
			429, verdicts[account.TooMany].words, "1",
		},
		{"a code of tomorrow", account.Code("new"), 500, verdicts[errInternal].words, ""},
		{"a fault", errors.New("SELECT secret FROM accounts"), 500, verdicts[errInternal].words, ""},
		{
			"a field of the body", &web.BodyError{Fields: []web.FieldError{{Field: "id", Errors: []string{"It is wrong.", "And more."}}}},
			400, "id: It is wrong.", "",
		},
		{"the whole body", &web.BodyError{Fields: []web.FieldError{{Errors: []string{"It is empty."}}}}, 400, "It is empty.", ""},
		{"nothing in particular", &web.BodyError{}, 400, verdicts[account.Invalid].words, ""},
		{"method", &web.MethodError{Allow: []string{"GET"}}, 405, verdicts[errMethod].words, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			refuse(w, httptest.NewRequest("GET", "/", nil), test.err)
			var body map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
				t.Fatal(err)
			}
			if w.Code != test.status || body["message"] != test.words || len(body) != 1 {
				t.Errorf("got %d %s, want %d %q", w.Code, w.Body, test.status, test.words)
			}
			if got := w.Header().Get("Retry-After"); got != test.retryAfter {
				t.Errorf("Retry-After: got %q, want %q", got, test.retryAfter)
			}
		})
	}
}

// A limit speaks alike for an account and for an address without one.
func TestTooManyTries(t *testing.T) {
	k := newKit(t, func(c *account.Config) { c.Limits = account.Limits{Failures: 2, Rest: 10 * time.Minute} })
	k.add(t, "ada@nus.test")
	var answers []string
	for _, email := range []string{"ada@nus.test", "nobody@nus.test"} {
		body := `{"email":"` + email + `","password":"wrong"}`
		for range 2 {
			if w := k.call("POST", "/api/auth/sign-in", body); w.Code != http.StatusUnauthorized {
				t.Fatalf("%s: got %d, want 401", email, w.Code)
			}
		}
		w := k.call("POST", "/api/auth/sign-in", body)
		if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "600" {
			t.Errorf("%s: got %d, Retry-After %q, want 429 and 600", email, w.Code, w.Header().Get("Retry-After"))
		}
		answers = append(answers, told(w))
	}
	if answers[0] != answers[1] {
		t.Errorf("got\n%s\nand\n%s", answers[0], answers[1])
	}
}

package pages

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"matricula/internal/account"
	"matricula/internal/web"
)

func TestEveryRefusalHasWords(t *testing.T) {
	for _, code := range account.Codes {
		said, ok := refusals[code]
		if !ok || said.text == "" || http.StatusText(said.status) == "" || said.status < 400 || said.status == 500 {
			t.Errorf("%s is told as %d %q", code, said.status, said.text)
		}
		for _, err := range []error{code, &account.Error{Code: code}, fmt.Errorf("wrapped: %w", code)} {
			if got := wordsFor(err); got != said {
				t.Errorf("%v is told as %v, want %v", err, got, said)
			}
		}
	}
	if len(refusals) != len(account.Codes) {
		t.Errorf("the table has %d lines for %d codes", len(refusals), len(account.Codes))
	}
}

func TestEveryFailureHasItsStatus(t *testing.T) {
	for _, c := range []struct {
		err   error
		want  int
		title string
	}{
		{web.ErrNotFound, 404, "Page not found"},
		{&web.MethodError{Allow: []string{"GET"}}, 405, "That did not work"},
		{web.ErrForeignOrigin, 403, "That did not work"},
		{web.ErrTooLarge, 413, "That did not work"},
		{web.ErrHeadersTooLarge, 431, "That did not work"},
		{web.ErrUnsupportedType, 415, "That did not work"},
		{malformed("x"), 400, "That did not work"},
		{fmt.Errorf("sign in: %w", context.DeadlineExceeded), 503, "Please wait a moment"},
		{fmt.Errorf("sign in: %w", context.Canceled), 503, "Please wait a moment"},
		{&account.Error{Code: account.TooMany}, 429, "Please wait a moment"},
		// A Code comes before what is hidden under it.
		{&account.Error{Code: account.Busy, Err: web.ErrNotFound}, 503, "Please wait a moment"},
		{errors.New("disk full"), 500, "Something went wrong"},
		{account.Code("unheard of"), 500, "Something went wrong"},
	} {
		said := wordsFor(c.err)
		if said.status != c.want || said.text == "" || titleOf(said.status) != c.title {
			t.Errorf("%v is told as %d %q %q, want %d %q", c.err, said.status, titleOf(said.status), said.text, c.want, c.title)
		}
	}
}

func TestRetryAfterIsNeverTooEarly(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&account.Error{Code: account.Busy, RetryAfter: time.Second}, "1"},
		{&account.Error{Code: account.Busy, RetryAfter: time.Second + 1}, "2"},
		{&account.Error{Code: account.TooMany, RetryAfter: 15 * time.Minute}, "900"},
		{&account.Error{Code: account.TooMany, RetryAfter: -time.Minute}, "1"},
		{account.TooMany, "1"},
		{context.DeadlineExceeded, "1"},
		{&account.Error{Code: account.Invalid, RetryAfter: time.Minute}, ""},
		{web.ErrNotFound, ""},
	} {
		w := httptest.NewRecorder()
		tellWhenToRetry(w, wordsFor(c.err), c.err)
		if got := w.Header().Get("Retry-After"); got != c.want {
			t.Errorf("%v: got Retry-After %q, want %q", c.err, got, c.want)
		}
	}
}

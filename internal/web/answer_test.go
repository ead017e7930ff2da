package web

import (
	"net/http/httptest"
	"testing"
	"time"
)

func TestRetryAfterIsNeverTooEarly(t *testing.T) {
	for wait, want := range map[time.Duration]string{
		-time.Minute: "1", 0: "1", time.Millisecond: "1", time.Second: "1", time.Second + 1: "2", 15 * time.Minute: "900",
	} {
		w := httptest.NewRecorder()
		RetryAfter(w, wait)
		if got := w.Header().Get("Retry-After"); got != want {
			t.Errorf("RetryAfter(%v): got %q, want %q", wait, got, want)
		}
	}
}

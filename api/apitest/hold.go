package apitest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Hold returns a handler that answers as next does, and fails t at each answer
// that is not as described. What came is noted in the book. A path that the
// program would send to another door is none of the book's business.
func (b *Book) Hold(t testing.TB, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !b.holds(r.URL.EscapedPath()) {
			next.ServeHTTP(w, r)
			return
		}
		var sent bytes.Buffer
		watched := r.WithContext(r.Context())
		watched.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(r.Body, &sent), r.Body}
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, watched)
		for _, wrong := range b.judge(r, sent.Bytes(), rec) {
			t.Errorf("%s %s: %d %.300s\n\tis not as api/openapi.yaml says: %s", r.Method, r.URL, rec.Code, rec.Body, wrong)
		}
		pass(w, rec)
	})
}

// pass hands a recorded answer on.
func pass(w http.ResponseWriter, rec *httptest.ResponseRecorder) {
	for name, values := range rec.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes()) // a recorder takes everything
}

// Complete fails t for each answer, header, member and refusal's example that is
// described for the book's tags and has not come.
func (b *Book) Complete(t testing.TB) {
	t.Helper()
	if missing := b.missing(); len(missing) > 0 {
		t.Errorf("api/openapi.yaml describes what never came:\n\t%s", strings.Join(missing, "\n\t"))
	}
}

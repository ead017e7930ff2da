package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// WriteJSON answers with v as JSON, without a line end. Members stand in the
// order of a struct's fields, or sorted for a map, so that equal values give equal
// bytes. It panics, before it has written anything, when v can't be encoded.
func WriteJSON(w http.ResponseWriter, status int, v any) {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	// The type and nosniff keep a browser from reading this as HTML.
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(fmt.Errorf("encode the answer: %w", err))
	}
	body.Truncate(body.Len() - 1)

	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	// An error here means that the client is gone: nobody is left to tell.
	_, _ = w.Write(body.Bytes())
}

// NoStore keeps every answer of next, refusals and panics included, out of
// caches and from being taken for another type than it says.
func NoStore(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

// StrictTransport tells browsers to come back over https only, for two years
// (RFC 6797). It is for a public address with https; the host's subdomains are
// not ours to speak for.
func StrictTransport(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", "max-age=63072000")
		next.ServeHTTP(w, r)
	})
}

// answer is a ResponseWriter that knows what has been sent.
type answer struct {
	http.ResponseWriter
	status int   // 0 until the header is written
	bytes  int64 // of the body
}

// watch returns w as an answer: w itself if it is one.
func watch(w http.ResponseWriter) *answer {
	if a, ok := w.(*answer); ok {
		return a
	}
	return &answer{ResponseWriter: w}
}

func (a *answer) started() bool { return a.status != 0 }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= 200 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(b)
	a.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// RetryAfter tells the client when to try again, in whole seconds (RFC 9110
// section 10.2.3): rounded up, so that who obeys is not turned away once more, and
// one at least.
func RetryAfter(w http.ResponseWriter, wait time.Duration) {
	seconds := int64((wait + time.Second - 1) / time.Second)
	w.Header().Set("Retry-After", strconv.FormatInt(max(1, seconds), 10))
}

package web_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"matricula/internal/web"
)

// BenchmarkReadBody reads the bodies that calls are made with: a small one, as of
// a login, and one of some 3 KB, as of a profile that is sent back.
func BenchmarkReadBody(b *testing.B) {
	small := `{"email":"chess@campus.example","password":"knights go in circles"}`
	large := `{"name":"Chess Club","tags":[1,12],"about_us":"` + strings.Repeat("We play on Fridays. ", 35) +
		`","social_media_links":{"website":"https://chess.campus.example","discord":null},"events":[` +
		strings.Repeat(`{"name":"Tournament","start":"2026-09-01T08:00:00Z"},`, 40) + `{}]}`
	for name, text := range map[string]string{"small": small, "large": large} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest(http.MethodPost, "/", nil)
			r.Header.Set("Content-Type", "application/json")
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
				body, err := web.ReadBody(r)
				if err != nil {
					b.Fatal(err)
				}
				if body.MaybeText("email"); body.Err() != nil {
					b.Fatal(body.Err())
				}
			}
		})
	}
}

// BenchmarkAnswer is what a call costs without its work: the request line, the
// headers, the origins, the route and the answer.
func BenchmarkAnswer(b *testing.B) {
	origins, err := web.NewOrigins("http://localhost:8080", nil)
	if err != nil {
		b.Fatal(err)
	}
	routes := web.NewRouter(func(w http.ResponseWriter, _ *http.Request, err error) {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	})
	routes.Handle("GET /api/auth/info", func(w http.ResponseWriter, _ *http.Request) error {
		web.WriteJSON(w, http.StatusOK, struct {
			ID   int64  `json:"id"`
			Name string `json:"name"`
		}{6, "Edsger Dijkstra"})
		return nil
	})
	log := slog.New(slog.NewJSONHandler(io.Discard, nil))
	h := web.Log(log, time.Now, nil, web.Split(map[string]http.Handler{"/api": web.NoStore(origins.CORS(routes))}, http.NotFoundHandler()))
	r := httptest.NewRequest(http.MethodGet, "/api/auth/info", nil)
	b.ReportAllocs()
	for b.Loop() {
		w := &unheard{header: http.Header{}}
		h.ServeHTTP(w, r)
		if w.status != http.StatusOK {
			b.Fatal(w.status)
		}
	}
}

// unheard is a ResponseWriter that keeps the status alone.
type unheard struct {
	header http.Header
	status int
}

func (u *unheard) Header() http.Header         { return u.header }
func (u *unheard) WriteHeader(status int)      { u.status = status }
func (u *unheard) Write(p []byte) (int, error) { return len(p), nil }

package docs

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"matricula/internal/web"
)

// gone is who has hung up: nothing can be written to it.
type gone struct{ *httptest.ResponseRecorder }

// Write fails as a connection does that the other side has cut.
func (gone) Write([]byte) (int, error) { return 0, errors.New("connection reset by peer") }

// TestWhoHangsUpIsNoErrorOfOurs: anybody can break off a download, so the log must
// not call it an error of the program.
func TestWhoHangsUpIsNoErrorOfOurs(t *testing.T) {
	var log bytes.Buffer
	h := web.Log(slog.New(slog.NewJSONHandler(&log, nil)), time.Now, nil, New())
	for _, path := range []string{"/openapi.yaml", "/docs", "/docs/swagger-ui.css"} {
		for _, encoding := range []string{"", "gzip"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Header.Set("Accept-Encoding", encoding)
			h.ServeHTTP(gone{httptest.NewRecorder()}, r)
		}
	}
	if strings.Contains(log.String(), "ERROR") {
		t.Errorf("the log tells of an error: %s", log.String())
	}
}

package pages

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

// gone is who has hung up: nothing can be written to it.
type gone struct{ *httptest.ResponseRecorder }

// Write fails as a connection does that the other side has cut.
func (gone) Write([]byte) (int, error) { return 0, errors.New("connection reset by peer") }

// TestWhoHangsUpIsNoErrorOfOurs: anybody can break off a download, so it must not
// count as a failure of the program.
func TestWhoHangsUpIsNoErrorOfOurs(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/style.css", nil)
	if err := asset("text/css", styleSheet)(gone{httptest.NewRecorder()}, r); err != nil {
		t.Errorf("a file: %v", err)
	}
	p := &pages{templates: parseTemplates()}
	if err := p.render(gone{httptest.NewRecorder()}, http.StatusOK, "resend", view{Title: titleResend}); err != nil {
		t.Errorf("a page: %v", err)
	}
}

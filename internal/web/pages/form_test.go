package pages

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"matricula/internal/web"
)

// FuzzReadForm: what is read is UTF-8 without NUL, and what is refused is refused
// as one of three things.
func FuzzReadForm(f *testing.F) {
	f.Add("application/x-www-form-urlencoded", "email=a%40x.test&tags=1&tags=2")
	f.Add("application/x-www-form-urlencoded; charset=utf-8", "a=%ff&b=%00;c")
	f.Add("application/json", "{}")
	f.Fuzz(func(t *testing.T, kind, body string) {
		r := httptest.NewRequest("POST", "/club", strings.NewReader(body))
		r.Header["Content-Type"] = []string{kind}
		form, err := readForm(httptest.NewRecorder(), r)
		if _, whole := errors.AsType[*web.BodyError](err); err != nil {
			if !whole && !errors.Is(err, web.ErrTooLarge) && !errors.Is(err, web.ErrUnsupportedType) {
				t.Fatalf("got %v", err)
			}
			return
		}
		for name, values := range form {
			for _, text := range append(values, name) {
				if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
					t.Errorf("got %q", text)
				}
			}
		}
	})
}

func TestOneTypeOnly(t *testing.T) {
	r := httptest.NewRequest("POST", "/club", strings.NewReader("a=b"))
	r.Header["Content-Type"] = []string{"application/x-www-form-urlencoded", "text/plain"}
	if _, err := readForm(httptest.NewRecorder(), r); !errors.Is(err, web.ErrUnsupportedType) {
		t.Errorf("got %v, want %v", err, web.ErrUnsupportedType)
	}
}

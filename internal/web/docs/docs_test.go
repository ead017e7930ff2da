package docs

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"matricula/api"
	"matricula/api/apitest"
	"matricula/internal/web"
)

// door is the door with its request lines, as the program has it.
func door() http.Handler {
	return web.Log(slog.New(slog.DiscardHandler), time.Now, nil, New())
}

func ask(h http.Handler, method, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestFilesAreServed holds the door to the description, which describes itself.
func TestFilesAreServed(t *testing.T) {
	book := apitest.Open(t, "description")
	h := book.Hold(t, door())
	for path, want := range map[string][]byte{"/openapi.yaml": api.Description, "/postman_collection.json": api.Collection} {
		if w := ask(h, "GET", path); w.Code != 200 || w.Body.String() != string(want) {
			t.Errorf("%s: got %d and %d octets, want the file", path, w.Code, w.Body.Len())
		}
		for method, status := range map[string]int{"HEAD": 200, "POST": 405, "DELETE": 405, "OPTIONS": 405} {
			if w := ask(h, method, path); w.Code != status {
				t.Errorf("%s %s: got %d, want %d", method, path, w.Code, status)
			}
		}
		if w := ask(h, "GET", path+"/"); w.Code != 404 {
			t.Errorf("%s/: got %d, want 404", path, w.Code)
		}
	}
	book.Complete(t)
	if !json.Valid(api.Collection) {
		t.Error("the collection is no JSON")
	}
}

var address = regexp.MustCompile(`(?:href|src)="([^"]+)"`)

// TestThePageLoadsWhatIsHere follows every address in the page, with gzip and
// without.
func TestThePageLoadsWhatIsHere(t *testing.T) {
	h := door()
	page := ask(h, "GET", "/docs")
	if page.Code != 200 || page.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("got %d %v", page.Code, page.Header())
	}
	followed := 0
	for _, found := range address.FindAllStringSubmatch(page.Body.String(), -1) {
		path := found[1]
		if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
			t.Errorf("the page loads %s, which is not here", path)
		}
		if !strings.HasPrefix(path, "/docs/") {
			continue // the icon of all pages, and the description
		}
		followed++
		packed, unpacked := ask(h, "GET", path, "Accept-Encoding", "br, gzip"), ask(h, "GET", path)
		if packed.Code != 200 || unpacked.Code != 200 {
			t.Errorf("%s: got %d and %d, want 200", path, packed.Code, unpacked.Code)
			continue
		}
		if packed.Header().Get("Content-Encoding") != "gzip" || unpacked.Header().Get("Content-Encoding") != "" {
			t.Errorf("%s: got encodings %q and %q", path, packed.Header().Get("Content-Encoding"), unpacked.Header().Get("Content-Encoding"))
		}
		for _, w := range []*httptest.ResponseRecorder{packed, unpacked} {
			if w.Header().Get("Vary") != "Accept-Encoding" || w.Header().Get("Cache-Control") != forGood {
				t.Errorf("%s: got Vary %q, Cache-Control %q", path, w.Header().Get("Vary"), w.Header().Get("Cache-Control"))
			}
		}
		r, err := gzip.NewReader(packed.Body)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(r); err != nil || string(text) != unpacked.Body.String() || len(text) == 0 {
			t.Errorf("%s: got two different files: %v", path, err)
		}
	}
	if followed != len(carriedParts()) {
		t.Errorf("the page loads %d of %d files", followed, len(carriedParts()))
	}
}

// TestThePageIsLockedUp looks at what keeps scripts of elsewhere, and others'
// frames, away from the page.
func TestThePageIsLockedUp(t *testing.T) {
	h := door()
	for _, path := range []string{"/docs", "/docs/page.js", "/docs/swagger-ui-bundle.js", "/docs/LICENSE"} {
		got := ask(h, "GET", path).Header()
		for name, want := range map[string]string{
			"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
			"Referrer-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if got.Get(name) != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got.Get(name), want)
			}
		}
	}
	if !strings.Contains(policy, "script-src 'self';") {
		t.Errorf("scripts may come from elsewhere: %s", policy)
	}
	page := ask(h, "GET", "/docs").Body.String()
	for _, inline := range []string{"<style", "style=", "onload", "javascript:", "http://", "https://"} {
		if strings.Contains(page, inline) {
			t.Errorf("the page holds %q", inline)
		}
	}
	if strings.Count(page, "<script") != strings.Count(page, "<script src=") {
		t.Error("the page holds a script")
	}
	script := ask(h, "GET", "/docs/page.js").Body.String()
	for _, want := range []string{"validatorUrl: null", "queryConfigEnabled: false", "persistAuthorization: false"} {
		if !strings.Contains(script, want) {
			t.Errorf("the script lacks %s", want)
		}
	}
}

func TestNothingElseIsThere(t *testing.T) {
	h := door()
	for _, path := range []string{"/docs/", "/docs/swagger-ui.js", "/docs/swagger-ui/VERSION", "/docs/../openapi.yaml", "/docs/page.html", "/openapi.yml"} {
		w := ask(h, "GET", path)
		if w.Code != 404 || w.Body.String() != "Not Found\n" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: got %d %q %v", path, w.Code, w.Body, w.Header())
		}
	}
	if w := ask(h, "POST", "/docs"); w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("got %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
	if w := ask(h, "GET", "/docs/LICENSE"); !strings.Contains(w.Body.String(), "SmartBear") || !strings.Contains(w.Body.String(), "Apache License") || !strings.Contains(w.Body.String(), "React") {
		t.Error("the licenses are not all there")
	}
}

func TestTakesGzip(t *testing.T) {
	for sent, want := range map[string]bool{
		"": false, "gzip": true, "GZIP": true, "deflate, gzip;q=0.5, br": true, "br,gzip": true, "gzip;q=0": false, "gzip; q=0.0": false,
		"gzip;q=x": false, "br": false, "*": false, "identity, gzip ; q=1": true, "notgzip": false, "gzip;level=9": true,
	} {
		if got := takesGzip(http.Header{"Accept-Encoding": {sent}}); got != want {
			t.Errorf("%q: got %v, want %v", sent, got, want)
		}
	}
	if takesGzip(nil) {
		t.Error("a client that says nothing takes nothing")
	}
}

func FuzzTakesGzip(f *testing.F) {
	for _, seed := range []string{"gzip", "br;q=1, gzip;q=0", "gzip;q=", ";;,gzip;;", "GZIP ; Q=0.1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sent string) {
		if takesGzip(http.Header{"Accept-Encoding": {sent}}) && !strings.Contains(strings.ToLower(sent), "gzip") {
			t.Errorf("%q does not take gzip", sent)
		}
		if strings.ContainsRune(strings.ToLower(sent), 'g') {
			return
		}
		if !takesGzip(http.Header{"Accept-Encoding": {sent, "gzip"}}) {
			t.Errorf("%q and gzip: want it taken", sent)
		}
	})
}

package pages

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"matricula/internal/account/accounttest"
	"matricula/internal/mail"
)

// letter puts a mail into the directory and answers its page.
func letter(t *testing.T, dir *mail.Dir, subject, text string) string {
	t.Helper()
	must(t, dir.Send(t.Context(), mail.Message{
		ID: "m1", From: "Campus Clubs <no-reply@x.test>", To: chess, Subject: subject, Text: text, Date: accounttest.Start,
	}))
	list, err := dir.List()
	must(t, err)
	return "/dev/mail/" + list[0].Name
}

func TestMailsOfDevelopmentAreShown(t *testing.T) {
	dir, err := mail.NewDir(t.TempDir())
	must(t, err)
	s := newSite(t, withMails(dir))
	b := s.browser(t)
	if p := b.open(t, "/dev/mail"); p.status != 200 || !strings.Contains(p.text(), "No mail yet.") {
		t.Errorf("without a mail: got %d %q", p.status, p.text())
	}
	const subject = `Confirm <script>alert(1)</script> "Chess"`
	const text = "Hello <b>Ada</b>,\n\n  open http://localhost:8080/a?b=1&c=<2> or (https://x.test/d).\njavascript:alert(1)\n"
	path := letter(t, dir, subject, text)
	if p := b.open(t, "/dev/mail"); linkTo(p, path) != subject || !strings.Contains(p.text(), "to "+chess) {
		t.Errorf("the list says %q", p.text())
	}
	p := b.open(t, path)
	if got := rawText(p.all("pre")[0]); got != text {
		t.Errorf("the letter reads %q, want %q", got, text)
	}
	for link, want := range map[string]bool{"http://localhost:8080/a?b=1&c=": true, "https://x.test/d": true, "javascript:alert(1)": false} {
		if got := linkTo(p, link) == link; got != want {
			t.Errorf("there is a link to %s: %v, want %v", link, got, want)
		}
	}
	for _, path := range []string{"/dev/mail/", "/dev/mail/x", "/dev/mail/..%2f..%2fetc%2fpasswd", "/dev/mail/%2e%2e", path + "x", strings.ToLower(path)} {
		if p := b.open(t, path); p.status != 404 {
			t.Errorf("%s: got %d, want 404", path, p.status)
		}
	}
}

// TestMailsAreForThisMachineAlone: they hold every secret there is.
func TestMailsAreForThisMachineAlone(t *testing.T) {
	dir, err := mail.NewDir(t.TempDir())
	must(t, err)
	letterPath := letter(t, dir, "Secret", "secret")
	h := New(Config{DevMail: dir, PublicURL: "http://localhost:8080"})
	for _, c := range []struct {
		peer, host, header string
		want               int
	}{
		{"127.0.0.1:5", "localhost:8080", "", 200},
		{"127.0.0.1:5", "localhost", "", 200},
		{"127.8.9.1:5", "127.0.0.1:8080", "", 200},
		{"[::1]:5", "[::1]:8080", "", 200},
		{"[::1]:5", "[::1]", "", 200},
		{"[::ffff:127.0.0.1]:5", "localhost:8080", "", 200},

		{"192.0.2.1:5", "localhost:8080", "", 404},
		{"[2001:db8::1]:5", "localhost:8080", "", 404},
		{"", "localhost:8080", "", 404},
		{"@", "localhost:8080", "", 404},

		// A name elsewhere that was made to lead here (DNS rebinding).
		{"127.0.0.1:5", "evil.test:8080", "", 404},
		{"127.0.0.1:5", "localhost.evil.test", "", 404},
		{"127.0.0.1:5", "evil.localhost:8080", "", 404},
		{"127.0.0.1:5", "127.0.0.1.evil.test", "", 404},
		{"127.0.0.1:5", "192.0.2.1:8080", "", 404},
		{"127.0.0.1:5", "0.0.0.0:8080", "", 404},
		{"127.0.0.1:5", "", "", 404},

		{"127.0.0.1:5", "localhost:8080", "Forwarded", 404},
		{"127.0.0.1:5", "localhost:8080", "X-Forwarded-For", 404},
		{"127.0.0.1:5", "localhost:8080", "X-Forwarded-Host", 404},
		{"127.0.0.1:5", "localhost:8080", "X-Forwarded-Proto", 404},
		{"127.0.0.1:5", "localhost:8080", "X-Forwarded-Server", 404},
		{"127.0.0.1:5", "localhost:8080", "X-Real-IP", 404},
		{"127.0.0.1:5", "localhost:8080", "Via", 404},
	} {
		for _, value := range []string{"127.0.0.1", ""} {
			for _, path := range []string{"/dev/mail", letterPath} {
				r := httptest.NewRequest(http.MethodGet, path, nil)
				r.RemoteAddr, r.Host = c.peer, c.host
				if c.header != "" {
					r.Header.Set(c.header, value)
				}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if w.Code != c.want || c.want == 404 && strings.Contains(strings.ToLower(w.Body.String()), "secret") {
					t.Errorf("%s from %q to %q with %s %q: got %d, want %d", path, c.peer, c.host, c.header, value, w.Code, c.want)
				}
			}
		}
	}
}

func FuzzPieces(f *testing.F) {
	f.Add("see http://x.test/, and https://y.test.")
	f.Add("http://")
	f.Fuzz(func(t *testing.T, text string) {
		var all strings.Builder
		for _, piece := range pieces(text) {
			all.WriteString(piece.Text + piece.Link)
			if piece.Link != "" && !strings.HasPrefix(piece.Link, "http") {
				t.Errorf("the link is %q", piece.Link)
			}
		}
		if all.String() != text {
			t.Errorf("got %q, want %q", all.String(), text)
		}
	})
}

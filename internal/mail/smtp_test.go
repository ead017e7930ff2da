package mail

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

var credentials = url.UserPassword(testUser, testPassword).String() + "@"

// arrived answers the one mail that the server has.
func arrived(t *testing.T, s *testServer) received {
	t.Helper()
	mails := s.received()
	if len(mails) != 1 {
		t.Fatalf("got %d mails, want 1", len(mails))
	}
	return mails[0]
}

func TestSendEncrypted(t *testing.T) {
	cases := []struct {
		scheme    string
		implicit  bool
		mechanism string
	}{
		{"smtp", false, "PLAIN"},
		{"smtp", false, "LOGIN"},
		{"smtps", true, "PLAIN"},
		{"smtps", true, "LOGIN"},
	}
	for _, c := range cases {
		t.Run(c.scheme+" "+c.mechanism, func(t *testing.T) {
			cfg, roots := certificate(t, "mail.example.test")
			server := &testServer{mechanisms: []string{c.mechanism}}
			port := server.start(t, cfg, c.implicit)
			s := sender(t, c.scheme+"://"+credentials+"mail.example.test", port, roots)
			if err := s.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := len(server.received()); n != 0 {
				t.Fatalf("Check sent %d mails", n)
			}
			m := message()
			if err := s.Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			got := arrived(t, server)
			if got.from != "no-reply@clubs.example.edu" || len(got.to) != 1 || got.to[0] != m.To {
				t.Errorf("got envelope %q, %q", got.from, got.to)
			}
			stored, err := parseStored([]byte(got.data))
			if err != nil {
				t.Fatal(err)
			}
			if stored.Subject != m.Subject || stored.Text != m.Text || stored.HTML != m.HTML {
				t.Errorf("got %+v, want %+v", stored, m)
			}
			want := login{c.mechanism, testUser, testPassword, true}
			for _, l := range server.loggedIn() {
				if l != want {
					t.Errorf("got login %+v, want %+v", l, want)
				}
			}
		})
	}
}

func TestSendOnLoopback(t *testing.T) {
	stranger, _ := certificate(t, "somewhere.else.test")
	cases := []struct {
		name       string
		tls        *tls.Config
		mechanisms []string
		url        string
	}{
		{"plain", nil, nil, "smtp://localhost:"},
		{"plain by address", nil, nil, "smtp://127.0.0.1:"},
		{"plain with password", nil, []string{"PLAIN"}, "smtp://" + credentials + "localhost:"},
		{"plain with password, LOGIN", nil, []string{"LOGIN"}, "smtp://" + credentials + "127.0.0.1:"},
		{"certificate that nobody signed", stranger, []string{"PLAIN"}, "smtp://" + credentials + "localhost:"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			server := &testServer{mechanisms: c.mechanisms}
			port := server.start(t, c.tls, false)
			s, err := NewSMTP(SMTPConfig{URL: c.url + port})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Send(t.Context(), message()); err != nil {
				t.Fatal(err)
			}
			arrived(t, server)
			for _, l := range server.loggedIn() {
				if l.encrypted != (c.tls != nil) {
					t.Errorf("encrypted: got %v, want %v", l.encrypted, c.tls != nil)
				}
			}
		})
	}
}

// TestNothingGoesInPlainText: whatever is wrong with TLS, neither password nor
// mail leaves.
func TestNothingGoesInPlainText(t *testing.T) {
	good, roots := certificate(t, "mail.example.test")
	other, otherRoots := certificate(t, "other.example.test")
	old := good.Clone()
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	cases := []struct {
		name     string
		scheme   string
		tls      *tls.Config
		implicit bool
		want     string
	}{
		{"no STARTTLS", "smtp", nil, false, "STARTTLS: the server does not offer it"},
		{"wrong name", "smtp", other, false, "STARTTLS: "},
		{"wrong name, implicit", "smtps", other, true, "TLS: "},
		{"TLS 1.1", "smtp", old, false, "STARTTLS: "},
		{"TLS 1.1, implicit", "smtps", old, true, "TLS: "},
		{"no TLS where it is implicit", "smtps", nil, false, "TLS: "},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			server := &testServer{mechanisms: []string{"PLAIN", "LOGIN"}}
			port := server.start(t, c.tls, c.implicit)
			pool := roots
			if c.tls == other {
				pool = otherRoots
			}
			s := sender(t, c.scheme+"://"+credentials+"mail.example.test", port, pool)
			for _, act := range []func() error{
				func() error { return s.Send(t.Context(), message()) },
				func() error { return s.Check(t.Context()) },
			} {
				err := act()
				if err == nil || !strings.Contains(err.Error(), c.want) || Permanent(err) {
					t.Errorf("got %v, want one that passes and says %q", err, c.want)
				}
			}
			if len(server.loggedIn()) > 0 || len(server.received()) > 0 {
				t.Errorf("the server saw %+v, %+v", server.loggedIn(), server.received())
			}
		})
	}
}

func TestUnknownAuthorityIsRefused(t *testing.T) {
	cfg, _ := certificate(t, "mail.example.test")
	_, strangers := certificate(t, "mail.example.test")
	server := &testServer{mechanisms: []string{"PLAIN"}}
	port := server.start(t, cfg, false)
	s := sender(t, "smtp://"+credentials+"mail.example.test", port, strangers)
	if err := s.Send(t.Context(), message()); err == nil || Permanent(err) {
		t.Errorf("got %v, want an error that passes", err)
	}
	if len(server.loggedIn()) > 0 {
		t.Error("the password went to a stranger")
	}
}

func TestRefusals(t *testing.T) {
	reply := func(code int, a, b, c int) error {
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{a, b, c}, Message: "not\r\ntoday"}
	}
	cases := []struct {
		name       string
		rcpt, data error
		permanent  bool
	}{
		{"greylisted", reply(451, 4, 7, 1), nil, false},
		{"mailbox busy", reply(450, 4, 2, 1), nil, false},
		{"shutting down", reply(421, 4, 3, 2), nil, false},
		{"no such user", reply(550, 5, 1, 1), nil, true},
		{"relay access denied", reply(554, 5, 7, 1), nil, false},
		{"authentication required", reply(530, 5, 0, 0), nil, false},
		{"content refused", nil, reply(554, 5, 6, 0), true},
		{"too large", nil, reply(552, 5, 3, 4), true},
		{"out of space", nil, reply(452, 4, 3, 1), false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			server := &testServer{
				rcpt: func(string) error { return c.rcpt },
				data: func(string) error { return c.data },
			}
			s := sender(t, "smtp://localhost", server.start(t, nil, false), nil)
			err := s.Send(t.Context(), message())
			if err == nil {
				t.Fatal("the mail was taken")
			}
			if got := Permanent(fmt.Errorf("send mail 7: %w", err)); got != c.permanent {
				t.Errorf("%v: permanent %v, want %v", err, got, c.permanent)
			}
			if strings.ContainsFunc(err.Error(), breaksLine) {
				t.Errorf("the error has more than one line: %q", err)
			}
		})
	}
	if Permanent(nil) || Permanent(context.DeadlineExceeded) {
		t.Error("no error, or a late one, is permanent")
	}
}

func TestWrongPassword(t *testing.T) {
	for _, mechanism := range []string{"PLAIN", "LOGIN"} {
		server := &testServer{mechanisms: []string{mechanism}}
		port := server.start(t, nil, false)
		s := sender(t, "smtp://post:not-the-one@localhost", port, nil)
		err := s.Send(t.Context(), message())
		if err == nil || Permanent(err) || !strings.Contains(err.Error(), "AUTH: 535") {
			t.Errorf("%s: got %v, want one that passes and says 535", mechanism, err)
		}
		if err := s.Check(t.Context()); err == nil {
			t.Errorf("%s: Check found nothing", mechanism)
		}
	}
}

func TestNoKnownMechanism(t *testing.T) {
	server := &testServer{mechanisms: []string{"GSSAPI"}}
	s := sender(t, "smtp://"+credentials+"localhost", server.start(t, nil, false), nil)
	if err := s.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "AUTH: the server offers none") {
		t.Errorf("got %v", err)
	}
}

// TestOneMailForOnePerson: nothing in a mail makes the server see a second
// recipient, a second mail, or the end of the first.
func TestOneMailForOnePerson(t *testing.T) {
	smuggled := "MAIL FROM:<x@evil.test>\r\nRCPT TO:<y@evil.test>\r\nDATA\r\nSubject: smuggled\r\n\r\nhi\r\n.\r\n"
	server := &testServer{}
	s := sender(t, "smtp://localhost", server.start(t, nil, false), nil)
	for i, end := range []string{"\n.\n", "\n.\r\n", "\r\n.\n", "\r\n.\r\n", "\r.\r", "\r\n.\r", "\n\x00.\r\n"} {
		m := message()
		m.Text = "..dots\n.more" + end + smuggled
		m.HTML = "<pre>" + end + smuggled + "</pre>" + strings.Repeat("long ", 1000)
		if err := s.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		mails := server.received()
		if len(mails) != i+1 {
			t.Fatalf("%q: got %d mails, want %d", end, len(mails), i+1)
		}
		if got := mails[i]; len(got.to) != 1 || got.to[0] != m.To {
			t.Errorf("%q: got recipients %q", end, got.to)
		}
		stored, err := parseStored([]byte(mails[i].data))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(stored.Text, "..dots\n.more\n") || !strings.HasSuffix(stored.Text, "hi\n.\n") {
			t.Errorf("%q: the text changed: %q", end, stored.Text)
		}
	}
}

func TestTwoAttemptsAreOneMail(t *testing.T) {
	server := &testServer{}
	s := sender(t, "smtp://localhost", server.start(t, nil, false), nil)
	for range 2 {
		if err := s.Send(t.Context(), message()); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range server.received() {
		if want := "Message-ID: <0f1e2d3c@clubs.example.edu>\r\n"; !strings.Contains(m.data, want) {
			t.Errorf("got no %q in:\n%s", want, m.data)
		}
	}
}

func TestServerAway(t *testing.T) {
	away, err := NewSMTP(SMTPConfig{URL: "smtp://127.0.0.1:1", Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if err := away.Send(t.Context(), message()); err == nil || Permanent(err) {
		t.Errorf("got %v, want an error that passes", err)
	}
}

func TestNewSMTP(t *testing.T) {
	good := map[string]string{
		"smtp://mail.example.test":                       "smtp://mail.example.test:587",
		"smtps://mail.example.test":                      "smtps://mail.example.test:465",
		"SMTP://mail.example.test:25/":                   "smtp://mail.example.test:25",
		"smtp://u:p@bücher.test":                         "smtp://xn--bcher-kva.test:587",
		"smtp://u%40x.test:p%2Fw@mail.example.test:2525": "smtp://mail.example.test:2525",
		"smtp://[::1]:25":                                "smtp://[::1]:25",
		"smtp://10.0.0.1":                                "smtp://10.0.0.1:587",
	}
	for in, want := range good {
		s, err := NewSMTP(SMTPConfig{URL: in})
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if got := s.String(); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
	loopback := map[string]bool{
		"smtp://localhost": true, "smtp://127.9.9.9": true, "smtp://[::1]": true, "smtp://LOCALHOST": true,
		"smtp://localhost.evil.test": false, "smtp://10.0.0.1": false, "smtp://localhostx": false,
	}
	for in, want := range loopback {
		s, err := NewSMTP(SMTPConfig{URL: in})
		if err != nil {
			t.Fatal(err)
		}
		if s.loopback != want {
			t.Errorf("%s: loopback %v, want %v", in, s.loopback, want)
		}
	}
}

func TestPasswordIsNeverShown(t *testing.T) {
	bad := []string{
		"", "mail.example.test", "smtp:", "smtp://", "smtp://user:hunter2@", "smtp://:25", "http://user:hunter2@x.test",
		"user:hunter2@x.test:25", "smtp://user:hunter2@x.test:0", "smtp://user:hunter2@x.test:99999", "smtp://user:hunter2@x.test:",
		"smtp://user:hun/ter2@x.test", "smtp://user:hunter2#@x.test", "smtp://user:hunter2?@x.test", "smtp://user:hunter2%@x.test",
		"smtp://user:hunter2%0a@x.test", "smtp://user:hunter2%00@x.test", "smtp://user:hunter2@x.test/path",
		"smtp://user:hunter2@x.test?a=b", "smtp://user:hunter2@x_y.test", "smtp://user@x.test", "smtp://:hunter2@x.test",
		"smtp://user:hunter2@x test", "smtp://user:hunter2@x.test\n", " smtp://user:hunter2@x.test", "smtp://user:hunter2@[x.test]",
	}
	for _, in := range bad {
		_, err := NewSMTP(SMTPConfig{URL: in})
		if err == nil {
			t.Errorf("%q was taken", in)
			continue
		}
		if strings.Contains(err.Error(), "hun") || strings.Contains(err.Error(), "ter2") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: got %q", in, err)
		}
	}
	s, err := NewSMTP(SMTPConfig{URL: "smtps://user:hunter2@x.test"})
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if shown := fmt.Sprintf(verb, s); strings.Contains(shown, "hunter2") {
			t.Errorf("%s shows %s", verb, shown)
		}
	}
}

func TestHelloName(t *testing.T) {
	for _, good := range []string{"", "matricula", "matricula.example.edu", "[127.0.0.1]", "[IPv6:::1]"} {
		if _, err := NewSMTP(SMTPConfig{URL: "smtp://localhost", HelloName: good}); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"a b", "a\r\nMAIL FROM:<x@y>", "[x]", "[]", "a.", "[127.0.0.1"} {
		if _, err := NewSMTP(SMTPConfig{URL: "smtp://localhost", HelloName: bad}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

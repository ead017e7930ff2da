package mail

import (
	"bytes"
	netmail "net/mail"
	"strings"
	"testing"
	"time"
)

// message is a good mail, for tests to spoil.
func message() Message {
	return Message{
		ID:      "0f1e2d3c",
		From:    "Campus Clubs <no-reply@clubs.example.edu>",
		To:      "ada@example.edu",
		Subject: "Confirm your address",
		Text:    "Hello,\n\nopen this:\n\nhttps://clubs.example.edu/x?token=1\n",
		HTML:    "<p>Hello</p>\n",
		Date:    time.Date(2026, time.November, 22, 10, 15, 0, 0, time.UTC),
	}
}

// sealed seals a mail and reads it back with the standard library.
func sealed(t *testing.T, m Message) (envelope, *netmail.Message, Stored) {
	t.Helper()
	e, err := seal(m)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := netmail.ReadMessage(bytes.NewReader(e.data))
	if err != nil {
		t.Fatal(err)
	}
	s, err := parseStored(e.data)
	if err != nil {
		t.Fatal(err)
	}
	return e, msg, s
}

func TestSealedMail(t *testing.T) {
	m := message()
	e, msg, s := sealed(t, m)
	headers := map[string]string{
		"From":           `"Campus Clubs" <no-reply@clubs.example.edu>`,
		"To":             "<ada@example.edu>",
		"Subject":        "Confirm your address",
		"Message-Id":     "<0f1e2d3c@clubs.example.edu>",
		"Date":           "Sun, 22 Nov 2026 10:15:00 +0000",
		"Auto-Submitted": "auto-generated",
		"Mime-Version":   "1.0",
	}
	for name, want := range headers {
		if got := msg.Header[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if got, want := len(msg.Header), len(headers)+1; got != want {
		t.Errorf("got %d headers, want %d: %v", got, want, msg.Header)
	}
	if e.from != "no-reply@clubs.example.edu" || e.to != "ada@example.edu" {
		t.Errorf("got envelope %q, %q", e.from, e.to)
	}
	if s.Text != m.Text || s.HTML != m.HTML || s.Subject != m.Subject || !s.Date.Equal(m.Date) || s.To != m.To {
		t.Errorf("got %+v, want %+v", s, m)
	}
}

func TestTextAloneIsEnough(t *testing.T) {
	m := message()
	m.HTML = ""
	_, msg, s := sealed(t, m)
	if got, want := msg.Header.Get("Content-Type"), "text/plain; charset=UTF-8"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if s.Text != m.Text {
		t.Errorf("got %q, want %q", s.Text, m.Text)
	}
}

func TestUnicodeTravels(t *testing.T) {
	m := message()
	m.From = "Universität <no-reply@bücher.example>"
	m.To = "Ada@BÜCHER.example"
	m.Subject = "Bestätige deine Adresse für den Schachklub „Läufer“ — und noch ein paar Wörter mehr, 您好, 👩‍🎓"
	m.Text = "Grüße, 您好\n"
	e, msg, s := sealed(t, m)
	if e.to != "Ada@xn--bcher-kva.example" || e.from != "no-reply@xn--bcher-kva.example" {
		t.Errorf("got envelope %q, %q", e.from, e.to)
	}
	if got, want := msg.Header.Get("Message-Id"), "<0f1e2d3c@xn--bcher-kva.example>"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if s.Subject != m.Subject || s.Text != m.Text {
		t.Errorf("got %q, %q", s.Subject, s.Text)
	}
	if want := "Universität"; !strings.Contains(s.From, want) {
		t.Errorf("got from %q, want it to hold %q", s.From, want)
	}
	if !isASCII(string(e.data)) {
		t.Error("the mail is not ASCII on the wire")
	}
}

// TestEncodedWordsInSubjectAreShownNotDecoded: plain ASCII, yet a reader would
// decode it to a line break and a header.
func TestEncodedWordsInSubjectAreShownNotDecoded(t *testing.T) {
	m := message()
	m.Subject = "Club =?utf-8?q?=0D=0ABcc:_x=40evil.test?= of chess"
	_, msg, s := sealed(t, m)
	if s.Subject != m.Subject {
		t.Errorf("got %q, want %q", s.Subject, m.Subject)
	}
	if msg.Header.Get("Bcc") != "" {
		t.Error("there is a Bcc")
	}
}

func TestLinesStayShort(t *testing.T) {
	m := message()
	m.Subject = strings.Repeat("s", maxSubject)
	m.Text = strings.Repeat("x", 5000) + "\n.\r\n" + strings.Repeat("ü", 5000) + "\n.\n\r.\r"
	m.HTML = "<p>" + strings.Repeat("y", 5000) + "</p>"
	e, _, s := sealed(t, m)
	for _, line := range strings.Split(string(e.data), "\r\n") {
		if len(line) > 998 {
			t.Errorf("line of %d octets: %.60s…", len(line), line)
		}
		if strings.ContainsAny(line, "\r\n") {
			t.Errorf("bare CR or LF in %q", line)
		}
	}
	if s.Subject != m.Subject {
		t.Errorf("got subject %q", s.Subject)
	}
	if !strings.HasPrefix(s.Text, strings.Repeat("x", 5000)+"\n.\n") {
		t.Errorf("the text changed: %.60q", s.Text[4990:])
	}
}

func TestSealRefuses(t *testing.T) {
	cases := []struct {
		field     string
		edit      func(*Message)
		permanent bool
	}{
		{"subject", func(m *Message) { m.Subject = "a\r\nBcc: x@evil.test" }, true},
		{"subject", func(m *Message) { m.Subject = "a\nb" }, true},
		{"subject", func(m *Message) { m.Subject = "a\x00b" }, true},
		{"subject", func(m *Message) { m.Subject = "a\u2028b" }, true},
		{"subject", func(m *Message) { m.Subject = "a\xffb" }, true},
		{"subject", func(m *Message) { m.Subject = " " }, true},
		{"subject", func(m *Message) { m.Subject = strings.Repeat("a", maxSubject+1) }, true},
		{"to", func(m *Message) { m.To = "" }, true},
		{"to", func(m *Message) { m.To = "a@x.test\r\nRCPT TO:<b@x.test>" }, true},
		{"to", func(m *Message) { m.To = "a@x.test, b@x.test" }, true},
		{"to", func(m *Message) { m.To = "Ada <a@x.test>" }, true},
		{"from", func(m *Message) { m.From = "a@x.test\r\nBcc: b@x.test" }, false},
		{"from", func(m *Message) { m.From = "" }, false},
		{"from", func(m *Message) { m.From = "=?utf-8?q?a=0D=0ABcc:_b?= <a@x.test>" }, false},
		{"from", func(m *Message) { m.From = "a@x.test, b@x.test" }, false},
		{"from", func(m *Message) { m.From = `"a b"@x.test` }, false},
		{"id", func(m *Message) { m.ID = "" }, true},
		{"id", func(m *Message) { m.ID = "a>\r\nX: <b" }, true},
		{"text", func(m *Message) { m.Text = "" }, true},
		{"date", func(m *Message) { m.Date = time.Time{} }, true},
	}
	for _, c := range cases {
		m := message()
		c.edit(&m)
		_, err := seal(m)
		if err == nil {
			t.Errorf("%s: %+v was taken", c.field, m)
			continue
		}
		if !strings.Contains(err.Error(), c.field+":") {
			t.Errorf("got %q, want it to name %s", err, c.field)
		}
		if got := Permanent(err); got != c.permanent {
			t.Errorf("%v: permanent %v, want %v", err, got, c.permanent)
		}
		if strings.ContainsFunc(err.Error(), breaksLine) {
			t.Errorf("the error has more than one line: %q", err)
		}
	}
}

func TestCheckFrom(t *testing.T) {
	for _, good := range []string{"a@x.test", "<a@x.test>", "Ada L. <a@x.test>", `"Ada, L." <a@bücher.test>`} {
		if err := CheckFrom(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", "Ada", "a@", "a@x.test (c), b@x.test", "a@[127.0.0.1]", "Ada\n<a@x.test>"} {
		if CheckFrom(bad) == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestPlainAddress(t *testing.T) {
	good := map[string]string{
		"ada@example.edu":                        "ada@example.edu",
		"Ada.L+clubs@EXAMPLE.edu":                "Ada.L+clubs@example.edu",
		"!#$%&'*+-/=?^_`{|}~@x":                  "!#$%&'*+-/=?^_`{|}~@x",
		"a@BÜCHER.example":                       "a@xn--bcher-kva.example",
		"a@xn--bcher-kva.example":                "a@xn--bcher-kva.example",
		strings.Repeat("a", 64) + "@x.test":      strings.Repeat("a", 64) + "@x.test",
		"a@" + strings.Repeat("b", 63) + ".test": "a@" + strings.Repeat("b", 63) + ".test",
	}
	for in, want := range good {
		if got, err := plainAddress(in); err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", in, got, err, want)
		}
	}
	bad := []string{
		"", "@", "a", "a@", "@x.test", "a@b@x.test", "a b@x.test", ".a@x.test", "a.@x.test", "a..b@x.test",
		"Ada <a@x.test>", "<a@x.test>", "a@x.test (c)", "a(c)@x.test", `"a b"@x.test`, "a@[127.0.0.1]", "a@x.test.",
		"a@.x.test", "a@x..test", "a@-x.test", "a@x_y.test", "a@x.test,b@x.test", "a@x.test;b@x.test", "a@x.test\n",
		"a@x.test\r\nRCPT TO:<b@x.test>", "a\x00@x.test", "a@x\x00.test", "ä@x.test", "mıke@x.test", "a＠x.test",
		"=?x?q?a=40evil.test=3e=00?=@x.test ", "a@x.test SIZE=1", "a@x.test> NOTIFY=NEVER", "a@x\u202e.test", "a@x\x800",
		strings.Repeat("a", 65) + "@x.test", "a@" + strings.Repeat("b", 64) + ".test",
		"a@" + strings.Repeat("b.", 130) + "test", strings.Repeat("a@(", 400_000),
	}
	for _, in := range bad {
		if got, err := plainAddress(in); err == nil {
			t.Errorf("%.80q was taken as %q", in, got)
		}
	}
}

func FuzzPlainAddress(f *testing.F) {
	for _, s := range []string{"ada@example.edu", "a@bücher.test", "a@x\r\n", `"a"@x`, "a@b@c", "a>@x", "a@x。test", "xn--@xn--"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := plainAddress(s)
		if err != nil {
			return
		}
		if len(got) > maxAddress || !isASCII(got) || strings.Count(got, "@") != 1 {
			t.Errorf("%q became %q", s, got)
		}
		if strings.ContainsFunc(got, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`<>()[],;:"\`, r) }) {
			t.Errorf("%q became %q, which could end an SMTP command's argument", s, got)
		}
		parsed, err := netmail.ParseAddress("<" + got + ">")
		if err != nil || parsed.Address != got {
			t.Errorf("%q became %q, which others read as %v, %v", s, got, parsed, err)
		}
		if again, err := plainAddress(got); err != nil || again != got {
			t.Errorf("%q became %q and then %q, %v", s, got, again, err)
		}
	})
}

func FuzzEncodeSubject(f *testing.F) {
	f.Add("Confirm your address")
	f.Add("Ünïcödé =?utf-8?q?x?= 👩‍🎓")
	f.Fuzz(func(t *testing.T, s string) {
		m := message()
		m.Subject = s
		e, err := seal(m)
		if err != nil {
			return
		}
		got, err := parseStored(e.data)
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.Join(strings.Fields(s), " "); got.Subject != want {
			t.Errorf("got %q, want %q", got.Subject, want)
		}
	})
}

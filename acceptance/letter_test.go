package acceptance

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// letter is a mail as its reader sees it.
type letter struct {
	to, subject, text, html string
}

// readLetter takes a mail apart with the standard library's tools, not with those
// of the program.
func readLetter(raw []byte) (letter, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return letter{}, err
	}
	to, err := mail.ParseAddress(m.Header.Get("To"))
	if err != nil {
		return letter{}, err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return letter{}, err
	}
	l := letter{to: to.Address, subject: subject}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return letter{}, err
	}
	if kind == "text/plain" {
		text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
		l.text = unixLines(text)
		return l, err
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			return l, nil
		}
		if err != nil {
			return letter{}, err
		}
		body, err := io.ReadAll(part)
		if err != nil {
			return letter{}, err
		}
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			l.html = unixLines(body)
		} else {
			l.text = unixLines(body)
		}
	}
}

func unixLines(text []byte) string { return strings.ReplaceAll(string(text), "\r\n", "\n") }

// ownLine finds the links that a mail program makes whole: those alone on a line.
var ownLine = regexp.MustCompile(`(?m)^https?://\S+$`)

// link answers the link that the mail was written for.
func (l letter) link(t *testing.T) *url.URL {
	t.Helper()
	u, err := url.Parse(ownLine.FindString(l.text))
	if err != nil || u.Host == "" {
		t.Fatalf("the mail %q to %s has no link:\n%s", l.subject, l.to, l.text)
	}
	return u
}

// secret answers what only the mail's reader has: the token in its link.
func (l letter) secret() string {
	u, err := url.Parse(ownLine.FindString(l.text))
	if err != nil {
		return ""
	}
	if token := u.Query().Get("token"); token != "" {
		return token
	}
	_, token, _ := strings.Cut(u.Path, "/api/user/confirm/")
	return token
}

// letters answers the mails in the data directory, oldest first.
func (in *installation) letters(t *testing.T) []letter {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(in.data, "mail", "*.eml"))
	if err != nil {
		t.Fatal(err)
	}
	var all []letter
	for _, path := range paths { // sorted by name, which is by time
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		l, err := readLetter(raw)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		in.secrets.add(l.secret())
		all = append(all, l)
	}
	return all
}

// lettersTo answers those to one address.
func (in *installation) lettersTo(t *testing.T, to string) []letter {
	t.Helper()
	var his []letter
	for _, l := range in.letters(t) {
		if l.to == to {
			his = append(his, l)
		}
	}
	return his
}

// mailTime is how long a mail may be on its way while nothing is broken.
const mailTime = 15 * time.Second

// newLetter waits until an address has n mails, and answers the newest.
func (in *installation) newLetter(t *testing.T, to string, n int) letter {
	t.Helper()
	var his []letter
	eventually(t, mailTime, "the mail to "+to, func() bool {
		his = in.lettersTo(t, to)
		return len(his) >= n
	})
	if len(his) > n {
		t.Fatalf("%s has %d mails, want %d", to, len(his), n)
	}
	return his[n-1]
}

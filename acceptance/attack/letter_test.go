package attack

import (
	"bytes"
	"fmt"
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
	"sync"
	"time"
)

// letter is a mail as its reader sees it.
type letter struct {
	header     mail.Header
	to         string // the address alone
	subject    string
	text, html string
}

// readLetter takes a mail apart with the standard library's tools.
func readLetter(raw []byte) (letter, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return letter{}, err
	}
	l := letter{header: m.Header}
	to, err := mail.ParseAddress(m.Header.Get("To"))
	if err != nil {
		return letter{}, err
	}
	l.to = to.Address
	if l.subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		return letter{}, err
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return letter{}, err
	}
	if !strings.HasPrefix(kind, "multipart/") {
		text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
		l.text = unixLines(text)
		return l, err
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		part, err := parts.NextPart() // decodes quoted-printable
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

// link answers the link that the mail was written for, nil if there is none.
func (l letter) link() *url.URL {
	u, err := url.Parse(ownLine.FindString(l.text))
	if err != nil || u.Host == "" {
		return nil
	}
	return u
}

// secret answers what only the mail's reader has, the token in its link, or "".
func (l letter) secret() string {
	u := l.link()
	if u == nil {
		return ""
	}
	if token := u.Query().Get("token"); token != "" {
		return token
	}
	_, token, _ := strings.Cut(u.Path, "/api/user/confirm/")
	return token
}

// letters answers the mails to an address, oldest first.
func (a *attacker) letters(to string) []letter {
	a.t.Helper()
	a.wantSide()
	paths, err := filepath.Glob(filepath.Join(a.data, "mail", "*.eml"))
	if err != nil {
		a.t.Fatal(err)
	}
	var his []letter
	for _, path := range paths { // sorted by name, which is by time
		l, err := open(path)
		if err != nil {
			a.t.Fatal(err)
		}
		a.used.add(l.secret())
		if l.to == to {
			his = append(his, l)
		}
	}
	return his
}

// opened are the letters that were read, by the paths of their files, which never
// change: many attacks look for theirs among them, again and again.
var opened sync.Map

func open(path string) (letter, error) {
	if l, ok := opened.Load(path); ok {
		return l.(letter), nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return letter{}, err
	}
	l, err := readLetter(raw)
	if err != nil {
		return letter{}, fmt.Errorf("%s: %w", path, err)
	}
	opened.Store(path, l)
	return l, nil
}

// mailTime is how long a mail may be on its way.
const mailTime = 15 * time.Second

// newLetter waits until an address has n mails, and answers the newest.
func (a *attacker) newLetter(to string, n int) letter {
	a.t.Helper()
	var his []letter
	if !poll(mailTime, func() bool { his = a.letters(to); return len(his) >= n }) {
		a.t.Fatalf("%s has %d mails after %v, want %d", to, len(his), mailTime, n)
	}
	if len(his) > n {
		a.t.Fatalf("%s has %d mails, want %d", to, len(his), n)
	}
	return his[n-1]
}

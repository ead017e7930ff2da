package outside

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
)

// Letter is a mail as its reader sees it.
type Letter struct {
	Header     mail.Header
	To         string // the address alone
	Subject    string
	Text, HTML string
}

// ReadLetter takes a mail apart with the standard library's tools.
func ReadLetter(raw []byte) (Letter, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Letter{}, err
	}
	to, err := mail.ParseAddress(m.Header.Get("To"))
	if err != nil {
		return Letter{}, err
	}
	l := Letter{Header: m.Header, To: to.Address}
	if l.Subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		return Letter{}, err
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return Letter{}, err
	}
	if !strings.HasPrefix(kind, "multipart/") {
		text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
		l.Text = unixLines(text)
		return l, err
	}
	return l, l.readParts(multipart.NewReader(m.Body, params["boundary"]))
}

func (l *Letter) readParts(parts *multipart.Reader) error {
	for {
		part, err := parts.NextPart() // decodes quoted-printable
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		body, err := io.ReadAll(part)
		if err != nil {
			return err
		}
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			l.HTML = unixLines(body)
		} else {
			l.Text = unixLines(body)
		}
	}
}

func unixLines(text []byte) string { return strings.ReplaceAll(string(text), "\r\n", "\n") }

// ownLine finds the links that a mail program makes whole: those alone on a line.
var ownLine = regexp.MustCompile(`(?m)^https?://\S+$`)

// Link answers the link that the mail was written for, nil if there is none.
func (l Letter) Link() *url.URL {
	u, err := url.Parse(ownLine.FindString(l.Text))
	if err != nil || u.Host == "" {
		return nil
	}
	return u
}

// Secret answers what only the mail's reader has, the token in its link, or "".
func (l Letter) Secret() string {
	u := l.Link()
	if u == nil {
		return ""
	}
	if token := u.Query().Get("token"); token != "" {
		return token
	}
	_, token, _ := strings.Cut(u.Path, "/api/user/confirm/")
	return token
}

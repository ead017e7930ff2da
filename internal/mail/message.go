package mail

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"
)

// Message is one mail to one person.
type Message struct {
	ID      string    // stable id of this mail, a dot-atom: its Message-ID is <ID@domain-of-from>, the same at a second attempt
	From    string    // "Name <address>" or an address
	To      string    // one bare address, as stored; a Unicode domain is sent as A-labels
	Subject string    // one line; encoded where it is not plain ASCII (RFC 2047)
	Text    string    // the body, never empty
	HTML    string    // the same for mail programs that show HTML; "" for none
	Date    time.Time // when the mail was written
}

// Sender hands a mail over. A nil error means that somebody else answers for it
// now; after an error it may be handed over again unless [Permanent] says
// otherwise. Implementations are safe for concurrent use.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// maxSubject is the longest subject in runes: in ASCII still below RFC 5322's
// line of 998 octets without a place to fold.
const maxSubject = 256

// maxID is the longest Message.ID in octets.
const maxID = 128

// envelope is a checked mail, ready for the wire.
type envelope struct {
	from, to string // bare ASCII addresses
	data     []byte // the whole message, lines ended by CRLF
}

// seal checks a message and writes it in MIME (RFC 5322, RFC 2045). What is
// wrong with the mail itself is a permanent error; a bad sender is not, because
// that is a setting and can be put right.
func seal(m Message) (envelope, error) {
	from, err := parseFrom(m.From)
	if err != nil {
		return envelope{}, err
	}
	if err := check(m); err != nil {
		return envelope{}, &sendError{step: "message", err: err, permanent: true}
	}
	to, err := plainAddress(m.To)
	if err != nil {
		return envelope{}, &sendError{step: "message", err: fmt.Errorf("to: %w", err), permanent: true}
	}
	data, err := write(m, from, to)
	if err != nil {
		return envelope{}, fmt.Errorf("write message: %w", err)
	}
	return envelope{from: from.Address, to: to, data: data}, nil
}

// check refuses what cannot be a mail.
func check(m Message) error {
	if err := refuseControl("to", m.To); err != nil {
		return err
	}
	if err := refuseControl("subject", m.Subject); err != nil {
		return err
	}
	switch {
	case strings.TrimSpace(m.Subject) == "":
		return errors.New("subject: is empty")
	case utf8.RuneCountInString(m.Subject) > maxSubject:
		return errors.New("subject: is too long")
	case len(m.ID) > maxID || !isDotAtom(m.ID):
		return errors.New("id: not a dot-atom")
	case m.Text == "":
		return errors.New("text: is empty")
	case m.Date.IsZero():
		return errors.New("date: is missing")
	}
	return nil
}

// write makes the MIME text: plain and HTML alternatives, both quoted-printable,
// so every line is short ASCII whatever the bodies hold.
func write(m Message, from netmail.Address, to string) ([]byte, error) {
	msg := gomail.NewMsg(gomail.WithEncoding(gomail.EncodingQP), gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&from)
	msg.ToMailAddress(&netmail.Address{Address: to})
	msg.Subject(encodeSubject(m.Subject))
	msg.SetDateWithValue(m.Date)
	_, domain, _ := strings.Cut(from.Address, "@")
	msg.SetMessageIDWithValue(m.ID + "@" + domain)
	// RFC 3834: vacation notices and other robots must not answer.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	var buf bytes.Buffer
	if _, err := msg.WriteTo(&buf); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// encodeSubject writes a subject as RFC 2047 encoded words unless it is plain
// ASCII. ASCII with "=?" in it is encoded too: the library would pass it on, and
// a reader would decode it, line breaks and all.
func encodeSubject(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if isASCII(s) && !strings.Contains(s, "=?") {
		return s
	}
	const chunk = 45 // octets; 60 in base64, 72 with the frame, below the 75 of RFC 2047 §2
	var words []string
	for s != "" {
		n := min(chunk, len(s))
		for n < len(s) && !utf8.RuneStart(s[n]) {
			n--
		}
		words = append(words, "=?utf-8?b?"+base64.StdEncoding.EncodeToString([]byte(s[:n]))+"?=")
		s = s[n:]
	}
	return strings.Join(words, " ")
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

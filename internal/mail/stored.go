package mail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"time"
)

// Stored is a mail read back from a [Dir], decoded.
type Stored struct {
	Name    string // the file's name in the directory
	From    string // "Name <address>" or an address
	To      string // a bare address
	Subject string
	Date    time.Time
	Text    string // "" in a list
	HTML    string // "" in a list, and where the mail has none
}

// parseStored reads what seal wrote.
func parseStored(data []byte) (Stored, error) {
	msg, err := netmail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		return Stored{}, fmt.Errorf("not a mail: %w", err)
	}
	s := Stored{From: decodeHeader(msg.Header.Get("From")), Subject: decodeHeader(msg.Header.Get("Subject"))}
	s.To = strings.Trim(msg.Header.Get("To"), "<>")
	if s.Date, err = msg.Header.Date(); err != nil {
		return Stored{}, fmt.Errorf("no date: %w", err)
	}
	if err := s.readBody(msg); err != nil {
		return Stored{}, err
	}
	return s, nil
}

func (s *Stored) readBody(msg *netmail.Message) error {
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		return fmt.Errorf("no content type: %w", err)
	}
	if kind == "text/plain" {
		return readText(&s.Text, quotedprintable.NewReader(msg.Body))
	}
	if kind != "multipart/alternative" {
		return fmt.Errorf("unexpected content type %q", kind)
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	for {
		part, err := parts.NextPart() // which decodes quoted-printable
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("broken part: %w", err)
		}
		into := &s.Text
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			into = &s.HTML
		}
		if err := readText(into, part); err != nil {
			return err
		}
	}
}

func readText(into *string, r io.Reader) error {
	body, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("broken body: %w", err)
	}
	*into = strings.ReplaceAll(string(body), "\r\n", "\n")
	return nil
}

// decodeHeader decodes RFC 2047 words; what it cannot decode it leaves.
func decodeHeader(value string) string {
	decoded, err := new(mime.WordDecoder).DecodeHeader(value)
	if err != nil {
		return value
	}
	return decoded
}

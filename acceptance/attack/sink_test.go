package attack

import (
	"bytes"
	"errors"
	"io"
	"net"
	"slices"
	"sync"

	"github.com/emersion/go-smtp"
)

// delivery is what a mail server is given: the recipients of the envelope, and the
// mail.
type delivery struct {
	to      []string
	letter  letter
	longest int // line, in octets
}

// mailSink is a mail server that keeps what it is given.
type mailSink struct {
	mu   sync.Mutex
	kept []delivery
}

// deliveries answers what was kept so far.
func (s *mailSink) deliveries() []delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.kept)
}

// posted is an attacker before a target of its own, which sends its mails to a
// server of ours.
func (a *attacker) posted() (*attacker, *mailSink) {
	a.t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		a.t.Fatal(err)
	}
	sink := &mailSink{}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &envelope{sink: sink}, nil
	}))
	server.Domain = "localhost"
	done := make(chan error, 1)
	go func() { done <- server.Serve(ln) }()
	a.t.Cleanup(func() {
		_ = server.Close()
		_ = ln.Close() // the server may not have begun
		if err := <-done; err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			a.t.Error(err)
		}
	})
	return a.alone("--smtp", "smtp://"+ln.Addr().String()), sink
}

// envelope is one connection to a mailSink.
type envelope struct {
	sink *mailSink
	to   []string
}

// Reset begins another mail.
func (e *envelope) Reset() { e.to = nil }

// Logout is part of smtp.Session.
func (e *envelope) Logout() error { return nil }

// Mail takes any sender.
func (e *envelope) Mail(string, *smtp.MailOptions) error { return nil }

// Rcpt takes any recipient.
func (e *envelope) Rcpt(to string, _ *smtp.RcptOptions) error {
	e.to = append(e.to, to)
	return nil
}

// Data keeps the mail.
func (e *envelope) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	l, err := readLetter(raw)
	if err != nil {
		return err
	}
	longest := 0
	for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
		longest = max(longest, len(line))
	}
	e.sink.mu.Lock()
	defer e.sink.mu.Unlock()
	e.sink.kept = append(e.sink.kept, delivery{e.to, l, longest})
	return nil
}

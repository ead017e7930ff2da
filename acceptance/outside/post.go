package outside

import (
	"errors"
	"io"
	"net"
	"testing"

	"github.com/emersion/go-smtp"
)

// Post is what a mail server was handed: the recipients of the envelope, and the octets
// of the mail.
type Post struct {
	To  []string
	Raw []byte
}

// Receive is a mail server at a listener until the test ends. It hands each mail to
// take, whose error the client is told; with hangUp the client is told nothing, for the
// connection is cut.
func Receive(t testing.TB, ln net.Listener, take func(Post) (hangUp bool, err error)) {
	t.Helper()
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &envelope{conn: c, take: take}, nil
	}))
	server.Domain = "localhost"
	done := make(chan error, 1)
	go func() { done <- server.Serve(ln) }()
	t.Cleanup(func() {
		_ = server.Close()
		_ = ln.Close() // the server may not have begun
		if err := <-done; err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
}

// envelope is one connection.
type envelope struct {
	conn *smtp.Conn
	take func(Post) (bool, error)
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

// Data takes the mail.
func (e *envelope) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	hangUp, err := e.take(Post{To: e.to, Raw: raw})
	if hangUp {
		return e.conn.Close()
	}
	return err
}

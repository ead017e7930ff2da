package linear

import (
	"errors"
	"io"
	"mime/quotedprintable"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// letter is what the link of a mail holds.
type letter struct {
	token string
	id    string // of the account, in the links of the cohorts contract
}

// sink is a mail server that hands each reset link to whom it is for.
type sink struct {
	address string
	mu      sync.Mutex
	readers map[string]func(letter)
}

// listen starts one, which ends with the test.
func listen(t *testing.T) *sink {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{address: ln.Addr().String(), readers: map[string]func(letter){}}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &envelope{sink: s}, nil }))
	server.Domain = "localhost"
	over := make(chan error, 1)
	go func() { over <- server.Serve(ln) }()
	t.Cleanup(func() {
		_ = server.Close()
		_ = ln.Close() // the server may not have begun
		if err := <-over; err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	return s
}

// give has the links for an address read by read.
func (s *sink) give(address string, read func(letter)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readers[address] = read
}

func (s *sink) reader(address string) func(letter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.readers[address]
}

// envelope is one connection to a sink.
type envelope struct {
	sink *sink
	to   string
}

// Reset begins another mail.
func (e *envelope) Reset() {}

// Logout is part of smtp.Session.
func (e *envelope) Logout() error { return nil }

// Mail takes any sender.
func (e *envelope) Mail(string, *smtp.MailOptions) error { return nil }

// Rcpt takes any recipient.
func (e *envelope) Rcpt(to string, _ *smtp.RcptOptions) error {
	e.to = to
	return nil
}

// resetLink finds the link of either contract.
var resetLink = regexp.MustCompile(`/(?:reset|change-password)\?token=([\w.-]+)(?:&id=(\d+))?`)

// Data reads the mail.
func (e *envelope) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(string(raw))))
	if err != nil && len(text) == 0 {
		return err
	}
	found := resetLink.FindStringSubmatch(string(text))
	if read := e.sink.reader(e.to); found != nil && read != nil {
		read(letter{found[1], found[2]})
	}
	return nil
}

package linear

import (
	"net"
	"regexp"
	"sync"
	"testing"

	"matricula/acceptance/outside"
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
	outside.Receive(t, ln, func(p outside.Post) (hangUp bool, err error) { return false, s.take(p) })
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

// resetLink finds the link of either contract.
var resetLink = regexp.MustCompile(`/(?:reset|change-password)\?token=([\w.-]+)(?:&id=(\d+))?`)

// take hands the link of a mail to whom it is for.
func (s *sink) take(p outside.Post) error {
	l, err := outside.ReadLetter(p.Raw)
	if err != nil {
		return err
	}
	found := resetLink.FindStringSubmatch(l.Text)
	if read := s.reader(p.To[0]); found != nil && read != nil {
		read(letter{found[1], found[2]})
	}
	return nil
}

package attack

import (
	"bytes"
	"net"
	"slices"
	"sync"

	"matricula/acceptance/outside"
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
	outside.Receive(a.t, ln, func(p outside.Post) (hangUp bool, err error) { return false, sink.keep(p) })
	return a.alone("--smtp", "smtp://"+ln.Addr().String()), sink
}

func (s *mailSink) keep(p outside.Post) error {
	l, err := outside.ReadLetter(p.Raw)
	if err != nil {
		return err
	}
	longest := 0
	for line := range bytes.SplitSeq(p.Raw, []byte("\r\n")) {
		longest = max(longest, len(line))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = append(s.kept, delivery{p.To, l, longest})
	return nil
}

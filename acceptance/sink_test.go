package acceptance

import (
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"matricula/acceptance/outside"
)

// port is a port of this machine that is taken, so that nobody else gets it, but
// at which nobody answers until it is opened.
type port struct {
	socket int
	number int
}

// closedPort takes a port. Who connects to it is refused.
func closedPort(t *testing.T) *port {
	t.Helper()
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(socket) })
	if err := syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	bound, err := syscall.Getsockname(socket)
	if err != nil {
		t.Fatal(err)
	}
	return &port{socket, bound.(*syscall.SockaddrInet4).Port}
}

func (p *port) String() string { return "127.0.0.1:" + strconv.Itoa(p.number) }

// open lets somebody answer at the port. Who connects is kept waiting until
// somebody does.
func (p *port) open(t *testing.T) net.Listener {
	t.Helper()
	if err := syscall.Listen(p.socket, syscall.SOMAXCONN); err != nil {
		t.Fatal(err)
	}
	again, err := syscall.Dup(p.socket) // the listener and the test each close one
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(again), "listener")
	defer file.Close()
	ln, err := net.FileListener(file)
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// sink is a mail server that keeps what it is given.
type sink struct {
	// hangUp says of a letter whether to keep it and then to cut the connection
	// before the client learns so.
	hangUp func(letter, int) bool

	mu   sync.Mutex
	kept []letter
	errs []error
}

// listen answers at a port until the test ends.
func (s *sink) listen(t *testing.T, p *port) {
	t.Helper()
	s.answer(t, p.open(t))
}

// answer answers who connects until the test ends, those too who wait already.
func (s *sink) answer(t *testing.T, ln net.Listener) {
	t.Helper()
	outside.Receive(t, ln, func(p outside.Post) (hangUp bool, err error) { return s.keep(p.Raw), nil })
	t.Cleanup(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, err := range s.errs {
			t.Error(err)
		}
	})
}

// keep keeps a letter, and says whether to hang up.
func (s *sink) keep(raw []byte) (hangUp bool) {
	l, err := readLetter(raw)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.errs = append(s.errs, err)
		return false
	}
	copies := 0
	for _, k := range s.kept {
		if k.To == l.To && k.Subject == l.Subject {
			copies++
		}
	}
	s.kept = append(s.kept, l)
	return s.hangUp != nil && s.hangUp(l, copies)
}

// letters answers what was kept, by address.
func (s *sink) letters() map[string][]letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	byAddress := map[string][]letter{}
	for _, l := range s.kept {
		byAddress[l.To] = append(byAddress[l.To], l)
	}
	return byAddress
}

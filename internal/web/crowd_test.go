package web

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// packed serves with room for so many connections. Requests to /slow wait in the
// handler until finish is closed.
func packed(t *testing.T, most int, tune func(net.Listener) net.Listener) (s *wire, finish chan struct{}, inside *atomic.Int64) {
	t.Helper()
	finish, inside = make(chan struct{}), &atomic.Int64{}
	rt := NewRouter(plain)
	slow := func(w http.ResponseWriter, r *http.Request) error {
		if _, err := io.ReadAll(r.Body); err != nil {
			return err
		}
		inside.Add(1)
		defer inside.Add(-1)
		<-finish
		WriteJSON(w, 200, "done")
		return nil
	}
	rt.Handle("GET /slow", slow)
	rt.Handle("POST /slow", slow)
	rt.Handle("GET /", func(w http.ResponseWriter, _ *http.Request) error { WriteJSON(w, 200, "quick"); return nil })
	large := strings.Repeat("a", 1<<20)
	rt.Handle("GET /large", func(w http.ResponseWriter, _ *http.Request) error { WriteJSON(w, 200, large); return nil })
	s = &wire{log: &lines{}}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = ln.Addr().String()
	if tune != nil {
		ln = tune(ln)
	}
	srv := NewServer(rt, s.log.logger())
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	s.crowd = newCrowd(ln, most)
	go func() { ended <- serveCrowd(ctx, srv, s.crowd, 10*time.Second) }()
	s.stop = func() error { cancel(); return <-ended }
	t.Cleanup(func() {
		cancel()
		_ = srv.Close()
	})
	return s, finish, inside
}

// asks sends a request on a connection; the answer is not waited for.
func asks(t *testing.T, conn net.Conn, path string) {
	t.Helper()
	if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
}

// answered reads one answer, 0 where the connection was closed instead.
func answered(t *testing.T, conn net.Conn) int {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
			t.Fatal("got neither an answer nor an end")
		}
		return 0
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// TestIdleConnectionsKeepNobodyOut fills the server with connections that say
// nothing, say half a request, or have been answered: a new one is always served, and
// the one that has waited longest is closed for it.
func TestIdleConnectionsKeepNobodyOut(t *testing.T) {
	s, _, _ := packed(t, 10, nil)
	first := s.dial(t)
	asks(t, first, "/")
	if got := answered(t, first); got != 200 {
		t.Fatalf("got %d, want 200", got)
	}
	until(t, "the first is seen to wait", func() bool { // which may be long after it got its answer
		s.crowd.mu.Lock()
		defer s.crowd.mu.Unlock()
		return s.crowd.waiting.Len() == 1
	})
	for i := range 30 {
		conn := s.dial(t)
		if i%2 == 0 {
			_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost:")
		}
	}
	for range 30 {
		conn := s.dial(t)
		asks(t, conn, "/")
		if got := answered(t, conn); got != 200 {
			t.Fatalf("got %d, want 200", got)
		}
	}
	if got := answered(t, first); got != 0 {
		t.Errorf("got %d from the connection that waited longest, want it closed", got)
	}
}

// TestSlowBodiesKeepNobodyOut fills the server with requests that lack their last octet,
// and one that is in work although its body came slowly.
func TestSlowBodiesKeepNobodyOut(t *testing.T) {
	s, finish, inside := packed(t, 5, nil)
	worker := s.dial(t)
	_, _ = io.WriteString(worker, "POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na")
	_, _ = io.WriteString(worker, "b")
	until(t, "it is at work", func() bool { return inside.Load() == 1 })
	for range 20 {
		_, _ = io.WriteString(s.dial(t), "POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na")
	}
	for range 20 {
		conn := s.dial(t)
		asks(t, conn, "/")
		if got := answered(t, conn); got != 200 {
			t.Fatalf("got %d, want 200", got)
		}
	}
	if got := inside.Load(); got != 1 {
		t.Errorf("got %d at work, want the one that has come whole", got)
	}
	close(finish)
	if got := answered(t, worker); got != 200 {
		t.Errorf("got %d from work that was under way, want 200", got)
	}
}

// TestUnreadAnswersKeepNobodyOut fills the server with clients that ask again and
// again and read nothing, beside one that is in work.
func TestUnreadAnswersKeepNobodyOut(t *testing.T) {
	s, finish, inside := packed(t, 5, nil)
	worker := s.dial(t)
	asks(t, worker, "/slow")
	until(t, "it is at work", func() bool { return inside.Load() == 1 })
	for range 20 {
		conn := s.dial(t)
		if err := conn.(*net.TCPConn).SetReadBuffer(1 << 10); err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.WriteString(conn, strings.Repeat("GET /large HTTP/1.1\r\nHost: x\r\n\r\n", 1000)) }()
	}
	for range 5 {
		conn := s.dial(t)
		asks(t, conn, "/")
		if got := answered(t, conn); got != 200 {
			t.Fatalf("got %d, want 200", got)
		}
	}
	close(finish)
	if got := answered(t, worker); got != 200 {
		t.Errorf("got %d from work that was under way, want 200", got)
	}
}

// TestAStopWaitsForABody: what has begun to come may come to its end.
func TestAStopWaitsForABody(t *testing.T) {
	s, finish, inside := packed(t, 5, nil)
	conn := s.dial(t)
	_, _ = io.WriteString(conn, "POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
	if got := answered(t, conn); got != 100 {
		t.Fatalf("got %d, want 100", got)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- s.stop() }()
	until(t, "nobody is let in", func() bool {
		late, err := net.Dial("tcp", s.addr)
		if err == nil {
			_ = late.Close()
		}
		return err != nil
	})
	_, _ = io.WriteString(conn, "ab")
	until(t, "it is at work", func() bool { return inside.Load() == 1 })
	close(finish)
	if got := answered(t, conn); got != 200 {
		t.Errorf("got %d, want 200", got)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// TestWorkIsNeverCutOff fills the server with requests in work: one more waits, and is
// served when one of them has ended; all of them are answered.
func TestWorkIsNeverCutOff(t *testing.T) {
	s, finish, inside := packed(t, 4, nil)
	var slow []net.Conn
	for range 4 {
		conn := s.dial(t)
		asks(t, conn, "/slow")
		slow = append(slow, conn)
	}
	until(t, "all are at work", func() bool { return inside.Load() == 4 })
	late := s.dial(t)
	asks(t, late, "/")
	close(finish)
	for i, conn := range append(slow, late) {
		if got := answered(t, conn); got != 200 {
			t.Errorf("connection %d: got %d, want 200", i, got)
		}
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}

// TestAFullServerStops: who waits for room is not waited for.
func TestAFullServerStops(t *testing.T) {
	s, finish, inside := packed(t, 1, nil)
	conn := s.dial(t)
	asks(t, conn, "/slow")
	until(t, "it is at work", func() bool { return inside.Load() == 1 })
	late := s.dial(t)
	asks(t, late, "/")
	stopped := make(chan error, 1)
	go func() { stopped <- s.stop() }()
	if got := answered(t, late); got != 0 {
		t.Errorf("got %d from a server that stops, want the connection closed", got)
	}
	close(finish)
	if got := answered(t, conn); got != 200 {
		t.Errorf("got %d from what was in flight, want 200", got)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// outOfFiles is a listener that has no file left for so many connections.
type outOfFiles struct {
	net.Listener
	left atomic.Int64
}

func (l *outOfFiles) Accept() (net.Conn, error) {
	if l.left.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: syscall.EMFILE}
	}
	return l.Listener.Accept()
}

// TestOutOfFiles: the server goes on, and makes room for itself.
func TestOutOfFiles(t *testing.T) {
	short := &outOfFiles{}
	s, _, _ := packed(t, 10, func(ln net.Listener) net.Listener { short.Listener = ln; return short })
	idle := s.dial(t)
	asks(t, idle, "/")
	if got := answered(t, idle); got != 200 {
		t.Fatalf("got %d, want 200", got)
	}
	short.left.Store(3)
	var last net.Conn
	for range 2 { // the first takes the Accept that had begun before
		last = s.dial(t)
		asks(t, last, "/")
	}
	if got := answered(t, last); got != 200 {
		t.Errorf("got %d, want 200", got)
	}
	if got := answered(t, idle); got != 0 {
		t.Errorf("got %d from an idle connection, want it closed to have its file", got)
	}
}

func TestAllowanceLeavesFilesForTheRest(t *testing.T) {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &files) })
	for _, tt := range []struct {
		files uint64
		want  int
	}{{4096, 1024}, {1088, 1024}, {1024, 960}, {128, 64}, {64, 32}} {
		if tt.files > files.Max {
			t.Skipf("this machine allows %d files alone", files.Max)
		}
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: tt.files, Max: files.Max}); err != nil {
			t.Fatal(err)
		}
		if got := allowance(); got != tt.want {
			t.Errorf("%d files: got %d connections, want %d", tt.files, got, tt.want)
		}
	}
}

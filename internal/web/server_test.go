package web

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// wire is a running server to talk to byte by byte.
type wire struct {
	addr  string
	log   *lines
	calls atomic.Int64
	stop  func() error
	crowd *crowd // of packed alone
}

// start serves a door that reads bodies, with the server set up by tune.
func start(t *testing.T, tune func(*http.Server)) *wire {
	t.Helper()
	s := &wire{log: &lines{}}
	rt := NewRouter(plain)
	rt.Handle("POST /echo", func(w http.ResponseWriter, r *http.Request) error {
		s.calls.Add(1)
		b, err := ReadBody(r)
		if err != nil {
			return err
		}
		a := b.Text("a")
		if err := b.Err(); err != nil {
			return err
		}
		WriteJSON(w, 200, a)
		return nil
	})
	rt.Handle("GET /smuggled", func(w http.ResponseWriter, _ *http.Request) error {
		s.calls.Add(1)
		WriteJSON(w, 200, "smuggled")
		return nil
	})
	srv := NewServer(Log(s.log.logger(), time.Now, nil, NoStore(rt)), s.log.logger())
	if tune != nil {
		tune(srv)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = ln.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, srv, ln, 10*time.Second) }()
	s.stop = func() error { cancel(); return <-ended }
	t.Cleanup(func() {
		cancel()
		_ = srv.Close()
	})
	return s
}

// dial opens a connection that gives up after ten seconds.
func (s *wire) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// talk sends what it is given and no more, and returns the statuses of the
// answers, and whether the server said with the last one that it ends the connection.
func (s *wire) talk(t *testing.T, sent string) (statuses string, ended bool) {
	t.Helper()
	conn := s.dial(t)
	go func() {
		_, _ = io.WriteString(conn, sent) // a refused flood is not read to its end
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	r := bufio.NewReader(conn)
	for {
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
				t.Error("the server did not end the connection")
			}
			return strings.TrimSpace(statuses), ended
		}
		if _, err := io.ReadAll(resp.Body); err != nil {
			t.Fatalf("read the answer: %v", err)
		}
		statuses += fmt.Sprintf(" %d", resp.StatusCode)
		ended = resp.Close
	}
}

const next = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"

// request is a POST with extra headers, and a body as it is.
func request(headers, body string) string {
	return "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + headers + "\r\n" + body
}

func TestTheWire(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write(bytes.Repeat([]byte(" "), 10<<20))
	_ = z.Close()
	full := `{"a":"` + strings.Repeat("x", MaxBody-8) + `"}`
	tests := []struct {
		name, sent string
		statuses   string // of all answers on the connection
		ended      bool   // said to be, by the server
		calls      int64  // of any handler
	}{
		{"one after the other", request("Content-Length: 7\r\n", `{"a":1}`) + request("Content-Length: 9\r\n", `{"a":"x"}`) + next, "400 200 200", false, 3},
		{"as large as can be", request(fmt.Sprintf("Content-Length: %d\r\n", MaxBody), full), "200", false, 1},
		{"too large, declared", request("Content-Length: 65537\r\n", full+" ") + next, "413", true, 1},
		{"far too large, never sent", request("Content-Length: 1000000000\r\n", "{"), "413", true, 1},
		{"too large, chunked", request("Transfer-Encoding: chunked\r\n", fmt.Sprintf("%x\r\n%s\r\n1\r\n \r\n0\r\n\r\n", MaxBody, full)) + next, "413", true, 1},
		{"endless", request("Transfer-Encoding: chunked\r\n", strings.Repeat("8000\r\n"+strings.Repeat("[", 0x8000)+"\r\n", 100)), "413", true, 1},
		{"zipped", request(fmt.Sprintf("Content-Encoding: gzip\r\nContent-Length: %d\r\n", zipped.Len()), zipped.String()) + next, "415 200", false, 2},
		{"chunked", request("Transfer-Encoding: chunked\r\n", "9\r\n{\"a\":\"x\"}\r\n0\r\n\r\n"), "200", true, 1},

		{"chunked and length", request("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"+next), "400", true, 1},
		{"length and chunked", request("Transfer-Encoding: chunked\r\nContent-Length: 60\r\n", "9\r\n{\"a\":\"x\"}\r\n0\r\n\r\n"+next), "200", true, 1},
		{"two lengths", request("Content-Length: 9\r\nContent-Length: 10\r\n", `{"a":"x"}`+next), "400", true, 0},
		{"two lengths in one", request("Content-Length: 9, 10\r\n", `{"a":"x"}`+next), "400", true, 0},
		{"signed length", request("Content-Length: +9\r\n", `{"a":"x"}`+next), "400", true, 0},
		{"odd encoding", request("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"+next), "501", true, 0},
		{"encoding twice", request("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"+next), "501", true, 0},
		{"encoding with a tab", request("Transfer-Encoding:\x0bchunked\r\n", "0\r\n\r\n"+next), "400", true, 0},
		{"space before the colon", request("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"+next), "400", true, 0},
		{"bare LF in a chunk's extension", request("Transfer-Encoding: chunked\r\n", "9;a\nb\r\n{\"a\":\"x\"}\r\n0\r\n\r\n"+next), "400", true, 1},
		{"chunk size is nonsense", request("Transfer-Encoding: chunked\r\n", "zz\r\n{\"a\":\"x\"}\r\n0\r\n\r\n"+next), "400", true, 1},
		{"HTTP/1.0 and chunked", strings.Replace(request("Connection: keep-alive\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n", `{"a":"x"}`+next), "1.1", "1.0", 1), "200", true, 1},
		{"NUL in a header", request("X: a\x00b\r\nContent-Length: 9\r\n", `{"a":"x"}`+next), "400", true, 0},
		{"bare CR in a header", request("X: a\rb\r\nContent-Length: 9\r\n", `{"a":"x"}`+next), "400", true, 0},
		{"no host", "GET /smuggled HTTP/1.1\r\n\r\n" + next, "400", true, 0},
		{"two hosts", "GET /smuggled HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + next, "400", true, 0},
		{"HTTP/0.9", "GET /smuggled\r\n" + next, "400", true, 0},
		{"HTTP/3", "GET /smuggled HTTP/3.0\r\nHost: x\r\n\r\n" + next, "505", true, 0},
		{"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + next, "404", true, 0},
		{"the whole address", "GET http://evil.test/smuggled HTTP/1.1\r\nHost: x\r\n\r\n", "200", false, 1},
		{"OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "404", false, 0},
		{"CONNECT", "CONNECT evil.test:80 HTTP/1.1\r\nHost: evil.test:80\r\n\r\n", "404", false, 0},

		{"as large as headers can be", "GET /smuggled HTTP/1.1\r\nHost: x\r\nCookie: " + strings.Repeat("a", MaxHeaders-50) + "\r\n\r\n", "200", false, 1},
		{"headers a little too large", "GET /smuggled HTTP/1.1\r\nHost: x\r\nCookie: " + strings.Repeat("a=b;", MaxHeaders/4) + "\r\n\r\n" + next, "431 200", false, 1},
		{"many small headers", "GET /smuggled HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X: y\r\n", 3000) + "\r\n" + next, "431 200", false, 1},
		{"an address a little too long", "GET /smuggled?" + strings.Repeat("x", MaxHeaders) + " HTTP/1.1\r\nHost: x\r\n\r\n", "431", false, 0},
		{"header flood", "GET /smuggled HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X: y\r\n", 10000) + "\r\n" + next, "431", true, 0},
		{"one large header", "GET /smuggled HTTP/1.1\r\nHost: x\r\nCookie: " + strings.Repeat("a=b;", 1<<18) + "\r\n\r\n" + next, "431", true, 0},
		{"long address", "GET /" + strings.Repeat("x", 1<<20) + " HTTP/1.1\r\nHost: x\r\n\r\n" + next, "431", true, 0},
		{"100-continue, refused", request("Expect: 100-continue\r\nContent-Length: 700000\r\n", next), "413", true, 1},
		{"100-continue, wrong type", strings.Replace(request("Expect: 100-continue\r\nContent-Length: 37\r\n", next+next), "json", "xml", 1), "415", true, 1},
		{"100-continue, taken", request("Expect: 100-continue\r\nContent-Length: 9\r\n", `{"a":"x"}`+next), "100 200 200", false, 2},
		{"another expectation", request("Expect: wonders\r\nContent-Length: 9\r\n", `{"a":"x"}`+next), "417", true, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, nil)
			statuses, ended := s.talk(t, tt.sent)
			if statuses != tt.statuses || ended != tt.ended || s.calls.Load() != tt.calls {
				t.Errorf("got %s, ended %v, %d calls, want %s, ended %v, %d calls",
					statuses, ended, s.calls.Load(), tt.statuses, tt.ended, tt.calls)
			}
		})
	}
}

// TestHeadersTooLargeAreRefusedByTheDoor has most of them answered in its words,
// with its headers and a line in the log.
func TestHeadersTooLargeAreRefusedByTheDoor(t *testing.T) {
	s := start(t, nil)
	conn := s.dial(t)
	_, _ = io.WriteString(conn, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nCookie: "+strings.Repeat("a", 2*MaxHeaders)+"\r\n\r\nabc")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	if got, want := string(body), `{"error":"the headers are too large"}`; resp.StatusCode != 431 || got != want {
		t.Errorf("got %d %s, want 431 %s", resp.StatusCode, got, want)
	}
	if resp.Header.Get("Cache-Control") != "no-store" || !strings.Contains(s.log.String(), `"status":431`) {
		t.Errorf("got headers %v and log %s", resp.Header, s.log)
	}
}

func TestSlowClientsAreCutOff(t *testing.T) {
	short := func(srv *http.Server) {
		if srv.ReadHeaderTimeout != 5*time.Second || srv.ReadTimeout != 15*time.Second ||
			srv.WriteTimeout != 30*time.Second || srv.IdleTimeout != 60*time.Second {
			t.Errorf("timeouts: got %v %v %v %v", srv.ReadHeaderTimeout, srv.ReadTimeout, srv.WriteTimeout, srv.IdleTimeout)
		}
		srv.ReadHeaderTimeout, srv.ReadTimeout, srv.IdleTimeout = 50*time.Millisecond, 100*time.Millisecond, 50*time.Millisecond
	}
	tests := []struct{ name, sent, status string }{
		{"nothing", "", ""},
		{"half a header", "POST /echo HTTP/1.1\r\nHost:", ""},
		{"half a body", request("Content-Length: 9\r\n", `{"a":`), "400"},
		{"idle after one", next, "200"},
		{"half a preface", "PRI * HTTP/2.0\r\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, short)
			conn := s.dial(t)
			if _, err := io.WriteString(conn, tt.sent); err != nil {
				t.Fatal(err)
			}
			all, err := io.ReadAll(conn)
			if err != nil {
				t.Fatalf("the server did not end the connection: %v", err)
			}
			if !strings.HasPrefix(string(all), strings.TrimSpace("HTTP/1.1 "+tt.status)) && string(all) != "" {
				t.Errorf("got %q, want status %q", all, tt.status)
			}
			if tt.status != "" && len(all) == 0 {
				t.Errorf("got nothing, want status %s", tt.status)
			}
		})
	}
}

func TestServeFinishesWhatIsInFlight(t *testing.T) {
	inside, finish := make(chan struct{}), make(chan struct{})
	var log lines
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(inside)
		<-finish
		WriteJSON(w, 200, "finished")
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, NewServer(h, log.logger()), ln, 10*time.Second) }()

	answer := make(chan string, 1)
	go func() {
		resp, err := http.Get("http://" + ln.Addr().String())
		if err != nil {
			answer <- err.Error()
			return
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		answer <- string(body)
	}()
	<-inside
	cancel()
	// Connections are no longer taken, while the one in flight is waited for.
	for {
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			break
		}
		conn.Close()
	}
	select {
	case err := <-ended:
		t.Fatalf("Serve did not wait: %v", err)
	default:
	}
	close(finish)
	if got := <-answer; got != `"finished"` {
		t.Errorf("got %s, want the answer", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("got %v, want nil", err)
	}
}

func TestServeCutsOffAfterGrace(t *testing.T) {
	inside := make(chan struct{})
	var log lines
	h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(inside)
		<-r.Context().Done()
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, NewServer(h, log.logger()), ln, 20*time.Millisecond) }()
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, next)
	<-inside
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("got %v, want nil", err)
	}
	if all, _ := io.ReadAll(conn); len(all) != 0 {
		t.Errorf("got %q, want a connection cut off", all)
	}
	if !strings.Contains(log.String(), "still running after 20ms") {
		t.Errorf("got log %q, want it told", log.String())
	}
}

func TestServeReportsABrokenListener(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	var log lines
	if err := Serve(context.Background(), NewServer(http.NotFoundHandler(), log.logger()), ln, time.Second); err == nil {
		t.Error("got nil, want an error")
	}
}

func TestServeEndsWithIdleConnections(t *testing.T) {
	s := start(t, nil)
	conn := s.dial(t)
	_, _ = io.WriteString(conn, next)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	if err := s.stop(); err != nil {
		t.Errorf("got %v, want nil", err)
	}
}

// A panic behind a real connection: the next request on it is served.
func TestTheProcessSurvivesPanics(t *testing.T) {
	var log lines
	rt := NewRouter(plain)
	rt.Handle("POST /panic", func(http.ResponseWriter, *http.Request) error { return explode() })
	srv := NewServer(Log(log.logger(), time.Now, nil, rt), log.logger())
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, srv, ln, time.Second) }()
	s := &wire{addr: ln.Addr().String()}
	statuses, _ := s.talk(t, strings.Repeat("POST /panic HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\ns3cret", 2)+next)
	if statuses != "500 500 404" {
		t.Errorf("got %s, want 500 500 404", statuses)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if strings.Contains(log.String(), "s3cret") || strings.Count(log.String(), "web.explode") != 2 {
		t.Errorf("got log %s", log.String())
	}
}

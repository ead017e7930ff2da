package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// buffer is a log that is written and read at the same time.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// started is a server in this process.
type started struct {
	*server
	log   *buffer
	stop  context.CancelFunc // what a signal does
	ended chan error
}

// startServer starts a server; edit may change it before it takes connections.
func startServer(t *testing.T, edit func(*server), set ...string) *started {
	t.Helper()
	set = append([]string{
		"addr=127.0.0.1:0", "ops-addr=127.0.0.1:0", "hash=argon2id,m=64,t=1,p=1", "data=" + filepath.Join(t.TempDir(), "data"),
	}, set...)
	cfg, err := read(t, set...)
	if err != nil {
		t.Fatal(err)
	}
	log := &buffer{}
	c := &console{ctx: t.Context(), now: time.Now, in: strings.NewReader(""), out: io.Discard, errs: log}
	ctx, stop := context.WithCancel(t.Context())
	s, err := c.start(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if edit != nil {
		edit(s)
	}
	up, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- s.run(ctx, func(*server) error {
			close(up)
			return nil
		})
	}()
	<-up
	return &started{server: s, log: log, stop: stop, ended: ended}
}

func (s *started) get(t *testing.T, ln net.Listener, path string) (int, string) {
	t.Helper()
	response, err := http.Get("http://" + ln.Addr().String() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// TestStopFinishesWhatIsInFlight stops a server in the middle of a request:
// readiness ends first, no connection is taken, the request is answered, and the
// database is closed last.
func TestStopFinishesWhatIsInFlight(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	s := startServer(t, func(s *server) {
		core := s.core
		s.handlers.public = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(entered)
			<-leave
			if err := core.ready(r.Context()); err != nil {
				t.Errorf("the database is gone before the request is answered: %v", err)
			}
			_, _ = io.WriteString(w, "done")
		})
	})
	if status, _ := s.get(t, s.private, "/readyz"); status != http.StatusOK {
		t.Errorf("before the stop: readiness %d, want 200", status)
	}
	answer := make(chan string)
	go func() {
		_, body := s.get(t, s.public, "/")
		answer <- body
	}()
	<-entered
	s.stop()
	<-s.stopping
	if status, _ := s.get(t, s.private, "/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("during the stop: readiness %d, want 503", status)
	}
	until := time.Now().Add(10 * time.Second)
	for refused := false; !refused; {
		connection, err := net.DialTimeout("tcp", s.public.Addr().String(), time.Second)
		if refused = err != nil; !refused {
			_ = connection.Close()
		}
		if time.Now().After(until) {
			t.Fatal("connections are still taken")
		}
	}
	close(leave)
	if body := <-answer; body != "done" {
		t.Errorf("got %q, want the answer of the request in flight", body)
	}
	if err := <-s.ended; err != nil {
		t.Errorf("the stop: %v", err)
	}
	if err := s.core.ready(t.Context()); err == nil {
		t.Error("the database is open after the stop")
	}
	again, err := s.config.lockData()
	if err != nil {
		t.Fatalf("the lock is held after the stop: %v", err)
	}
	if err := again.release(false); err != nil {
		t.Error(err)
	}
}

// TestStopDoesNotWaitForever gives up on a mail that is being handed over.
func TestStopDoesNotWaitForever(t *testing.T) {
	hung := begin(func(context.Context) error {
		<-t.Context().Done()
		return errors.New("too late")
	})
	deadline := make(chan time.Time)
	close(deadline)
	if err := hung.stop(deadline); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestListenersAreApart(t *testing.T) {
	s := startServer(t, nil)
	defer func() {
		s.stop()
		if err := <-s.ended; err != nil {
			t.Error(err)
		}
	}()
	for _, test := range []struct {
		ln   net.Listener
		path string
		want int
	}{
		{s.public, "/healthz", 200}, {s.public, "/readyz", 200}, {s.public, "/debug/pprof/", 404}, {s.public, "/dev/mail", 404},
		{s.public, "/api/cohorts", 200}, {s.public, "/api/catalog/tags", 200}, {s.public, "/.well-known/jwks.json", 200},
		{s.public, "/api", 404}, {s.public, "/api/nothing", 404}, {s.public, "/sign-in", 200}, {s.public, "/nowhere", 404},
		{s.private, "/healthz", 200}, {s.private, "/readyz", 200}, {s.private, "/debug/pprof/", 200}, {s.private, "/api/cohorts", 404},
	} {
		if status, body := s.get(t, test.ln, test.path); status != test.want {
			t.Errorf("%s: got %d %s, want %d", test.path, status, body, test.want)
		}
	}
}

// TestLogIsJSON wants one object a line, and one line a request.
func TestLogIsJSON(t *testing.T) {
	s := startServer(t, nil)
	const asked = 5
	for range asked {
		s.get(t, s.public, "/api/user/confirm/a-token-that-is-a-secret?with=more")
	}
	s.stop()
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
	requests := 0
	for line := range strings.Lines(s.log.String()) {
		var entry struct{ Msg, Route string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Errorf("%v: %s", err, line)
		}
		if entry.Msg == "request" {
			requests++
		}
	}
	if requests != asked {
		t.Errorf("%d lines for %d requests", requests, asked)
	}
	if strings.Contains(s.log.String(), "a-token") || strings.Contains(s.log.String(), "with=more") {
		t.Errorf("the log holds what a client sent:\n%s", s.log)
	}
}

// TestCookieFollowsThePublicAddress signs in where people come by https, and where
// they don't.
func TestCookieFollowsThePublicAddress(t *testing.T) {
	for _, test := range []struct {
		set    []string
		cookie string
		hsts   bool
	}{
		{nil, "matricula=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax", false},
		{[]string{public, smtp}, "__Host-matricula=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax", true},
		{[]string{public, smtp, "cookie-same-site=none"}, "__Host-matricula=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=None", true},
	} {
		s := startServer(t, nil, test.set...)
		cookie := s.signOut(t)
		if cookie.Get("Set-Cookie") != test.cookie {
			t.Errorf("%v: got %q, want %q", test.set, cookie.Get("Set-Cookie"), test.cookie)
		}
		if hsts := cookie.Get("Strict-Transport-Security") != ""; hsts != test.hsts {
			t.Errorf("%v: got Strict-Transport-Security %v, want %v", test.set, hsts, test.hsts)
		}
		s.stop()
		if err := <-s.ended; err != nil {
			t.Error(err)
		}
	}
}

// signOut signs somebody in and out, and answers the headers of the sign-out.
func (s *started) signOut(t *testing.T) http.Header {
	t.Helper()
	const person = `{"email":"ada@example.edu","password":"correct horse battery staple"}`
	c := &console{ctx: t.Context(), env: environment{"hash": "argon2id,m=64,t=1,p=1"}, now: time.Now, out: io.Discard, errs: s.log}
	c.in = strings.NewReader("correct horse battery staple\n")
	if status := c.run([]string{"account", "create", "ada@example.edu", "--name", "Ada", "--password-stdin", "--data", s.config.Data}); status != 0 {
		t.Fatalf("the account was not made:\n%s", s.log)
	}
	base := "http://" + s.public.Addr().String() + "/api/auth/"
	in, err := http.Post(base+"sign-in", "application/json", strings.NewReader(person))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Body.Close()
	if in.StatusCode != http.StatusOK || len(in.Cookies()) != 2 {
		t.Fatalf("sign-in: %d %v", in.StatusCode, in.Header)
	}
	request, err := http.NewRequest(http.MethodPost, base+"sign-out", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Cookie", in.Cookies()[0].Name+"="+in.Cookies()[0].Value)
	out, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	if out.StatusCode != http.StatusOK {
		t.Fatalf("sign-out: %d", out.StatusCode)
	}
	return out.Header
}

// TestIssuerOutlivesThePublicAddress wants old tokens to stay good when the port
// changes, and the setting to win over what is kept.
func TestIssuerOutlivesThePublicAddress(t *testing.T) {
	data := "data=" + filepath.Join(t.TempDir(), "data")
	var issuers []string
	for _, set := range [][]string{{data}, {data}, {data, "issuer=https://issuer.example.edu"}, {data}} {
		s := startServer(t, nil, set...)
		kept, err := s.core.store.Read(t.Context()).Meta("issuer")
		if err != nil {
			t.Fatal(err)
		}
		issuers = append(issuers, kept)
		s.stop()
		if err := <-s.ended; err != nil {
			t.Error(err)
		}
	}
	for _, issuer := range issuers {
		if issuer != issuers[0] || !strings.HasPrefix(issuer, "http://localhost:") {
			t.Errorf("the issuers kept are %v, want the first public address in all", issuers)
		}
	}
}

func TestPortFileIsWhole(t *testing.T) {
	file := filepath.Join(t.TempDir(), "port")
	s := startServer(t, nil, "port-file="+file)
	text, err := os.ReadFile(file)
	if err != nil || string(text) != s.public.Addr().String()+"\n" {
		t.Errorf("got %q, %v, want %s", text, err, s.public.Addr())
	}
	s.stop()
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(filepath.Dir(file)); len(left) != 1 {
		t.Errorf("%v is left", left)
	}
}

// TestPortFileThatCannotBeWrittenEndsTheServer leaves nobody waiting for it.
func TestPortFileThatCannotBeWrittenEndsTheServer(t *testing.T) {
	cfg, err := read(t, "addr=127.0.0.1:0", "data="+filepath.Join(t.TempDir(), "data"), "port-file="+filepath.Join(t.TempDir(), "no", "port"))
	if err != nil {
		t.Fatal(err)
	}
	c := &console{ctx: t.Context(), now: time.Now, out: io.Discard, errs: io.Discard}
	err = c.serve(cfg, nil)
	if err == nil || !strings.HasPrefix(err.Error(), "port-file: ") {
		t.Errorf("got %v", err)
	}
}

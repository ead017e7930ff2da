package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// send answers what the server says to a POST with this body.
func (s *started) send(t *testing.T, path, client, body string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+s.public.Addr().String()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Forwarded-For", client)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	response.Body = io.NopCloser(strings.NewReader(string(text)))
	return response
}

// TestAHammeredCallLeavesTheOthersAlone: RAT-09. One network has used up one call: its
// other calls go on, and so do other networks.
func TestAHammeredCallLeavesTheOthersAlone(t *testing.T) {
	s := startServer(t, nil, "limit-requests=3", "limit-requests-burst=3", "trusted-proxies=127.0.0.1")
	const strength, exists = "/api/user/password-strength", "/api/user/email-exists"
	for _, step := range []struct {
		path, client, body string
		status             int
	}{
		{strength, "203.0.113.5", `{"password":"x"}`, 200},
		{strength, "203.0.113.5", `{"password":"y"}`, 200},
		{strength, "203.0.113.5", `{`, 400},
		{strength, "203.0.113.5", `{"password":"z"}`, 429},
		{strength, "203.0.113.5", `{`, 429},
		{exists, "203.0.113.5", `{"email":"a@example.edu"}`, 200},
		{strength, "203.0.113.6", `{"password":"x"}`, 200},
		{strength, "6.6.6.6, 203.0.113.5", `{"password":"x"}`, 429},
		{strength, "2001:db8::1", `{"password":"x"}`, 200},
		{strength, "2001:db8::2", `{"password":"x"}`, 200},
		{strength, "[2001:db8::3]:567", `{"password":"x"}`, 200},
		{strength, "2001:db8::4", `{"password":"x"}`, 429},
		{strength, "2001:db8:0:1::4", `{"password":"x"}`, 200},
	} {
		response := s.send(t, step.path, step.client, step.body)
		if response.StatusCode != step.status {
			t.Errorf("%s from %s: got %d, want %d", step.path, step.client, response.StatusCode, step.status)
		}
		if got := response.Header.Get("Retry-After"); (got != "") != (step.status == 429) {
			t.Errorf("%s from %s: got Retry-After %q with %d", step.path, step.client, got, step.status)
		}
	}
	for range 10 { // signing in has limits of its own, by the address and the network
		if got := s.send(t, "/api/user/login", "203.0.113.5", `{"email":"a@example.edu","password":"x"}`); got.StatusCode != 400 {
			t.Errorf("login: got %d, want 400", got.StatusCode)
		}
	}
	_, metrics := s.get(t, s.private, "/metrics")
	for _, line := range []string{"matricula_rate_refusals_total 4", "matricula_rate_keys 5", `matricula_refusals_total{code="too_many"} 4`} {
		if !strings.Contains(metrics, "\n"+line+"\n") {
			t.Errorf("the metrics have no line %q", line)
		}
	}
	if !strings.Contains(s.log.String(), `"error":"too_many: limit-requests, of this call and the client's network"`) {
		t.Error("the log does not say which limit it was")
	}
	s.stop()
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
}

func TestLimitsOffLiftsTheRate(t *testing.T) {
	s := startServer(t, nil, "limit-requests=1", "limit-requests-burst=1", "limits=off")
	for range 5 {
		if got := s.send(t, "/api/user/password-strength", "", `{"password":"x"}`); got.StatusCode != 200 {
			t.Errorf("got %d, want 200", got.StatusCode)
		}
	}
	s.stop()
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
}

// TestAnUnnamedProxyIsToldOf: everybody would share the limits of one network, and
// the operator would learn it from a mail of complaint.
func TestAnUnnamedProxyIsToldOf(t *testing.T) {
	for _, tt := range []struct {
		set  []string
		told bool
	}{
		{[]string{public, smtp}, true},
		{[]string{public, smtp, "trusted-proxies=127.0.0.1"}, false},
		{nil, false},
	} {
		s := startServer(t, nil, tt.set...)
		s.stop()
		if err := <-s.ended; err != nil {
			t.Error(err)
		}
		if got := strings.Contains(s.log.String(), "trusted-proxies names no proxy"); got != tt.told {
			t.Errorf("%v: told %v, want %v", tt.set, got, tt.told)
		}
	}
}

// TestSlowBodiesHoldNothing: who sends a body slowly is not in the gate yet, and does
// not hold the database. Others are served as if nobody else were there.
func TestSlowBodiesHoldNothing(t *testing.T) {
	s := startServer(t, nil, "limits=off")
	body := `{"email":"a@example.edu","password":"a long enough password"}`
	var stalled []net.Conn
	for range 40 { // more than slots and queue together
		for _, path := range []string{"/api/user/login", "/api/auth/sign-in", "/api/user/confirm-reset"} {
			conn, err := net.Dial("tcp", s.public.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			stalled = append(stalled, conn)
			fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
				path, len(body), body[:len(body)-1])
		}
	}
	s.servesOthers(t)
	for _, conn := range stalled {
		_ = conn.Close()
	}
	s.stop()
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
}

// servesOthers holds that calls of all kinds are answered, and that nobody else is at
// the gate.
func (s *started) servesOthers(t *testing.T) {
	t.Helper()
	client := &http.Client{Timeout: 10 * time.Second}
	for range 10 {
		for path, body := range map[string]string{
			"/api/user/login": `{"email":"a@example.edu","password":"x"}`, "/api/auth/sign-in": `{"email":"a@example.edu","password":"x"}`,
			"/api/user/request-reset": `{"email":"a@example.edu"}`, "/api/catalog/tags": "", "/api/cohorts": "", "/readyz": "",
		} {
			method := "POST"
			if body == "" {
				method = "GET"
			}
			r, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.public.Addr().String()+path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			response, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode >= 500 {
				t.Errorf("%s: got %d", path, response.StatusCode)
			}
		}
		if gate := s.core.hasher.Stats(); gate.InUse+gate.Queued > 0 {
			t.Errorf("got %d in the gate and %d before it, want nobody", gate.InUse, gate.Queued)
		}
	}
}

// slowReader takes no octet of an answer until it is let go.
type slowReader struct {
	*httptest.ResponseRecorder
	writing *sync.WaitGroup
	release chan struct{}
}

func (w slowReader) Write(b []byte) (int, error) {
	w.writing.Done()
	<-w.release
	return w.ResponseRecorder.Write(b)
}

// TestSlowReadersHoldNothing: an answer is written when the gate and the database have
// been left, so that who doesn't read it keeps nobody waiting.
func TestSlowReadersHoldNothing(t *testing.T) {
	s := startServer(t, nil, "limits=off")
	var writing, written sync.WaitGroup
	release := make(chan struct{})
	for path, body := range map[string]string{
		"/api/user/login": `{"email":"a@example.edu","password":"x"}`, "/api/auth/sign-in": `{"email":"a@example.edu","password":"x"}`,
		"/api/user/request-reset": `{"email":"a@example.edu"}`, "/api/user/email-exists": `{"email":"a@example.edu"}`,
		"/api/catalog/tags": "", "/api/catalog/num-user-tags": "", "/api/cohorts": "", "/api/cohorts/current": "",
		"/.well-known/jwks.json": "", "/readyz": "", "/sign-in": "",
	} {
		for range 20 { // more than there are readers of the database
			method := "POST"
			if body == "" {
				method = "GET"
			}
			r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			writing.Add(1)
			written.Go(func() { s.handlers.public.ServeHTTP(slowReader{httptest.NewRecorder(), &writing, release}, r) })
		}
	}
	writing.Wait()
	s.servesOthers(t)
	close(release)
	written.Wait()
	s.stop()
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
}

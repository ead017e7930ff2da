package acceptance

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// inFlight is a request whose handler is running and waits for the body.
type inFlight struct {
	conn   net.Conn
	reader *bufio.Reader
	body   string
}

// begin sends the head of a request and waits until the server asks for the body,
// which it does from within the handler (RFC 9110 section 10.1.1).
func (s *server) begin(t *testing.T, path, body string) *inFlight {
	t.Helper()
	conn, err := net.Dial("tcp", "127.0.0.1:"+s.port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", path, len(body))
	f := &inFlight{conn, bufio.NewReader(conn), body}
	interim, err := f.reader.ReadString('\n')
	if err != nil || !strings.HasPrefix(interim, "HTTP/1.1 100 ") {
		t.Fatalf("%s: got %q (%v), want 100 Continue", path, interim, err)
	}
	if _, err := f.reader.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return f
}

// send sends the body, in one piece.
func (f *inFlight) send() error {
	_, err := io.WriteString(f.conn, f.body)
	return err
}

// finish reads the answer.
func (f *inFlight) finish() (int, string, error) {
	response, err := http.ReadResponse(f.reader, nil)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err
}

// TestStopFinishesWhatIsInFlight sends SIGTERM while logins are under way that hash
// at the real cost: each is answered as if nothing had happened (by 503, if it found no slot), nobody new gets in,
// and the program ends with status 0.
func TestStopFinishesWhatIsInFlight(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.env = []string{metricsSomewhere} // and the real cost of a hash
	o := officer{"stop@example.edu", "the password of the stop", "Stop Club"}
	in.roster(t, o.email)
	s := in.serve(t)
	s.register(t, o)
	tokens := s.login(t, o)
	eventually(t, startTime, "word of where the metrics are", func() bool { return in.ops() != "" })
	watch := newVisitor(in.ops(), in.secrets)
	watch.call(t, "GET", "/readyz", nil).want(t, 200)
	watch.call(t, "GET", "/debug/pprof/", nil).want(t, 200)

	var logins []*inFlight
	for range 4 {
		logins = append(logins, s.begin(t, "/api/user/login", fmt.Sprintf(`{"email":%q,"password":%q}`, o.email, o.password)))
	}
	var others []*inFlight
	for range 8 {
		others = append(others, s.begin(t, "/api/user/password-strength", `{"password":"p@ssw0rd!"}`))
	}
	s.signal(t)
	eventually(t, 5*time.Second, "a sign on /readyz that the program stops", func() bool {
		a, err := watch.try("GET", "/readyz", nil)
		return err == nil && a.status == 503
	})
	if conn, err := net.Dial("tcp", "127.0.0.1:"+s.port); err == nil {
		conn.Close()
		t.Error("a program that stops takes a new connection")
	}
	for _, request := range append(logins, others...) {
		if err := request.send(); err != nil {
			t.Error(err)
		}
	}
	served := 0
	for i, login := range logins {
		status, body, err := login.finish()
		switch {
		case err == nil && status == 200 && strings.Contains(body, "access"):
			served++
		case err == nil && status == 503 && strings.Contains(body, "busy"): // no slot came free in time, as may be without a stop
		default:
			t.Errorf("login %d in flight: %d %s (%v), want 200, or 503 behind two others", i, status, body, err)
		}
	}
	if served < 2 { // each slot serves one at least
		t.Errorf("%d of %d logins were served", served, len(logins))
	}
	for i, other := range others {
		if status, body, err := other.finish(); err != nil || status != 200 || !strings.Contains(body, "strong") {
			t.Errorf("call %d in flight: %d %s (%v), want 200", i, status, body, err)
		}
	}
	s.awaitEnd(t, 15*time.Second)

	s = in.serve(t)
	s.profile(t, tokens.access).want(t, 200)
	s.stop(t)
}

// TestSecondSignalEndsAtOnce has a client hold the program up; who sends SIGTERM
// again does not want to wait for it.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	in := install(t)
	s := in.serve(t)
	s.begin(t, "/api/user/login", `{"email":"nobody@example.edu","password":"never sent"}`)
	s.signal(t)
	eventually(t, 5*time.Second, "a word that the program stops", func() bool { return strings.Contains(s.log.String(), `"stopping"`) })
	select {
	case <-s.ended:
		t.Fatal("the program ended with a call in flight")
	case <-time.After(300 * time.Millisecond):
	}
	at := time.Now()
	s.signal(t)
	select {
	case <-s.ended:
	case <-time.After(3 * time.Second):
		t.Fatal("the program runs on after the second SIGTERM")
	}
	if took := time.Since(at); took > 2*time.Second {
		t.Errorf("the program took %v to end at the second SIGTERM", took)
	}
}

// TestStopDoesNotWaitForever ends at once when nothing is in flight, whoever
// is connected, and cuts off in time a client that never comes to an end.
func TestStopDoesNotWaitForever(t *testing.T) {
	t.Parallel()
	in := install(t)
	s := in.serve(t)
	s.call(t, "GET", "/healthz", nil).want(t, 200) // a connection that idles
	at := time.Now()
	s.stop(t)
	if took := time.Since(at); took > 5*time.Second {
		t.Errorf("with idle connections alone the stop took %v", took)
	}

	s = in.serve(t)
	s.begin(t, "/api/user/login", `{"email":"nobody@example.edu","password":"never sent"}`)
	s.stop(t)
}

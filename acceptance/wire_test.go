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

// raw sends octets as they stand on a connection of their own, and answers every
// response that comes until the server closes it. Our side is closed after the first
// of them, or when a second has brought none: earlier, it would tell the server that
// nobody waits any more.
func (s *server) raw(t *testing.T, text string) []answer {
	t.Helper()
	conn, err := net.Dial("tcp", "127.0.0.1:"+s.port)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	go io.WriteString(conn, text) // the server may hang up in the middle
	done := func() { _ = conn.(*net.TCPConn).CloseWrite() }
	defer time.AfterFunc(time.Second, done).Stop()
	var answers []answer
	reader := bufio.NewReader(conn)
	for {
		response, err := http.ReadResponse(reader, &http.Request{Method: methodOf(text)})
		if err != nil {
			return answers
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Errorf("half an answer to %.60q: %v", text, err)
		}
		answers = append(answers, answer{fmt.Sprintf("%.60q", text), response.StatusCode, response.Header, body})
		done()
	}
}

func methodOf(text string) string {
	method, _, _ := strings.Cut(text, " ")
	return method
}

// alive fails the test unless the server does its work.
func (s *server) alive(t *testing.T) {
	t.Helper()
	s.call(t, "GET", "/readyz", nil).want(t, 200)
	s.call(t, "POST", "/api/user/password-strength", object{"password": "p@ssw0rd!"}).want(t, 200)
}

// TestRequestsHaveOneEnd sends what programs on the way could divide otherwise than
// we do: it is refused, or answered once and the connection closed. What hides
// behind it is never answered as a request of its own.
func TestRequestsHaveOneEnd(t *testing.T) {
	t.Parallel()
	s := install(t).serve(t)
	const (
		head   = "POST /api/user/password-strength HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
		body   = `{"password":"p@ssw0rd!"}` // 24 octets
		hidden = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
		chunks = "18\r\n" + body + "\r\n0\r\n\r\n"
	)
	for name, c := range map[string]struct {
		sent     string
		statuses string // that may be answered, the first answer's
	}{
		"two lengths":                    {head + "Content-Length: 24\r\nContent-Length: 67\r\n\r\n" + body + hidden, "400"},
		"two lengths in one line":        {head + "Content-Length: 24, 67\r\n\r\n" + body + hidden, "400"},
		"length with a sign":             {head + "Content-Length: +24\r\n\r\n" + body + hidden, "400"},
		"negative length":                {head + "Content-Length: -1\r\n\r\n" + body + hidden, "400"},
		"length and chunks":              {head + "Content-Length: 24\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + hidden, "200 400"},
		"chunks and length":              {head + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n" + chunks + hidden, "200 400"},
		"chunks":                         {head + "Transfer-Encoding: chunked\r\n\r\n" + chunks + hidden, "200"},
		"chunks by another name":         {head + "Transfer-Encoding: xchunked\r\nContent-Length: 24\r\n\r\n" + body + hidden, "400 501"},
		"chunks twice":                   {head + "Transfer-Encoding: chunked, chunked\r\n\r\n" + chunks + hidden, "400 501"},
		"chunks and identity":            {head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n" + chunks + hidden, "400 501"},
		"chunks with a space":            {head + "Transfer-Encoding : chunked\r\nContent-Length: 24\r\n\r\n" + body + hidden, "400"},
		"chunk without its size":         {head + "Transfer-Encoding: chunked\r\n\r\nwho knows\r\n" + hidden, "400"},
		"chunk size with bare line feed": {head + "Transfer-Encoding: chunked\r\n\r\n18;x\n" + body + "\r\n0\r\n\r\n" + hidden, "200 400"},
		"folded header":                  {head + "X-Folded: one\r\n Content-Length: 24\r\n\r\n", "400"},
		"NUL in a header":                {head + "X-Nul: a\x00b\r\nContent-Length: 24\r\n\r\n" + body, "400"},
		"no host":                        {strings.Replace(head, "Host: localhost\r\n", "", 1) + "Content-Length: 24\r\n\r\n" + body, "400"},
		"two hosts":                      {head + "Host: evil.example\r\nContent-Length: 24\r\n\r\n" + body, "400"},
		"old protocol":                   {strings.Replace(head, "1.1", "1.0", 1) + "Content-Length: 24\r\n\r\n" + body + hidden, "200"},
		"no protocol":                    {"GET /healthz\r\n\r\n" + hidden, "400"},
		"newer protocol":                 {strings.Replace(head, "1.1", "3.0", 1) + "Content-Length: 24\r\n\r\n" + body, "400 505"},
		"preface of HTTP/2":              {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400 405 505 404"},
		"TLS":                            {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("x", 100) + "\r\n\r\n", "400"},
		"body shorter than it says":      {head + "Content-Length: 100\r\n\r\n" + body, "400"},
	} {
		t.Run(name, func(t *testing.T) {
			answers := s.raw(t, c.sent)
			if len(answers) != 1 {
				t.Fatalf("%d answers, want 1: %v", len(answers), answers)
			}
			if got := fmt.Sprint(answers[0].status); !strings.Contains(c.statuses, got) {
				t.Errorf("got %s, want %s: %s", got, c.statuses, answers[0].body)
			}
		})
	}
	if pair := s.raw(t, head+"Content-Length: 24\r\n\r\n"+body+hidden); len(pair) != 2 {
		t.Errorf("two requests without fault have %d answers", len(pair))
	}
	s.alive(t)
}

// TestTooMuchIsRefusedEarly sends more than anybody needs.
func TestTooMuchIsRefusedEarly(t *testing.T) {
	t.Parallel()
	s := install(t).serve(t)
	many := strings.Repeat("X-Filler: "+strings.Repeat("x", 1000)+"\r\n", 40)
	long := strings.Repeat("x", 100<<10)
	for name, c := range map[string]struct {
		sent     string
		statuses string
	}{
		"headers": {"GET /api/auth/info HTTP/1.1\r\nHost: localhost\r\n" + many + "\r\n", "431"},
		"cookie":  {"GET /api/auth/info HTTP/1.1\r\nHost: localhost\r\nCookie: matricula=" + long + "\r\n\r\n", "431"},
		"path":    {"GET /api/user/confirm/" + long + " HTTP/1.1\r\nHost: localhost\r\n\r\n", "414 431"},
		"query":   {"GET /?" + long + " HTTP/1.1\r\nHost: localhost\r\n\r\n", "414 431"},
		"body": {"POST /api/user/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 65537\r\n\r\n" +
			long, "413"},
		"body of unknown length": {"POST /api/user/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" +
			"19000\r\n" + long + "\r\n0\r\n\r\n", "413"},
	} {
		t.Run(name, func(t *testing.T) {
			answers := s.raw(t, c.sent)
			if len(answers) != 1 || !strings.Contains(c.statuses, fmt.Sprint(answers[0].status)) {
				t.Errorf("got %v, want one answer with %s", answers, c.statuses)
			}
		})
	}
	s.call(t, "POST", "/api/user/login", object{"email": "nobody@example.edu", "password": strings.Repeat("p", 60<<10)}).want(t, 400)
	s.alive(t)
}

// TestSlowOnesAreCutOff has a handful of clients that never finish: they are sent
// away in time, and nobody waits for them.
func TestSlowOnesAreCutOff(t *testing.T) {
	t.Parallel()
	s := install(t).serve(t)
	var slow []net.Conn
	for i := range 24 {
		conn, err := net.Dial("tcp", "127.0.0.1:"+s.port)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		heads := []string{"", "POST /api/user/lo", "POST /api/user/login HTTP/1.1\r\nHost: localhost\r\nX-"}
		if _, err := io.WriteString(conn, heads[i%len(heads)]); err != nil {
			t.Fatal(err)
		}
		slow = append(slow, conn)
	}
	began := time.Now()
	for range 20 {
		at := time.Now()
		s.alive(t)
		if took := time.Since(at); took > 2*time.Second {
			t.Errorf("beside slow clients two calls took %v", took)
		}
	}
	for _, conn := range slow {
		if err := conn.SetReadDeadline(began.Add(12 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if said, err := io.ReadAll(conn); err != nil {
			t.Fatalf("a client that never sends its head is still connected after %v: %q (%v)", time.Since(began), said, err)
		}
	}
	s.alive(t)
}

// TestOnePathAndOneMethodForEachCall spells the calls in other ways: none reaches
// them, none is redirected, and under /api the refusal has the contract's shape.
func TestOnePathAndOneMethodForEachCall(t *testing.T) {
	t.Parallel()
	in := install(t)
	o := officer{"paths@example.edu", "the password of the paths", "Path Club"}
	in.roster(t, o.email)
	s := in.serve(t)
	s.call(t, "POST", "/api/user/register", o.sample()).want(t, 200)
	mailed := in.newLetter(t, o.email, 1)
	confirm := mailed.link(t).RequestURI()

	// Scanners look at links before people do.
	for _, method := range []string{"HEAD", "POST", "OPTIONS", "TRACE", "PROPFIND"} {
		if a := s.call(t, method, confirm, nil).want(t, 405); a.header.Get("Allow") != "GET" {
			t.Errorf("%s on the confirmation link allows %q, want GET", method, a.header.Get("Allow"))
		}
	}
	s.call(t, "POST", "/api/user/login", object{"email": o.email, "password": o.password}).want(t, 403)
	s.follow(t, mailed).want(t, 303)
	login := fmt.Sprintf(`{"email":%q,"password":%q}`, o.email, o.password)
	cookie, _ := s.signIn(t, member{o.email, o.password})
	for _, method := range []string{"HEAD", "PUT", "DELETE", "TRACE"} {
		if a := s.call(t, method, "/api/auth/sign-out", nil, cookie).want(t, 405); a.header.Get("Allow") != "GET, POST" {
			t.Errorf("%s on sign-out allows %q, want GET, POST", method, a.header.Get("Allow"))
		}
	}
	s.info(t, cookie).want(t, 200)

	for _, path := range []string{
		"//api/user/login", "/api//user/login", "/api/user/login/", "/api/user/login//", "/api/user/%6cogin", "/api/user/%6Cogin",
		"/%61pi/user/login", "/api%2fuser%2flogin", "/api/user%2flogin", "/api/./user/login", "/api/user/./login", "/api/auth/../user/login",
		"/api/user/../user/login", "/api/user/login;x", "/api/user/login;x=1", "/API/user/login", "/api/user/Login", "/api/user/login%00",
		"/api/user/login%20", "/api/user/login.json", "/api/user/login%3F", "/api/user/log%0ain", "/.//api/user/login", "/api/user/%2e%2e/user/login",
	} {
		s.nowhere(t, "POST", path, login)
	}
	for _, path := range []string{"/api/auth/../auth/info", "//api/auth/info", "/api/auth/info/", "/api/auth/%69nfo", "/api/auth/info;x", "/API/auth/info"} {
		s.nowhere(t, "GET", path, "", cookie)
	}

	// What a header or a query says of the method doesn't count.
	tokens := s.login(t, o)
	for _, header := range []string{"X-HTTP-Method-Override: DELETE", "X-HTTP-Method: DELETE", "X-Method-Override: DELETE"} {
		s.call(t, "POST", "/api/user/revoke-access?_method=DELETE", nil, bearer(tokens.access), header).want(t, 405)
		s.call(t, "GET", "/api/user/revoke-access?_method=DELETE", nil, bearer(tokens.access), header).want(t, 405)
	}
	for _, header := range []string{"X-Original-URL: /api/user/revoke-access", "X-Rewrite-URL: /api/auth/info"} {
		s.call(t, "GET", "/api/user/nothing", nil, bearer(tokens.access), cookie, header).want(t, 404)
	}
	s.profile(t, tokens.access).want(t, 200)
	for _, text := range []string{
		"get /api/auth/info HTTP/1.1\r\nHost: localhost\r\n\r\n", "CONNECT /api/auth/info HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /api/user/log in HTTP/1.1\r\nHost: localhost\r\n\r\n",
	} {
		for _, a := range s.raw(t, text) {
			if a.status < 400 {
				t.Errorf("%s: got %d %s", a.call, a.status, a.body)
			}
		}
	}
	absolute := s.raw(t, "GET http://evil.example/api/auth/info HTTP/1.1\r\nHost: localhost\r\n"+cookie+"\r\n\r\n")
	if len(absolute) != 1 || strings.Contains(string(absolute[0].body), "evil.example") {
		t.Errorf("a request in absolute form: %v", absolute)
	}
	s.alive(t)
}

// nowhere makes a call, on the wire as it is spelt, that must lead nowhere.
func (s *server) nowhere(t *testing.T, method, path, body string, headers ...string) {
	t.Helper()
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n", method, path, len(body))
	for _, header := range headers {
		head += header + "\r\n"
	}
	answers := s.raw(t, head+"\r\n"+body)
	if len(answers) != 1 {
		t.Errorf("%s %s: %d answers", method, path, len(answers))
		return
	}
	a := answers[0]
	if a.status != 404 && a.status != 400 && a.status != 405 || a.header.Get("Location") != "" || a.header.Get("Set-Cookie") != "" {
		t.Errorf("%s %s: got %d %v %s, want 404", method, path, a.status, a.header, a.body)
	}
	if strings.HasPrefix(path, "/api/") && a.status != 400 {
		if a.header.Get("Content-Type") != "application/json; charset=utf-8" || a.header.Get("Cache-Control") != "no-store" || a.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s: the refusal has the headers %v", method, path, a.header)
		}
		members := a.members(t)
		if members["reason"] == nil && members["message"] == nil {
			t.Errorf("%s %s: the refusal has no contract's shape: %s", method, path, a.body)
		}
	}
}

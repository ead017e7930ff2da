package attack

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// dial opens a connection to the target, for octets as they stand.
func (a *attacker) dial() net.Conn {
	a.t.Helper()
	conn, err := a.target.dial()
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func (g *target) dial() (net.Conn, error) {
	if strings.HasPrefix(g.base, "https:") {
		return tls.Dial("tcp", g.host(), nil)
	}
	return net.Dial("tcp", g.host())
}

// raw sends octets as they stand on a connection of their own, and answers every
// response that comes until the server closes it. Our side is closed after the
// first of them, or when a second has brought none: earlier, it would tell the server
// that nobody waits any more.
func (a *attacker) raw(text string) []answer {
	a.t.Helper()
	conn, err := a.target.dial()
	if err != nil {
		a.t.Fatal(err)
	}
	defer conn.Close()
	answers, err := converse(conn, text)
	if err != nil {
		a.t.Errorf("%.60q: %v", text, err)
	}
	return answers
}

// converse sends a text on a connection and reads what is answered.
func converse(conn net.Conn, text string) ([]answer, error) {
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return nil, err
	}
	go io.WriteString(conn, text) // the server may hang up in the middle
	done := func() {}
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		done = func() { _ = half.CloseWrite() }
	}
	defer time.AfterFunc(time.Second, done).Stop()
	method, _, _ := strings.Cut(text, " ")
	reader := bufio.NewReader(conn)
	var answers []answer
	for {
		response, err := http.ReadResponse(reader, &http.Request{Method: method})
		if err != nil {
			return answers, nil
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			return answers, fmt.Errorf("half an answer: %w", err)
		}
		answers = append(answers, answer{fmt.Sprintf("%.60q", text), response.StatusCode, response.Header, body, response.Close})
		done()
	}
}

// request writes a request as it goes over the wire, with the length of its body;
// headers are written "Name: value".
func (a *attacker) request(method, path, body string, headers ...string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, path, strings.TrimPrefix(strings.TrimPrefix(a.base, "http://"), "https://"))
	if a.network != "" {
		fmt.Fprintf(&text, "X-Forwarded-For: %s\r\n", a.network)
	}
	if body != "" {
		fmt.Fprintf(&text, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	for _, header := range headers {
		text.WriteString(header + "\r\n")
	}
	return text.String() + "\r\n" + body
}

// lengthOf is the header that says how long a body is.
func lengthOf(body string) string { return fmt.Sprintf("Content-Length: %d", len(body)) }

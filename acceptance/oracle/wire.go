package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// patience is how long an answer may take.
const patience = 30 * time.Second

// client is one connection, kept for all that it asks. It reads the octets of an
// answer themselves: net/http would sort the headers and cost more than the server.
type client struct {
	url  *url.URL
	conn net.Conn
	in   *bufio.Reader
}

func newClient(address string) (*client, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	return &client{url: u}, nil
}

func (c *client) close() {
	if c.conn != nil {
		_ = c.conn.Close() // what mattered was read
		c.conn = nil
	}
}

func (c *client) dial() (err error) {
	port := c.url.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[c.url.Scheme]
	}
	address := net.JoinHostPort(c.url.Hostname(), port)
	if c.url.Scheme == "https" {
		c.conn, err = tls.Dial("tcp", address, &tls.Config{ServerName: c.url.Hostname(), NextProtos: []string{"http/1.1"}})
	} else {
		c.conn, err = net.DialTimeout("tcp", address, patience)
	}
	if err != nil {
		return err
	}
	c.in = bufio.NewReaderSize(c.conn, 64<<10)
	return nil
}

// answer is what a stranger sees of an answer.
type answer struct {
	status     int
	seen       string        // status line, headers and body, but for what is each answer's own
	retryAfter int           // seconds, -1 without
	took       time.Duration // from the first octet sent to the last received
}

// do asks, as somebody of that network. A connection that the server has closed
// meanwhile is opened anew.
func (c *client) do(r request, network, email string) (answer, error) {
	text := c.write(r, network)
	for try := 0; ; try++ {
		if c.conn == nil {
			if err := c.dial(); err != nil {
				return answer{}, err
			}
		}
		a, last, err := c.exchange(text, r.method, email)
		if err != nil || last {
			c.close()
		}
		if err == nil || try == 1 {
			return a, err
		}
	}
}

// write writes a request. What the proxies before the server would add stands in it
// already, so that each sample can be somebody else.
func (c *client) write(r request, network string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nX-Forwarded-For: %s\r\n", r.method, r.path, c.url.Host, network)
	typed := false
	for _, header := range r.headers {
		fmt.Fprintf(&b, "%s\r\n", header)
		typed = typed || strings.HasPrefix(header, "Content-Type:")
	}
	if r.body != "" && !typed {
		b.WriteString("Content-Type: application/json\r\n")
	}
	if r.body != "" || r.method == "POST" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(r.body))
	}
	fmt.Fprintf(&b, "\r\n%s", r.body)
	return b.Bytes()
}

// exchange sends a whole request and reads the whole answer; last says that the
// connection ends with it.
func (c *client) exchange(text []byte, method, email string) (a answer, last bool, err error) {
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return a, true, err
	}
	at := time.Now()
	if _, err := c.conn.Write(text); err != nil {
		return a, true, err
	}
	var head bytes.Buffer
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return a, true, err
		}
		head.Write(line)
		if len(line) <= 2 {
			break
		}
	}
	kept := head.String()
	response, err := http.ReadResponse(bufio.NewReader(io.MultiReader(&head, c.in)), &http.Request{Method: method})
	if err != nil {
		return a, true, fmt.Errorf("this is no answer: %w", err)
	}
	if response.ContentLength < 0 {
		return a, true, errors.New("an answer has no length") // what was read ahead would be lost
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return a, true, err
	}
	a = answer{status: response.StatusCode, retryAfter: -1, took: time.Since(at)}
	a.see(kept, string(body), email)
	return a, response.Close, nil
}

// see keeps what can be compared: the head as it stood on the wire, and the body.
func (a *answer) see(head, body, email string) {
	echoed := strings.Contains(body, email)
	var b strings.Builder
	for line := range strings.Lines(head) {
		name, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		value = strings.TrimSpace(value)
		switch strings.ToLower(name) {
		case "date", "x-request-id":
			value = "<its own>"
		case "content-length":
			if echoed {
				value = "<with the address>"
			}
		case "retry-after":
			if seconds, err := strconv.Atoi(value); err == nil {
				a.retryAfter, value = seconds, "<seconds>"
			}
		}
		if value == "" {
			fmt.Fprintln(&b, name)
		} else {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	b.WriteString(strings.ReplaceAll(body, email, "<the address>"))
	a.seen = b.String()
}

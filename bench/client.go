package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

// client is one connection that sends requests one after the other. It does as
// little as HTTP/1.1 allows, since it takes its time from the same processors as
// the server: net/http's would cost more than a bare handler.
type client struct {
	conn net.Conn
	in   *bufio.Reader
}

// dial connects. Whatever is not answered within patience is an error.
func dial(addr string, patience time.Duration) (*client, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &client{conn: conn, in: bufio.NewReaderSize(conn, 16<<10)}, nil
}

func (c *client) close() { _ = c.conn.Close() } // what mattered was read

// answer is what came back. body is good until the next request.
type answer struct {
	status int
	body   []byte
}

// do sends a whole request and reads the whole answer.
func (c *client) do(request []byte) (answer, error) {
	if _, err := c.conn.Write(request); err != nil {
		return answer{}, err
	}
	return c.read()
}

// read reads an answer with a length, the only kind that the servers give.
func (c *client) read() (a answer, err error) {
	line, err := c.line()
	if err != nil {
		return a, err
	}
	if a.status, err = statusOf(line); err != nil {
		return a, err
	}
	length := -1
	for {
		line, err := c.line()
		switch {
		case err != nil:
			return a, err
		case len(line) == 0:
			a.body, err = c.take(length)
			return a, err
		}
		if value, ok := field(line, "content-length"); ok {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return a, fmt.Errorf("an answer's length is %q", value)
			}
		}
	}
}

// line reads a line without its end.
func (c *client) line() ([]byte, error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	return bytes.TrimRight(line, "\r\n"), nil
}

// take reads a body, which must fit the buffer.
func (c *client) take(length int) ([]byte, error) {
	if length < 0 {
		return nil, errors.New("an answer has no length")
	}
	body, err := c.in.Peek(length)
	if err != nil {
		return nil, err
	}
	_, err = c.in.Discard(length)
	return body, err
}

// statusOf reads "HTTP/1.1 200 OK".
func statusOf(line []byte) (int, error) {
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, fmt.Errorf("an answer begins with %.40q", line)
	}
	return strconv.Atoi(string(line[9:12]))
}

// field answers the value of a header line of this name, given in lower case.
func field(line []byte, name string) ([]byte, bool) {
	if len(line) <= len(name) || line[len(name)] != ':' || !bytes.EqualFold(line[:len(name)], []byte(name)) {
		return nil, false
	}
	return bytes.TrimSpace(line[len(name)+1:]), true
}

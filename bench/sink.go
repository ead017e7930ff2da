package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// sink is a mail server (RFC 5321) that takes every mail and keeps none.
type sink struct{ ln net.Listener }

// openSink begins to take mails.
func openSink() (*sink, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &sink{ln}
	go s.serve()
	return s, nil
}

func (s *sink) addr() string { return s.ln.Addr().String() }

func (s *sink) close() { _ = s.ln.Close() }

func (s *sink) serve() {
	for {
		conn, err := s.ln.Accept()
		if err != nil {
			return // closed
		}
		go func() {
			defer conn.Close()
			if conn.SetDeadline(time.Now().Add(patience)) == nil {
				takeMail(conn)
			}
		}()
	}
}

// takeMail holds one conversation. The client is our own, so a command that it
// never sends is taken like any other.
func takeMail(conn io.ReadWriter) {
	lines := bufio.NewScanner(conn)
	say := func(text string) bool {
		_, err := fmt.Fprint(conn, text, "\r\n")
		return err == nil
	}
	mail := false
	for ok := say("220 localhost"); ok && lines.Scan(); {
		verb, _, _ := strings.Cut(strings.ToUpper(lines.Text()), " ")
		switch {
		case mail && lines.Text() != ".":
			// a line of the mail
		case mail:
			mail, ok = false, say("250 taken")
		case verb == "DATA":
			mail, ok = true, say("354 go on")
		case verb == "QUIT":
			say("221 bye")
			return
		default:
			ok = say("250 localhost")
		}
	}
}

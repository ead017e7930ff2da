package mail

import (
	"bufio"
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// script is what a misbehaving server says: to nothing (""), to each command by
// its first word, and to the end of the mail ("."). A command without an answer
// there gets a friendly one.
type script map[string]func(conn net.Conn)

func say(line string) func(net.Conn) {
	return func(conn net.Conn) { _, _ = conn.Write([]byte(line + "\r\n")) }
}

// silence says nothing until the other side hangs up.
func silence(conn net.Conn) { _, _ = conn.Read(make([]byte, 1)) }

func hangUp(conn net.Conn) { _ = conn.Close() }

// drip says one octet a second and never ends its line.
func drip(conn net.Conn) {
	for {
		if _, err := conn.Write([]byte("2")); err != nil {
			return
		}
		time.Sleep(time.Second) // of the bubble
	}
}

// flood sends the same over and over as fast as it is taken.
func flood(line string) func(net.Conn) {
	return func(conn net.Conn) {
		chunk := []byte(strings.Repeat(line, 1000))
		for {
			if _, err := conn.Write(chunk); err != nil {
				return
			}
		}
	}
}

var friendly = script{
	"":     say("220 mail.example.test"),
	"EHLO": say("250-mail.example.test\r\n250 AUTH PLAIN"),
	"AUTH": say("235 welcome"),
	"DATA": say("354 go on"),
	"QUIT": say("221 bye"),
}

func (s script) answer(command string) func(net.Conn) {
	if f, ok := s[command]; ok {
		return f
	}
	if f, ok := friendly[command]; ok {
		return f
	}
	return say("250 fine")
}

// serve plays the script on one connection and notes the commands it got.
func (s script) serve(conn net.Conn, got *[]string) {
	defer conn.Close()
	s.answer("")(conn)
	lines := bufio.NewReader(conn)
	inData := false
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		if inData && line != "." {
			continue
		}
		command, _, _ := strings.Cut(line, " ")
		*got = append(*got, command)
		inData = command == "DATA"
		s.answer(command)(conn)
	}
}

// against runs one sending against the script, in the bubble's time, and answers
// what came of it, how long it took and the commands that the server got.
func (s script) against(t *testing.T, url string, ctx func(context.Context) context.Context) (got []string, took time.Duration, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		client, cerr := NewSMTP(SMTPConfig{URL: url, HelloName: "test"})
		if cerr != nil {
			t.Fatal(cerr)
		}
		var server sync.WaitGroup
		client.dial = func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			server.Go(func() { s.serve(theirs, &got) })
			return ours, nil
		}
		begin := time.Now()
		err = client.Send(ctx(t.Context()), message())
		took = time.Since(begin)
		server.Wait() // it ends with the connection
	})
	return got, took, err
}

func unbounded(ctx context.Context) context.Context { return ctx }

// TestEveryStepIsBounded: at whatever step a server stalls, drips or floods, the
// sending ends within the timeout, with an error that passes.
func TestEveryStepIsBounded(t *testing.T) {
	for _, step := range []string{"", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "."} {
		for name, trick := range map[string]func(net.Conn){
			"silence":       silence,
			"hangs up":      hangUp,
			"drip":          drip,
			"endless line":  flood("2"),
			"endless reply": flood("250-more\r\n"),
		} {
			t.Run(step+" "+name, func(t *testing.T) {
				_, took, err := script{step: trick}.against(t, "smtp://"+credentials+"localhost", unbounded)
				if err == nil || Permanent(err) {
					t.Errorf("got %v, want an error that passes", err)
				}
				if took > DefaultTimeout {
					t.Errorf("took %v, want %v at most", took, DefaultTimeout)
				}
				if err != nil && (len(err.Error()) > 500 || strings.Contains(err.Error(), testPassword)) {
					t.Errorf("got %q", err)
				}
			})
		}
	}
}

// TestTakenIsTaken: once the mail is taken, no misconduct makes it be sent again.
func TestTakenIsTaken(t *testing.T) {
	for name, trick := range map[string]func(net.Conn){
		"silence": silence, "hangs up": hangUp, "drip": drip, "refusal": say("500 what"), "flood": flood("2"),
	} {
		got, took, err := script{"QUIT": trick}.against(t, "smtp://localhost", unbounded)
		if err != nil || took > quitTime {
			t.Errorf("%s: got %v after %v", name, err, took)
		}
		if last := got[len(got)-1]; last != "QUIT" {
			t.Errorf("%s: the last command was %s, want QUIT", name, last)
		}
	}
}

func TestContextEndsSending(t *testing.T) {
	_, took, err := script{"RCPT": silence}.against(t, "smtp://localhost", func(ctx context.Context) context.Context {
		ctx, cancel := context.WithCancel(ctx)
		time.AfterFunc(3*time.Second, cancel)
		return ctx
	})
	if !errors.Is(err, context.Canceled) || took != 3*time.Second {
		t.Errorf("got %v after %v, want %v after 3s", err, took, context.Canceled)
	}
	_, took, err = script{"RCPT": silence}.against(t, "smtp://localhost", unbounded)
	if !errors.Is(err, context.DeadlineExceeded) || took != DefaultTimeout {
		t.Errorf("got %v after %v, want %v after %v", err, took, context.DeadlineExceeded, DefaultTimeout)
	}
	if err != nil && !strings.Contains(err.Error(), "RCPT TO") {
		t.Errorf("got %v, want it to say where it stopped", err)
	}
}

// TestGreetingIsNotAboutTheMail: a server that turns us all away says nothing
// about this mail, whatever number it says it with.
func TestGreetingIsNotAboutTheMail(t *testing.T) {
	for _, step := range []string{"", "AUTH", "MAIL"} {
		_, _, err := script{step: say("550 5.1.1 go away")}.against(t, "smtp://"+credentials+"localhost", unbounded)
		if err == nil || Permanent(err) {
			t.Errorf("%q: got %v, want an error that passes", step, err)
		}
	}
}

func TestServerThatRepeatsThePassword(t *testing.T) {
	s := script{"AUTH": func(conn net.Conn) {
		say("535 5.7.8 AHBvc3QAcC9hOnNAcyMld8O2cmQ= is " + testPassword + ", cC9hOnNAcyMld8O2cmQ= to us")(conn)
	}}
	_, _, err := s.against(t, "smtp://"+credentials+"localhost", unbounded)
	if want := "535 5.7.8 … is …, … to us"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want it to say %q", err, want)
	}
}

// TestPlainTextBeforeTLSIsForgotten: what somebody on the way slips in behind the
// answer to STARTTLS is not taken for the server's word (CVE-2011-0411).
func TestPlainTextBeforeTLSIsForgotten(t *testing.T) {
	s := script{
		"EHLO":     say("250-mail.example.test\r\n250 STARTTLS"),
		"STARTTLS": say("220 go\r\n250 AUTH PLAIN"),
	}
	got, _, err := s.against(t, "smtp://"+credentials+"mail.example.test", unbounded)
	if err == nil || !strings.Contains(err.Error(), "STARTTLS") {
		t.Errorf("got %v, want one about STARTTLS", err)
	}
	for _, command := range got {
		if command == "AUTH" || command == "MAIL" {
			t.Errorf("the server got %s in plain text", command)
		}
	}
}

package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"matricula/internal/account"
)

func TestFailureIsOneLineAndStatus1(t *testing.T) {
	for _, args := range [][]string{
		{}, {"--nonsense"}, {"serve", "--addr", "nowhere"}, {"serve", "--time-zone", "a\nb"}, {"roster", "import", "none.csv"},
		{"roster", "add", "two\nlines"}, {"account", "create"}, {"role", "grant", "x", "dean"}, {"project", "create", "MMXXVI", "Star"},
	} {
		var out, errs strings.Builder
		c := &console{ctx: t.Context(), env: environment{}, now: time.Now, in: strings.NewReader(""), out: &out, errs: &errs}
		if status := c.run(args); status != 1 {
			t.Errorf("%q: status %d, want 1", args, status)
		}
		said := errs.String()
		if !strings.HasPrefix(said, "matricula: ") || strings.Count(said, "\n") != 1 || !strings.HasSuffix(said, "\n") {
			t.Errorf("%q: said %q, want one line", args, said)
		}
		if out.String() != "" {
			t.Errorf("%q: printed %q", args, &out)
		}
	}
}

func TestHelpIsNoFailure(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"account", "--help"}, {"account", "create", "--help"}, {"role", "grant", "x", "student", "--help"}} {
		var out, errs strings.Builder
		c := &console{ctx: t.Context(), env: environment{"nonsense": "1"}, now: time.Now, out: &out, errs: &errs}
		if status := c.run(args); status != 0 || !strings.HasPrefix(out.String(), "Usage: matricula") || errs.String() != "" {
			t.Errorf("%q: status %d, printed %q, said %q", args, status, &out, &errs)
		}
	}
}

func TestErrorsAreExplained(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{errors.New("plain"), "plain"},
		{fmt.Errorf("roles: %w", &account.Error{Code: account.Taken, Fields: []account.FieldError{{Field: "email", Why: "Taken."}}}), "Taken."},
		{&account.Error{Code: account.Invalid, Fields: []account.FieldError{{Why: "One."}, {Why: "Two."}}}, "One. Two."},
		{&account.Error{Code: account.Busy, Err: errors.New("database is locked")}, "the database or the machine is busy; try again in a moment"},
		{account.NotFound, "what the command is about is not there any more"},
		{&account.Error{Code: account.NotFound, Err: errors.New("foreign key")}, "what the command is about is not there any more"},
	} {
		if got := explain(test.err); got != test.want {
			t.Errorf("%v: got %q, want %q", test.err, got, test.want)
		}
	}
}

// TestPasswordIsTheFirstLine takes it as it stands: spaces are part of it.
func TestPasswordIsTheFirstLine(t *testing.T) {
	for in, want := range map[string]string{
		"secret\n": "secret", "secret": "secret", "secret\r\nmore\n": "secret", "  spaces \n": "  spaces ", "\tä\n": "\tä",
	} {
		got, err := passwordFrom(&console{in: strings.NewReader(in)}, true)
		if err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"", "\n", "\r\n", "\nsecond line\n"} {
		if got, err := passwordFrom(&console{in: strings.NewReader(in)}, true); err == nil {
			t.Errorf("%q: got the password %q", in, got)
		}
	}
	if got, err := passwordFrom(&console{in: strings.NewReader("secret\n")}, false); got != "" || err != nil {
		t.Errorf("nobody asked, and got %q, %v", got, err)
	}
}

// TestSecondSignalEndsAtOnce holds a request open, so that the first signal's stop
// would take its time.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command("matricula", "serve", "--addr", "127.0.0.1:0", "--data", filepath.Join(dir, "data"))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	var port int
	if _, err := fmt.Fscanf(out, "Matricula serves http://localhost:%d\n", &port); err != nil {
		t.Fatal(err)
	}
	slow, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	// An answer to the first request shows that the second, behind it, is being read.
	_, err = io.WriteString(slow, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"+
		"POST /api/user/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := slow.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	waitFor(t, log, `"stopping"`)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	err = cmd.Wait()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() {
		t.Errorf("it ended with %v, want by the signal", err)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

// waitFor reads until a text has come.
func waitFor(t *testing.T, in io.Reader, text string) {
	t.Helper()
	var read strings.Builder
	for chunk := make([]byte, 1024); !strings.Contains(read.String(), text); {
		n, err := in.Read(chunk)
		if err != nil {
			t.Fatalf("%v before %s in:\n%s", err, text, &read)
		}
		read.Write(chunk[:n])
	}
}

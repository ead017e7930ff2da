package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// build makes the program as it is released: static and stripped.
func build(ctx context.Context, to string) error {
	if _, err := exec.LookPath("go"); err != nil {
		return errors.New("there is no go to build the program with; install it, or name a built program with -program")
	}
	if out, err := exec.CommandContext(ctx, "go", "list", "-m").Output(); err != nil || strings.TrimSpace(string(out)) != "matricula" {
		return errors.New("this is not the program's source tree; go there, or name a built program with -program")
	}
	version := "bench"
	if out, err := exec.CommandContext(ctx, "git", "describe", "--tags", "--always", "--dirty").Output(); err == nil {
		version = strings.TrimSpace(string(out))
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w -X main.version="+version, "-o", to, "matricula/cmd/matricula")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the program doesn't build here: %s", firstLine(out, err))
	}
	return nil
}

// firstLine is the first line that a command printed, or else its error.
func firstLine(out []byte, err error) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if line == "" {
		return err.Error()
	}
	return line
}

// running is a process that serves.
type running struct {
	process
	addr  string
	cmd   *exec.Cmd
	ended chan struct{}
}

// start starts a command that prints a line when it serves, and answers the line.
func start(cmd *exec.Cmd) (*running, string, error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := cmd.Start(); err != nil {
		return nil, "", err
	}
	r := &running{process: process(cmd.Process.Pid), cmd: cmd, ended: make(chan struct{})}
	line, err := bufio.NewReader(out).ReadString('\n')
	go func() {
		defer close(r.ended)
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait() // who stops it needs no reason
	}()
	if err != nil {
		r.stop()
		return nil, "", errors.New("it ended before it served")
	}
	return r, line, nil
}

// stop ends the process as an operator does, and by force when that takes long.
func (r *running) stop() {
	_ = r.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-r.ended:
	case <-time.After(20 * time.Second):
		_ = r.cmd.Process.Kill()
		<-r.ended
	}
}

// server is the program, serving an installation.
type server struct {
	*running
	ops  string // address of its profiles, "" without
	log  *os.File
	took time.Duration // from the start of the process until it was ready
}

// settings are what the program runs with: its defaults, but for the limits, which
// are there to keep such callers away.
func (in *installation) settings(mails string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(),
		"MATRICULA_DATA=" + in.data, "MATRICULA_SECRET_FILE=" + in.secretFile(), "MATRICULA_ADDR=127.0.0.1:0", "MATRICULA_ISSUER=" + issuer,
		"MATRICULA_LIMITS=off", "MATRICULA_SMTP=smtp://" + mails,
	}, in.database.settings()...)
}

// serve starts the program on an installation, with more settings, and waits until
// it is ready.
func (b *bench) serve(ctx context.Context, in *installation, env ...string) (*server, error) {
	s := &server{}
	cmd := exec.CommandContext(ctx, b.binary, "serve")
	cmd.Env = slices.Concat(in.settings(b.mails.addr()), env, b.env)
	if b.profile != "" {
		var err error
		if s.ops, err = freeAddress(); err != nil {
			return nil, err
		}
		cmd.Env = append(cmd.Env, "MATRICULA_OPS_ADDR="+s.ops)
	}
	log, err := os.OpenFile(filepath.Join(b.temp, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	s.log, cmd.Stderr = log, log
	begun := time.Now()
	r, line, err := start(cmd)
	if err != nil {
		return nil, fmt.Errorf("the program: %w%s", err, lastWords(log.Name()))
	}
	s.running = r
	if s.addr, err = addressIn(line); err == nil {
		err = s.awaitReady(ctx)
	}
	s.took = time.Since(begun)
	if err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// lastWords is how a program that ended explained itself.
func lastWords(log string) string {
	text, err := os.ReadFile(log)
	if err != nil || len(text) == 0 {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return ": " + lines[len(lines)-1]
}

// addressIn finds the address in "Matricula serves http://localhost:8080".
func addressIn(line string) (string, error) {
	_, port, found := strings.Cut(strings.TrimSpace(line), "http://localhost:")
	if _, err := strconv.ParseUint(port, 10, 16); !found || err != nil {
		return "", fmt.Errorf("the program says %q where its address was expected", line)
	}
	return "127.0.0.1:" + port, nil
}

// awaitReady asks /readyz until it says yes.
func (s *server) awaitReady(ctx context.Context) error {
	c, err := dial(s.addr, patience)
	if err != nil {
		return err
	}
	defer c.close()
	for ctx.Err() == nil {
		a, err := c.do([]byte("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"))
		if err != nil || a.status == http.StatusOK {
			return err
		}
		time.Sleep(time.Millisecond)
	}
	return ctx.Err()
}

// forgetLog empties the log, so that a long run fills no disk.
func (s *server) forgetLog() error { return s.log.Truncate(0) }

// stop ends the server.
func (s *server) stop() {
	s.running.stop()
	_ = s.log.Close()
}

// freeAddress answers an address of this machine at which nobody listens.
func freeAddress() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}

// saveProfile writes a processor profile of the next seconds to a file.
func (s *server) saveProfile(ctx context.Context, seconds int, file string) error {
	url := fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", s.ops, seconds)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	got, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer got.Body.Close()
	if got.StatusCode != http.StatusOK {
		return fmt.Errorf("the profile: %s", got.Status)
	}
	text, err := io.ReadAll(got.Body)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}

// version is what the measured program says that it is.
func (b *bench) version() string {
	out, err := exec.Command(b.binary, "version").Output()
	if err != nil {
		return "matricula"
	}
	return strings.TrimSpace(string(out))
}

package acceptance

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"matricula/acceptance/outside"
)

// cheapHash makes passwords cost next to nothing, for stories that aren't about it.
const cheapHash = "MATRICULA_HASH=argon2id,m=64,t=1,p=1"

// installation is a data directory, the settings that hold for it, and what was
// seen of its servers, one after the other.
type installation struct {
	program string
	data    string
	env     []string // MATRICULA_… for the servers and the commands
	secrets *outside.Secrets
	log     *log
	said    lines // by the commands
	metrics lines // of the servers, before they ended
}

// everyWord makes the log as talkative as it gets.
const everyWord = "MATRICULA_LOG_LEVEL=debug"

// metricsSomewhere lets each server show its metrics at a port of its choice.
const metricsSomewhere = "MATRICULA_OPS_ADDR=127.0.0.1:0"

// install makes an empty installation with a cheap hash and a talkative log. When the test ends, its
// logs, its data, its metrics and what its commands printed are searched for the secrets that were used.
func install(t *testing.T, env ...string) *installation {
	t.Helper()
	if err := sources(); err != nil {
		t.Fatal(err)
	}
	in := &installation{
		program: program, data: filepath.Join(t.TempDir(), "data"),
		env: append([]string{cheapHash, everyWord, metricsSomewhere}, env...), secrets: &outside.Secrets{}, log: &log{},
	}
	in.onPostgres(t)
	t.Cleanup(func() {
		in.checkData(t)
		in.checkSaid(t)
		in.log.check(t, in.secrets)
		if t.Failed() {
			t.Logf("the end of the log:\n%s", in.log.tail(12))
		}
	})
	return in
}

// command prepares a call of the program. Nothing of the environment of the tests
// reaches it but what programs need to run.
func (in *installation) command(args ...string) *exec.Cmd {
	cmd := exec.Command(in.program, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(), "MATRICULA_DATA=" + in.data}
	cmd.Env = append(cmd.Env, in.env...)
	cmd.Dir = filepath.Dir(in.data)
	return cmd
}

// run runs a command that must succeed, and answers what it printed.
func (in *installation) run(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	cmd := in.command(args...)
	var out, errs bytes.Buffer
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&out, &in.said), io.MultiWriter(&errs, &in.said)
	if err := cmd.Run(); err != nil {
		t.Fatalf("matricula %s: %v\n%s%s", strings.Join(args, " "), err, out.String(), errs.String())
	}
	return out.String()
}

// roster puts addresses on the roster.
func (in *installation) roster(t *testing.T, emails ...string) {
	t.Helper()
	in.run(t, "email\n"+strings.Join(emails, "\n")+"\n", "roster", "import", "-")
}

// person makes a confirmed account with a password, as an operator does.
func (in *installation) person(t *testing.T, email, name, password string) {
	t.Helper()
	in.secrets.Add(password)
	in.run(t, password+"\n", "account", "create", email, "--name", name, "--password-stdin")
}

// server is a running server.
type server struct {
	*installation
	*visitor
	port  string
	out   *lines
	cmd   *exec.Cmd
	ended chan struct{} // closed when the process has ended
	err   error         // of the process, once ended is closed
}

// startTime is how long a server may take to be there on a busy machine.
const startTime = 30 * time.Second

// serve starts a server at a port of its choice and waits until it takes
// connections. It is killed when the test ends, unless it was stopped before.
func (in *installation) serve(t *testing.T, flags ...string) *server {
	t.Helper()
	if err := os.Remove(in.portFile()); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	s := in.launch(t, append([]string{"serve", "--addr", "127.0.0.1:0", "--port-file", in.portFile()}, flags...)...)
	s.await(t)
	return s
}

// launch starts a command that runs on, without waiting for it.
func (in *installation) launch(t *testing.T, args ...string) *server {
	t.Helper()
	s := &server{installation: in, out: &lines{}, ended: make(chan struct{})}
	s.cmd = in.command(args...)
	s.cmd.Stdout, s.cmd.Stderr = s.out, in.log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		s.err = s.cmd.Wait()
		close(s.ended)
	}()
	t.Cleanup(func() {
		s.scrape()
		s.kill()
	})
	return s
}

// opsAddress finds in the log where the metrics of its servers are shown.
var opsAddress = regexp.MustCompile(`"ops_address":"([^"]+)"`)

// ops is where the installation's latest server shows its metrics, or "".
func (in *installation) ops() string {
	found := opsAddress.FindAllStringSubmatch(in.log.String(), -1)
	if found == nil {
		return ""
	}
	return "http://" + found[len(found)-1][1]
}

// scrape keeps the metrics of a server that is about to end, if it still answers.
func (s *server) scrape() {
	client := http.Client{Timeout: 2 * time.Second}
	answer, err := client.Get(s.ops() + "/metrics")
	if err != nil {
		return
	}
	defer answer.Body.Close()
	_, _ = io.Copy(&s.metrics, answer.Body) // half of them, where it dies meanwhile
}

func (in *installation) portFile() string { return filepath.Join(filepath.Dir(in.data), "port") }

// await waits until the server has written its port.
func (s *server) await(t *testing.T) {
	t.Helper()
	eventually(t, startTime, "a server", func() bool {
		select {
		case <-s.ended:
			t.Fatalf("the server ended: %v\n%s", s.err, s.log.tail(5))
		default:
		}
		text, err := os.ReadFile(s.portFile())
		_, s.port, _ = strings.Cut(strings.TrimSpace(string(text)), ":")
		return err == nil && s.port != ""
	})
	s.visitor = newVisitor("http://localhost:"+s.port, s.secrets)
}

// kill ends the server as a power cut would, and waits for its end.
func (s *server) kill() {
	_ = s.cmd.Process.Kill() // it may have ended
	<-s.ended
}

// signal sends SIGTERM.
func (s *server) signal(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

// stop ends the server gracefully.
func (s *server) stop(t *testing.T) {
	t.Helper()
	s.scrape()
	s.signal(t)
	s.awaitEnd(t, 15*time.Second)
}

// awaitEnd waits for an end with status 0.
func (s *server) awaitEnd(t *testing.T, within time.Duration) {
	t.Helper()
	select {
	case <-s.ended:
		if s.err != nil {
			t.Fatalf("the server ended with %v, want status 0", s.err)
		}
	case <-time.After(within):
		t.Fatalf("the server runs on %v after SIGTERM", within)
	}
}

// refused runs a command that must be refused: in one line on standard error,
// with status 1 and nothing on standard output. It answers the line.
func (in *installation) refused(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTime)
	defer cancel()
	prepared := in.command(args...)
	cmd := exec.CommandContext(ctx, prepared.Path, args...)
	cmd.Env, cmd.Dir = prepared.Env, prepared.Dir
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run()
	what := fmt.Sprintf("matricula %s", strings.Join(args, " "))
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("%s: exit status %d, want 1", what, code)
	}
	if out.Len() > 0 {
		t.Errorf("%s: printed %q, want nothing on standard output", what, out.String())
	}
	line, rest, ended := strings.Cut(errs.String(), "\n")
	if !ended || rest != "" || strings.TrimSpace(line) == "" {
		t.Errorf("%s: said %.500q, want one line", what, errs.String())
	}
	return line
}

// lines collects what a process prints.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write keeps the text.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String answers all of it.
func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

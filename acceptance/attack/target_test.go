package attack

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"matricula/acceptance/outside"
)

// target is a server under attack, and as much of its own side as is at hand.
type target struct {
	base string // scheme://host:port
	ops  string // the same of the listener that shows /metrics; "" when unknown
	data string // its data directory, "" when not at hand
	used *outside.Secrets

	program string
	env     []string // of its commands, MATRICULA_…
	flags   []string // of serve
	log     *lines   // what it has written to standard error; nil for a server that others started
	process *process
}

// process is a server that runs.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has ended
	err   error         // once ended is closed
}

// Front ends of the targets that we start. The first is listed, the second not.
const (
	goodOrigin = "https://good.test"
	evilOrigin = "https://evil.test"
)

// cheapHash makes passwords cost next to nothing, for attacks that aren't about it.
const cheapHash = "MATRICULA_HASH=argon2id,m=64,t=1,p=1"

// shared is the target of most attacks: many at once, as in life.
var shared = sync.OnceValues(func() (*target, error) {
	if *urlFlag != "" {
		return given()
	}
	dir := filepath.Join(builds, "shared")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	path, err := program()
	if err != nil {
		return nil, err
	}
	t := newTarget(path, dir)
	return t, t.start()
})

// given is the target that the flags name.
func given() (*target, error) {
	u, err := url.Parse(*urlFlag) // prepare has looked at it
	if err != nil {
		return nil, err
	}
	t := &target{base: u.Scheme + "://" + u.Host, ops: strings.TrimSuffix(*opsFlag, "/"), data: *dirFlag, used: &outside.Secrets{}}
	if t.data == "" {
		return t, nil
	}
	for _, variable := range os.Environ() {
		if strings.HasPrefix(variable, "MATRICULA_") && !strings.HasPrefix(variable, "MATRICULA_DATA=") {
			t.env = append(t.env, variable)
		}
	}
	t.program, err = program()
	return t, err
}

// newTarget describes a server with its data below dir: limits as they are by
// default, a talkative log, and this machine for its proxy, so that each attack can
// be a client network of its own.
func newTarget(program, dir string) *target {
	return &target{
		program: program, data: filepath.Join(dir, "data"), used: &outside.Secrets{}, log: &lines{},
		env:   []string{cheapHash, "MATRICULA_LOG_LEVEL=debug"},
		flags: []string{"--trusted-proxies", "127.0.0.1,::1", "--origins", goodOrigin},
	}
}

// startTime is how long a server may take to be there on a busy machine.
const startTime = 30 * time.Second

// start starts the server and waits until it takes connections. An address that was
// free a moment ago may be another test's by then: so it tries again.
func (g *target) start() error {
	var err error
	for range 5 {
		if err = g.startOnce(); err == nil || !strings.Contains(err.Error(), "another program serves") {
			return err
		}
		g.log.forget("another program serves")
	}
	return err
}

func (g *target) startOnce() error {
	file := filepath.Join(filepath.Dir(g.data), "port")
	_ = os.Remove(file) // of an earlier start
	private, err := freeAddr()
	if err != nil {
		return err
	}
	cmd := g.command(append([]string{"serve", "--addr", "127.0.0.1:0", "--port-file", file, "--ops-addr", private}, g.flags...)...)
	cmd.Stderr = g.log
	if err := cmd.Start(); err != nil {
		return err
	}
	p := &process{cmd: cmd, ended: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	g.process = p
	port := ""
	if !outside.Poll(startTime, func() bool {
		text, err := os.ReadFile(file)
		_, port, _ = strings.Cut(strings.TrimSpace(string(text)), ":")
		return err == nil && port != "" || p.over()
	}) || p.over() {
		_ = g.stop()
		return fmt.Errorf("the server does not start:\n%s", g.log)
	}
	g.base, g.ops = "http://localhost:"+port, "http://"+private
	return nil
}

func (p *process) over() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// stop ends the server gracefully, and with force when it doesn't end.
func (g *target) stop() error {
	if g.process == nil {
		return nil
	}
	_ = g.process.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-g.process.ended:
		return g.process.err
	case <-time.After(20 * time.Second):
		return errors.Join(errors.New("the server runs on after SIGTERM"), g.kill())
	}
}

// kill ends the server as a power cut would.
func (g *target) kill() error {
	err := g.process.cmd.Process.Kill()
	<-g.process.ended
	return err
}

var ports atomic.Uint32

// freeAddr answers an address of this machine that nobody serves at. Its port is below
// those that systems give to connections, of which the attacks make thousands.
func freeAddr() (string, error) {
	for range 500 {
		port := 20_000 + (os.Getpid()*61+int(ports.Add(1)))%12_000
		ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return ln.Addr().String(), ln.Close()
		}
	}
	return "", errors.New("this machine has no free port")
}

// host is where raw connections lead.
func (g *target) host() string {
	u, err := url.Parse(g.base)
	if err != nil {
		return ""
	}
	if u.Port() == "" {
		return net.JoinHostPort(u.Hostname(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	}
	return u.Host
}

// command prepares a call of the program on the server's side. Nothing of the
// environment of the tests reaches it but what programs need to run.
func (g *target) command(args ...string) *exec.Cmd {
	cmd := exec.Command(g.program, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(), "MATRICULA_DATA=" + g.data}
	cmd.Env = append(cmd.Env, g.env...)
	cmd.Dir = filepath.Dir(g.data)
	return cmd
}

// run runs a command that must succeed, and answers what it printed.
func (g *target) run(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	cmd := g.command(args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("matricula %s: %v\n%s%s", strings.Join(args, " "), err, out.String(), errs.String())
	}
	return out.String()
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

// forget takes the lines away that have a text in them: errors that an attack had to
// cause.
func (l *lines) forget(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var kept bytes.Buffer
	for line := range bytes.Lines(l.text.Bytes()) {
		if !bytes.Contains(line, []byte(text)) {
			kept.Write(line)
		}
	}
	l.text = kept
}

package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrMissing says that no PostgreSQL is installed.
var ErrMissing = errors.New("no PostgreSQL is installed: apt-get install postgresql")

// Config says how a server runs.
type Config struct {
	// Settings are lines of postgresql.conf, such as "max_connections=30". They come
	// after those of the package, so that they win.
	Settings []string
	// Durable makes it sync to the disk, as a true server does. Without it a power
	// cut would destroy the database, and a killed process loses nothing.
	Durable bool
	// Dir is where the server's own directory is made; "" is the system's for temporary
	// files. The user that the server runs as must reach it.
	Dir string
}

// Server is a PostgreSQL server.
type Server struct {
	dir      string // the data in "data", the socket, the log
	bin      string
	port     int
	password string
	ids      *syscall.Credential // nil for our own
	nanny    *exec.Cmd
	leash    *os.File // as long as it is open, the nanny lets the server run
	alive    *os.File // ends when the last process of the server has
	made     atomic.Int64
}

// Superuser is the role that owns the server.
const Superuser = "owner"

// Start makes a server and starts it. It listens at a socket in its own directory,
// where it trusts everybody who gets there, and at a port of 127.0.0.1, where it
// asks for the password.
func Start(ctx context.Context, c Config) (*Server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	ids, err := ordinaryUser()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(c.Dir, "pg-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, bin: bin, ids: ids, password: "a password of the tests"}
	if err := s.begin(ctx, c); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Server) begin(ctx context.Context, c Config) error {
	if err := s.own(); err != nil {
		return err
	}
	if err := s.initialize(ctx); err != nil {
		return err
	}
	if err := s.configure(c); err != nil {
		return err
	}
	return s.Run(ctx)
}

// own gives the directory to the user that the server runs as.
func (s *Server) own() error {
	if s.ids == nil {
		return nil
	}
	return os.Chown(s.dir, int(s.ids.Uid), int(s.ids.Gid))
}

// initialize makes the files of the server.
func (s *Server) initialize(ctx context.Context) error {
	file := filepath.Join(s.dir, "password")
	if err := os.WriteFile(file, []byte(s.password), 0o644); err != nil { // for the user that the server runs as
		return err
	}
	cmd := s.command(ctx, filepath.Join(s.bin, "initdb"), "-D", s.data(), "-U", Superuser, "--pwfile", file,
		"--auth-local=trust", "--auth-host=scram-sha-256", "-E", "UTF8", "--locale=C", "-N")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// configure writes the settings. Locale and time zone differ from what the program
// would choose, so that it can't rely on them.
func (s *Server) configure(c Config) error {
	settings := []string{
		"listen_addresses='127.0.0.1'", "timezone='Pacific/Auckland'", "max_connections=300", "shared_buffers='64MB'", "autovacuum_naptime='10s'",
	}
	if !c.Durable {
		settings = append(settings, "fsync=off")
	}
	return errors.Join(s.set(append(settings, c.Settings...)), s.settle())
}

// settle chooses where the server listens.
func (s *Server) settle() (err error) {
	if s.port, err = freePort(); err != nil {
		return err
	}
	return s.set([]string{fmt.Sprintf("port=%d", s.port), fmt.Sprintf("unix_socket_directories='%s'", s.dir)})
}

// set adds lines to the configuration.
func (s *Server) set(settings []string) error {
	file, err := os.OpenFile(filepath.Join(s.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString("\n" + strings.Join(settings, "\n") + "\n")
	return errors.Join(err, file.Close())
}

// The nanny starts the server and ends it when its own input ends, which it does
// when the process that holds the other end is gone. Then nobody else is left to
// take the directory away, unless it is told that the server will run again. From a
// parent that isn't its user's it can't: it empties it, and Stop does the rest.
const nanny = `
"$1/postgres" -D "$2/data" >>"$2/log" 2>&1 &
server=$!
word=$(cat)
kill -INT $server 2>/dev/null
wait $server
[ "$word" = keep ] || rm -rf "$2" 2>/dev/null || exit 0
`

// Run starts a server that was stopped or killed, and waits until it answers.
func (s *Server) Run(ctx context.Context) error {
	read, leash, err := os.Pipe()
	if err != nil {
		return err
	}
	defer read.Close()
	alive, write, err := os.Pipe()
	if err != nil {
		return errors.Join(err, leash.Close())
	}
	defer write.Close()
	cmd := s.command(context.WithoutCancel(ctx), "/bin/sh", "-c", nanny, "nanny", s.bin, s.dir)
	cmd.Stdin, cmd.ExtraFiles = read, []*os.File{write} // the second is every child's too
	if err := cmd.Start(); err != nil {
		return errors.Join(err, leash.Close(), alive.Close())
	}
	s.nanny, s.leash, s.alive = cmd, leash, alive
	return s.await(ctx)
}

// startTime is how long a server may take to be there on a busy machine.
const startTime = time.Minute

func (s *Server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := s.Do(ctx, "postgres", "SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("the server does not answer: %w\n%s", err, s.Log())
		}
	}
}

// Stop ends the server and takes its directory away.
func (s *Server) Stop() error {
	err := s.end("")
	return errors.Join(err, os.RemoveAll(s.dir))
}

// Kill ends the server without a word, as a power cut would, and waits until the
// last of its processes has noticed; Run starts it again.
func (s *Server) Kill() error {
	pid, err := s.PID()
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return err
	}
	return s.end("keep")
}

// Signal sends a signal to the process that leads the server, such as SIGSTOP.
func (s *Server) Signal(signal syscall.Signal) error {
	pid, err := s.PID()
	if err != nil {
		return err
	}
	return syscall.Kill(pid, signal)
}

// PID is the number of the process that leads the server.
func (s *Server) PID() (int, error) {
	text, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return strconv.Atoi(string(line))
}

// end tells the nanny to end the server, and waits for both.
func (s *Server) end(word string) error {
	if s.nanny == nil {
		return nil
	}
	_, _ = s.leash.WriteString(word)
	_ = s.leash.Close()
	err := s.nanny.Wait()
	_, _ = io.Copy(io.Discard, s.alive)
	_ = s.alive.Close()
	s.nanny = nil
	return err
}

// Log is what the server has said.
func (s *Server) Log() string {
	text, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return string(text)
}

// Dir is where the server keeps its files and its socket.
func (s *Server) Dir() string { return s.dir }

// Port is the port at 127.0.0.1 that the server listens at.
func (s *Server) Port() int { return s.port }

// Password is what the server asks for at its port.
func (s *Server) Password() string { return s.password }

// URL leads to a database by the socket.
func (s *Server) URL(database string) string {
	return fmt.Sprintf("postgres://%s@/%s?host=%s&port=%d", Superuser, database, url.QueryEscape(s.dir), s.port)
}

// PortURL leads to a database by the port, as programs on other machines go.
func (s *Server) PortURL(database string) string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s", url.UserPassword(Superuser, s.password), s.port, database)
}

// Do runs statements in a database, one after the other.
func (s *Server) Do(ctx context.Context, database string, statements ...string) error {
	conn, err := pgx.Connect(ctx, s.URL(database))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// Make makes an empty database, or a copy of another to which nobody is
// connected, and answers its name.
func (s *Server) Make(ctx context.Context, like string) (string, error) {
	if like == "" {
		like = "template0"
	}
	name := fmt.Sprintf("test_%d", s.made.Add(1))
	return name, s.Do(ctx, "postgres", fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, like))
}

// Drop takes a database away, and ends whatever is connected to it.
func (s *Server) Drop(ctx context.Context, name string) error {
	return s.Do(ctx, "postgres", fmt.Sprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", name))
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// command prepares a program that runs as the server's user, in its directory.
func (s *Server) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	// A group of its own, so that Ctrl-C at a shell reaches the tests alone.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.ids, Setpgid: true}
	return cmd
}

// binaries is the directory of the newest PostgreSQL that is installed.
func binaries() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		path, err = filepath.EvalSymlinks(path) // to where the others are, too
		return filepath.Dir(path), err
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", ErrMissing
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(strings.Split(path, "/")[4])
		return n
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
}

// ordinaryUser is whom the server runs as when we are root, nil when we are not.
func ordinaryUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	var errs []error
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(err1, err2)
	}
	return nil, errors.Join(errs...)
}

// freePort is a port that nobody listens at.
func freePort() (int, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return ln.Addr().(*net.TCPAddr).Port, ln.Close()
}

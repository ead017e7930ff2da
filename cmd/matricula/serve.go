package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"matricula/internal/mail"
	"matricula/internal/web"
)

// How a stop divides its time. A service manager is told 15 seconds: requests in
// flight may take the most of them, and the mails that are being handed over then
// have what is left. A mail that is cut off there goes out again after its lease.
const (
	stopTime    = 15 * time.Second
	requestTime = 11 * time.Second
)

// serveCommand serves both contracts.
type serveCommand struct {
	jsonFlag
	PrintConfig bool `name:"print-config" help:"Show the settings in force, secrets hidden, and serve nothing."`
	settings
}

// Help shows how it is used.
func (serveCommand) Help() string {
	return `Without any setting it serves a SQLite database in ./matricula-data at http://localhost:8080. Each setting is a flag, or else a variable of the environment: --public-url is MATRICULA_PUBLIC_URL. The other commands read the same variables. SIGTERM stops it within 15 seconds.

Example:

    matricula serve --public-url https://accounts.example.edu --smtp-file /etc/matricula/smtp --trusted-proxies 127.0.0.1`
}

// Run serves until a signal ends it.
func (cmd *serveCommand) Run(c *console) error {
	cfg, err := cmd.settings.config(os.ReadFile)
	if err != nil {
		return err
	}
	if cmd.PrintConfig {
		return cfg.print(c.out, cmd.jsonFlag)
	}
	return c.serve(cfg, nil)
}

// serve serves until a signal ends it. started, which may be nil, is called when
// connections are taken.
func (c *console) serve(cfg config, started func(*server) error) error {
	ctx, stop := signal.NotifyContext(c.ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	s, err := c.start(ctx, cfg)
	if err != nil {
		return err
	}
	if started == nil {
		started = func(s *server) error { return s.announce(c.out) }
	}
	return s.run(ctx, started)
}

// server is a server that holds all it needs and takes no connections yet.
type server struct {
	config   config
	site     site
	core     *core
	log      *slog.Logger
	lock     *lock
	public   net.Listener
	private  net.Listener // nil without ops-addr
	handlers handlers
	stopping chan struct{}
}

// start takes what a server needs, and gives it back when the start is refused.
func (c *console) start(ctx context.Context, cfg config) (*server, error) {
	s := &server{
		config: cfg, stopping: make(chan struct{}),
		log: slog.New(slog.NewJSONHandler(c.errs, &slog.HandlerOptions{Level: cfg.logLevel})),
	}
	if err := s.prepare(ctx, c.now); err != nil {
		s.abandon()
		return nil, err
	}
	return s, nil
}

// prepare works in the order in which a refusal leaves nothing behind: what can
// be read, the addresses, the lock, the database.
func (s *server) prepare(ctx context.Context, now func() time.Time) error {
	templates, err := mail.LoadTemplates(s.config.MailTemplates)
	if err != nil {
		return fmt.Errorf("mail-templates: %w", err)
	}
	if err := s.config.checkList(); err != nil {
		return err
	}
	if err := s.config.checkPortFile(); err != nil {
		return err
	}
	if err := s.listen(); err != nil {
		return err
	}
	if s.site, err = s.config.at(portOf(s.public)); err != nil {
		return err
	}
	if err := s.config.makeData(); err != nil {
		return err
	}
	if s.lock, err = s.config.lockData(); err != nil {
		return err
	}
	p := parts{now: now, log: s.log, site: s.site, templates: templates, server: true}
	if s.core, err = openCore(ctx, s.config, p); err != nil {
		return err
	}
	s.handlers = s.config.doors(s.core, p, s.stopping)
	return nil
}

// checkPortFile refuses a file that can't be written while nothing is made yet.
func (c config) checkPortFile() error {
	if c.PortFile == "" {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(c.PortFile), portDraft)
	if err != nil {
		return fmt.Errorf("port-file: %s can't be written: %w", c.PortFile, cause(err))
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// portDraft names what becomes the port file.
const portDraft = ".port-*"

// listen takes the addresses. Connections wait until they are served.
func (s *server) listen() (err error) {
	if s.public, err = listenAt("addr", s.config.Addr); err != nil {
		return err
	}
	if s.config.OpsAddr != "" {
		s.private, err = listenAt("ops-addr", s.config.OpsAddr)
	}
	return err
}

func listenAt(name, addr string) (net.Listener, error) {
	ln, err := net.Listen("tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, &addrInUse{fmt.Sprintf("%s: another program serves at %s; stop it, or choose another address with --%s", name, addr, name)}
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%s: this user may not serve at %s; choose a port from 1024 up with --%s", name, addr, name)
	case err != nil:
		return nil, fmt.Errorf("%s: nothing can be served at %s: %w", name, addr, networkCause(err))
	}
	return ln, nil
}

// addrInUse is syscall.EADDRINUSE in a sentence.
type addrInUse struct{ text string }

func (e *addrInUse) Error() string { return e.text }

func (e *addrInUse) Unwrap() error { return syscall.EADDRINUSE }

// networkCause is an error without the operation and the address.
func networkCause(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err
	}
	return err
}

func portOf(ln net.Listener) int {
	if addr, ok := ln.Addr().(*net.TCPAddr); ok {
		return addr.Port
	}
	return 0
}

// abandon gives back what a start had taken when it was refused.
func (s *server) abandon() {
	for _, ln := range []net.Listener{s.public, s.private} {
		if ln != nil {
			_ = ln.Close()
		}
	}
	if s.core != nil {
		_ = s.core.close()
	}
	if s.lock != nil {
		_ = s.lock.release(true)
	}
}

// run serves until ctx ends, and stops in this order: readiness, requests, what
// runs beside them, the database.
func (s *server) run(ctx context.Context, started func(*server) error) error {
	beside := begin(s.core.Run)
	watch := begin(s.watch)
	public := begin(func(ctx context.Context) error {
		return web.Serve(ctx, web.NewServer(s.handlers.public, s.log), s.public, requestTime)
	})
	err := s.tell(started)
	if err == nil {
		select {
		case <-ctx.Done():
		case <-public.done:
		}
	}
	deadline := time.After(stopTime)
	signal.Reset(os.Interrupt, syscall.SIGTERM) // the next one ends the process at once
	s.log.Info("stopping")
	close(s.stopping)
	err = errors.Join(err, public.stop(nil), watch.stop(nil), beside.stop(deadline))
	err = errors.Join(err, s.core.close(), s.lock.release(false))
	s.handlers.flush()
	s.log.Info("stopped")
	return err
}

// task is work that runs until it is told to end.
type task struct {
	end  context.CancelFunc
	done chan struct{}
	err  error // once done is closed
}

func begin(work func(context.Context) error) *task {
	ctx, end := context.WithCancel(context.Background())
	t := &task{end: end, done: make(chan struct{})}
	go func() {
		defer close(t.done)
		t.err = work(ctx)
	}()
	return t
}

// stop ends the work and waits for it, until the deadline if there is one: what
// is cut off then is a mail that was being handed over, and goes out again.
func (t *task) stop(deadline <-chan time.Time) error {
	t.end()
	select {
	case <-t.done:
		return t.err
	case <-deadline:
		return nil
	}
}

// tell says that connections are taken.
func (s *server) tell(started func(*server) error) error {
	if file := s.config.PortFile; file != "" {
		if err := writeWhole(file, s.public.Addr().String()+"\n"); err != nil {
			return fmt.Errorf("port-file: %s can't be written: %w", file, cause(err))
		}
	}
	addresses := []any{"address", s.public.Addr().String(), "public_url", s.site.publicURL}
	if s.private != nil {
		addresses = append(addresses, "ops_address", s.private.Addr().String())
	}
	s.log.Info("serving", addresses...)
	if s.config.proxyUnnamed() {
		s.log.Warn(proxyUnnamed)
	}
	s.hint()
	return started(s)
}

// hint tells a new operator the next step.
func (s *server) hint() {
	accounts, err := s.core.Accounts(context.Background(), 0, 1)
	if err == nil && len(accounts) == 0 {
		s.log.Info("there is no account yet; make the first administrator with" +
			" matricula account create EMAIL --name NAME and matricula role grant EMAIL administrator --start DAY --end DAY")
	}
}

// watch serves the listener of those who run the program, if there is one.
func (s *server) watch(ctx context.Context) error {
	if s.private == nil {
		return nil
	}
	srv := web.NewServer(s.handlers.private, s.log)
	srv.WriteTimeout = 2 * time.Minute // a profile takes as long as it is asked to
	return web.Serve(ctx, srv, s.private, time.Second)
}

// announce says in one line where the server is.
func (s *server) announce(out io.Writer) error {
	line := "Matricula serves " + s.site.publicURL
	if s.config.PublicURL != "" {
		line += " at " + s.public.Addr().String()
	}
	_, err := fmt.Fprintln(out, line)
	return err
}

// writeWhole puts a text into a file in one step: who waits for the file never
// reads half of it.
func writeWhole(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), portDraft)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

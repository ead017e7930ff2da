package linear

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"matricula/acceptance/outside"
	"matricula/internal/store/postgres/pgtest"
)

// What all instances and the operator share. Lifetimes are longer than any run, and
// than any clock is moved.
const (
	secret    = "the secret of the histories, longer than it need be"
	publicURL = "http://localhost:8080"
	lifetime  = "240h"
)

// site is some instances of the program on one database.
type site struct {
	t         *testing.T
	dir       string
	server    *pgtest.Server // nil for SQLite
	database  string         // on that server
	proxies   *toxiproxy.ApiServer
	lines     []*toxiproxy.Proxy // to the server, where lines are to break
	instances []*instance
	mails     *sink
	desk      *desk
}

// open starts a PostgreSQL where one is wanted, the instances, and the operator's desk.
func open(t *testing.T, p plan) *site {
	t.Helper()
	sources(t)
	s := &site{t: t, dir: t.TempDir(), mails: listen(t)}
	if p.database == "postgres" {
		s.startPostgres()
	}
	s.proxies = toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())
	for n := range p.instances {
		i := &instance{site: s, number: n, dir: filepath.Join(s.dir, fmt.Sprint(n)), clock: filepath.Join(s.dir, fmt.Sprint("clock", n))}
		i.address = freeAddress(t)
		if p.breaks("cut", "slow", "failover") {
			i.proxy = s.line(fmt.Sprint("database of ", n))
		}
		s.instances = append(s.instances, i)
		i.start() // the first makes the schema
		t.Cleanup(i.kill)
		i.awaitReady()
	}
	s.desk = sitDown(t, s)
	return s
}

// startPostgres starts a server that syncs as a true one does, for it will be killed.
func (s *site) startPostgres() {
	s.t.Helper()
	server, err := pgtest.Start(context.Background(), pgtest.Config{Durable: true})
	pgtest.OrSkip(s.t, err)
	s.server = server
	s.t.Cleanup(func() {
		if err := s.server.Stop(); err != nil { // or the one that took its place
			s.t.Error(err)
		}
	})
	s.database, err = server.Make(s.t.Context(), "")
	if err != nil {
		s.t.Fatal(err)
	}
}

// upstream is where the database server listens.
func (s *site) upstream() string { return fmt.Sprint("127.0.0.1:", s.server.Port()) }

// url leads to the database by a line, or straight there without one.
func (s *site) url(by *toxiproxy.Proxy) string {
	url := s.server.PortURL(s.database)
	if by == nil {
		return url
	}
	return strings.Replace(url, s.upstream(), by.Listen, 1)
}

// line puts a proxy before the database; nil before SQLite.
func (s *site) line(name string) *toxiproxy.Proxy {
	s.t.Helper()
	if s.server == nil {
		return nil
	}
	proxy := toxiproxy.NewProxy(s.proxies, name, "127.0.0.1:0", s.upstream())
	if err := proxy.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(proxy.Stop)
	s.lines = append(s.lines, proxy)
	return proxy
}

// freeAddress is one that nobody listens at. The same is wanted after a kill.
func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// instance is one server, and what lies between it and the database.
type instance struct {
	*site
	number  int
	dir     string
	address string
	clock   string // the file that moves its clock
	proxy   *toxiproxy.Proxy
	cmd     *exec.Cmd
	ended   chan struct{}
}

// env is the instance's settings.
func (i *instance) env() []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(),
		"MATRICULA_DATA=" + i.dir, "MATRICULA_ADDR=" + i.address, "MATRICULA_PUBLIC_URL=" + publicURL, "MATRICULA_SECRET=" + secret,
		"MATRICULA_HASH=argon2id,m=64,t=1,p=1", "MATRICULA_LIMITS=off", "MATRICULA_LOG_LEVEL=warn", "MATRICULA_TEST_CLOCK=" + i.clock,
		"MATRICULA_SMTP=smtp://" + i.mails.address,
	}
	for _, name := range []string{"ACCESS", "REFRESH", "SESSION", "RESET"} {
		env = append(env, "MATRICULA_"+name+"_TTL="+lifetime)
	}
	if i.server == nil {
		return env
	}
	return append(env, "MATRICULA_DATABASE="+i.url(i.proxy), "MATRICULA_DATABASE_POOL=12")
}

// start starts the server, and doesn't wait.
func (i *instance) start() {
	log, err := os.OpenFile(i.dir+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		i.t.Error(err)
		return
	}
	defer log.Close()
	cmd := exec.Command(program, "serve")
	cmd.Env, cmd.Dir, cmd.Stderr = i.env(), i.site.dir, log
	if err := cmd.Start(); err != nil {
		i.t.Error(err)
		return
	}
	i.cmd, i.ended = cmd, make(chan struct{})
	go func(ended chan struct{}) {
		_ = cmd.Wait() // who kills it needs no reason
		close(ended)
	}(i.ended)
}

// kill ends the server as a power cut would, and waits for its end.
func (i *instance) kill() {
	if i.cmd == nil {
		return
	}
	_ = i.cmd.Process.Kill() // it may have ended
	<-i.ended
}

// signal sends SIGSTOP or SIGCONT.
func (i *instance) signal(s syscall.Signal) {
	if err := i.cmd.Process.Signal(s); err != nil {
		i.t.Errorf("instance %d: %v\n%s", i.number, err, i.said())
	}
}

// readyTime is how long a server may take to be there on a busy machine.
const readyTime = time.Minute

// ready reports whether the instance can do its work.
func (i *instance) ready() bool {
	client := http.Client{Timeout: 5 * time.Second}
	answer, err := client.Get("http://" + i.address + "/readyz")
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// awaitReady waits until the instance can do its work.
func (i *instance) awaitReady() {
	i.t.Helper()
	if !outside.Poll(readyTime, i.ready) {
		i.t.Fatalf("instance %d isn't ready after %v\n%s", i.number, readyTime, i.said())
	}
}

// said is the end of its log.
func (i *instance) said() string {
	text, err := os.ReadFile(i.dir + ".log")
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-3000):])
}

// moveClock puts the instance's clock ahead of the machine's, or behind.
func (i *instance) moveClock(by time.Duration) {
	next := i.clock + ".next"
	err := os.WriteFile(next, fmt.Appendln(nil, int64(by/time.Second)), 0o600)
	if err == nil {
		err = os.Rename(next, i.clock)
	}
	if err != nil {
		i.t.Error(err)
	}
}

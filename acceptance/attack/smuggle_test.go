package attack

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"matricula/acceptance/outside"
)

// Requests that two programs on the way could divide differently.

// canary is what hides behind a request. Nobody else asks for it.
const (
	canary      = "GET /api/catalog/num-user-tags HTTP/1.1\r\nHost: localhost\r\n\r\n"
	canaryRoute = "/api/catalog/num-user-tags"
)

// ambiguous are requests with a canary behind them, by what is wrong with them.
func ambiguous() map[string]string {
	const (
		head   = "POST /api/user/password-strength HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
		body   = `{"password":"p@ssw0rd!"}` // 24 octets
		chunks = "18\r\n" + body + "\r\n0\r\n\r\n"
	)
	whole := fmt.Sprint(len(body) + len(canary))
	return map[string]string{
		"two lengths":                   head + "Content-Length: 24\r\nContent-Length: " + whole + "\r\n\r\n" + body + canary,
		"two lengths, reversed":         head + "Content-Length: " + whole + "\r\nContent-Length: 24\r\n\r\n" + body + canary,
		"two lengths in one line":       head + "Content-Length: 24, " + whole + "\r\n\r\n" + body + canary,
		"length with a sign":            head + "Content-Length: +24\r\n\r\n" + body + canary,
		"negative length":               head + "Content-Length: -1\r\n\r\n" + body + canary,
		"length in hexadecimal":         head + "Content-Length: 0x18\r\n\r\n" + body + canary,
		"length with a space inside":    head + "Content-Length: 2 4\r\n\r\n" + body + canary,
		"length past 64 bits":           head + "Content-Length: 18446744073709551640\r\n\r\n" + body + canary,
		"length before the colon":       head + "Content-Length : 24\r\n\r\n" + body + canary,
		"length with an underscore":     head + "Content_Length: 24\r\n\r\n" + canary,
		"length of nothing":             head + "Content-Length: 0\r\n\r\n" + canary,
		"length and chunks":             head + "Content-Length: 24\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + canary,
		"length over all, and chunks":   head + "Content-Length: " + fmt.Sprint(len(chunks)+len(canary)) + "\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + canary,
		"chunks and length":             head + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n" + chunks + canary,
		"chunks by another name":        head + "Transfer-Encoding: xchunked\r\nContent-Length: 24\r\n\r\n" + body + canary,
		"chunks twice":                  head + "Transfer-Encoding: chunked, chunked\r\n\r\n" + chunks + canary,
		"chunks in two lines":           head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n" + chunks + canary,
		"chunks after identity":         head + "Transfer-Encoding: identity, chunked\r\n\r\n" + chunks + canary,
		"chunks before the colon":       head + "Transfer-Encoding : chunked\r\nContent-Length: 24\r\n\r\n" + body + canary,
		"chunks behind a tab":           head + "Transfer-Encoding:\tchunked\r\nContent-Length: 24\r\n\r\n" + chunks + canary,
		"chunks behind a vertical tab":  head + "Transfer-Encoding: \vchunked\r\nContent-Length: 24\r\n\r\n" + body + canary,
		"chunks in quotes":              head + "Transfer-Encoding: \"chunked\"\r\nContent-Length: 24\r\n\r\n" + body + canary,
		"chunks in capitals":            head + "Transfer-Encoding: CHUNKED\r\nContent-Length: 24\r\n\r\n" + chunks + canary,
		"chunks folded":                 head + "Transfer-Encoding:\r\n chunked\r\nContent-Length: 24\r\n\r\n" + body + canary,
		"chunks behind a line feed":     head + "X: y\nTransfer-Encoding: chunked\r\nContent-Length: 24\r\n\r\n" + body + canary,
		"chunks behind a carriage ret.": head + "X: y\rTransfer-Encoding: chunked\r\nContent-Length: 24\r\n\r\n" + body + canary,
		"chunks in an old request":      strings.Replace(head, "1.1", "1.0", 1) + "Transfer-Encoding: chunked\r\nContent-Length: 24\r\nConnection: keep-alive\r\n\r\n" + chunks + canary,
		"chunk without its size":        head + "Transfer-Encoding: chunked\r\n\r\nwho knows\r\n" + canary,
		"chunk size past 64 bits":       head + "Transfer-Encoding: chunked\r\n\r\n10000000000000018\r\n" + body + "\r\n0\r\n\r\n" + canary,
		"chunk size with 0x":            head + "Transfer-Encoding: chunked\r\n\r\n0x18\r\n" + body + "\r\n0\r\n\r\n" + canary,
		"chunk size with a sign":        head + "Transfer-Encoding: chunked\r\n\r\n+18\r\n" + body + "\r\n0\r\n\r\n" + canary,
		"chunk extension, line feed":    head + "Transfer-Encoding: chunked\r\n\r\n18;x\n" + body + "\r\n0\r\n\r\n" + canary,
		"chunk extension, long":         head + "Transfer-Encoding: chunked\r\n\r\n18;" + strings.Repeat("x", 8000) + "\r\n" + body + "\r\n0\r\n\r\n" + canary,
		"chunk without its line end":    head + "Transfer-Encoding: chunked\r\n\r\n18\r\n" + body + "0\r\n\r\n" + canary,
		"chunk longer than it says":     head + "Transfer-Encoding: chunked\r\n\r\n18\r\n" + body + "xx0\r\n\r\n" + canary,
		"trailers":                      head + "Transfer-Encoding: chunked\r\n\r\n18\r\n" + body + "\r\n0\r\nContent-Length: 5\r\nTransfer-Encoding: x\r\n\r\n" + canary,
		"folded header":                 head + "X-Folded: one\r\n Content-Length: 24\r\n\r\n" + canary,
		"NUL in a header":               head + "X-Nul: a\x00b\r\nContent-Length: 24\r\n\r\n" + body + canary,
		"NUL in a name":                 head + "Content-Length\x00: 24\r\n\r\n" + body + canary,
		"a line without a colon":        head + "Content-Length\r\nContent-Length: 24\r\n\r\n" + body + canary,
		"a space before a name":         strings.Replace(head, "Host:", " X: y\r\nHost:", 1) + "Content-Length: 24\r\n\r\n" + body + canary,
		"no host":                       strings.Replace(head, "Host: localhost\r\n", "", 1) + "Content-Length: 24\r\n\r\n" + body + canary,
		"two hosts":                     head + "Host: evil.test\r\nContent-Length: 24\r\n\r\n" + body + canary,
		"two hosts by absolute form":    strings.Replace(head, "POST /", "POST http://evil.test/", 1) + "Content-Length: 24\r\nConnection: close\r\n\r\n" + body + canary,
		"a body with GET":               "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + fmt.Sprint(len(canary)) + "\r\n\r\n" + canary,
		"chunks with GET":               "GET /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(canary), canary),
		"no protocol":                   "GET /healthz\r\n\r\n" + canary,
		"no protocol, with headers":     "GET /healthz\r\nHost: localhost\r\n\r\n" + canary,
		"a newer protocol":              strings.Replace(head, "1.1", "3.0", 1) + "Content-Length: 24\r\n\r\n" + body + canary,
		"another protocol":              strings.Replace(head, "HTTP/1.1", "ICY/1.1", 1) + "Content-Length: 24\r\n\r\n" + body + canary,
		"two spaces":                    strings.Replace(head, " /api", "  /api", 1) + "Content-Length: 24\r\n\r\n" + body + canary,
		"a tab in the request line":     strings.Replace(head, " /api", "\t/api", 1) + "Content-Length: 24\r\n\r\n" + body + canary,
		"line feeds alone":              strings.ReplaceAll(head, "\r\n", "\n") + "Content-Length: " + whole + "\n\n" + body + canary,
		"carriage returns alone":        strings.ReplaceAll(head, "\r\n", "\r") + "Content-Length: 24\r\r" + body + canary,
		"body shorter than it says":     head + "Content-Length: 100\r\n\r\n" + body,
		"a line end in the path":        "GET /healthz%0d%0aX:%20y HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + fmt.Sprint(len(canary)) + "\r\n\r\n" + canary,
	}
}

// plainly are ambiguous for nobody who goes by RFC 9112: what follows them is a
// second request. A folded line belongs to the header before it (section 5.2), a line
// feed alone ends a line (2.2).
var plainly = map[string]bool{
	"length of nothing": true, "line feeds alone": true, "length with an underscore": true, "folded header": true,
}

func TestHTP02(t *testing.T) {
	a := attack(t, fmt.Sprintf("%d requests that programs divide differently (lengths, chunks, line ends, NUL, HTTP/0.9, absolute form), a canary behind each: directly, behind nginx, behind haproxy", len(ambiguous())))
	a.wantOps()
	ways := map[string]proxy{"": nil, "nginx": nginx, "nginx that buffers nothing": unbuffered, "haproxy": haproxy}
	lacking := make(chan string, len(ways))
	t.Run("ways", func(t *testing.T) {
		for name, start := range ways {
			t.Run(strings.ReplaceAll(cmp.Or(name, "directly"), " ", "_"), func(t *testing.T) {
				b := *a
				if b.t = t; *urlFlag == "" { // each before a server of its own
					t.Parallel()
					b = *b.alone("--limits", "off").from("")
				}
				if start == nil {
					b.directly()
					return
				}
				lacking <- b.behind(name, start)
			})
		}
	})
	close(lacking)
	for what := range lacking {
		if what != "" {
			a.lacks("held directly;" + what)
		}
	}
	a.did("directly one answer to each, never the canary's; through each proxy not one answer out of place, and every canary heard was one that the proxy passed on as a request")
}

// directly sends everything ambiguous to the server itself.
func (a *attacker) directly() {
	a.t.Helper()
	if pair := a.raw(a.request("GET", "/healthz", "") + canary); len(pair) != 2 {
		a.t.Fatalf("two requests without fault have %d answers", len(pair))
	}
	for name, sent := range ambiguous() {
		before := a.requests(canaryRoute)
		answers := a.raw(sent)
		heard := a.requests(canaryRoute) - before
		if !plainly[name] && (len(answers) > 1 || heard != 0) {
			a.t.Errorf("directly, %s: %v, and %d canaries heard", name, answers, heard)
		}
	}
	a.call("GET", "/healthz", nil).want(a.t, 200)
}

// proxy starts a reverse proxy at an address, before a server, with its files in a
// directory. It answers nil where the program is not installed.
type proxy func(dir, addr, server string) *exec.Cmd

func nginx(dir, addr, server string) *exec.Cmd      { return nginxWith(dir, addr, server, "on") }
func unbuffered(dir, addr, server string) *exec.Cmd { return nginxWith(dir, addr, server, "off") }

// nginxWith is the configuration of docs/reverse-proxy.md, without TLS.
func nginxWith(dir, addr, server, buffering string) *exec.Cmd {
	text := `daemon off;
worker_processes 1;
pid ` + dir + `/pid;
error_log ` + dir + `/error.log crit;
events { worker_connections 256; }
http {
	access_log off;
	client_body_temp_path ` + dir + `/b; proxy_temp_path ` + dir + `/p; fastcgi_temp_path ` + dir + `/f; uwsgi_temp_path ` + dir + `/u; scgi_temp_path ` + dir + `/s;
	upstream matricula { server ` + server + `; keepalive 16; keepalive_timeout 30s; }
	server {
		listen ` + addr + `;
		merge_slashes off;
		location / {
			proxy_pass http://matricula;
			proxy_http_version 1.1;
			proxy_request_buffering ` + buffering + `;
			proxy_set_header Connection "";
			proxy_set_header Host $host;
			proxy_set_header X-Forwarded-For $remote_addr;
		}
	}
}
`
	if os.Getuid() == 0 {
		text = "user root;\n" + text
	}
	return started("nginx", dir, text, "-p", dir, "-c")
}

// haproxy is the configuration of docs/reverse-proxy.md, without TLS; it shares
// connections to the server among clients wherever it may.
func haproxy(dir, addr, server string) *exec.Cmd {
	return started("haproxy", dir, `defaults
    mode http
    timeout connect 5s
    timeout client  60s
    timeout server  60s
    timeout http-request 10s
    http-reuse always

frontend accounts
    bind `+addr+`
    http-request set-header X-Forwarded-For %[src]
    default_backend matricula

backend matricula
    server matricula `+server+`
`, "-db", "-f")
}

// started starts a program with a file of configuration.
func started(name, dir, text string, args ...string) *exec.Cmd {
	path, err := exec.LookPath(name)
	for _, place := range []string{"/usr/sbin/", "/usr/local/sbin/"} { // outside the PATH of people
		if _, at := os.Stat(place + name); err != nil && at == nil {
			path, err = place+name, nil
		}
	}
	file := filepath.Join(dir, name+".conf")
	if err != nil || os.WriteFile(file, []byte(text), 0o600) != nil {
		return nil
	}
	cmd := exec.Command(path, append(args, file)...)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if cmd.Start() != nil {
		return nil
	}
	return cmd
}

// through answers the attacker before a proxy; nil where there is none here.
func (a *attacker) through(start proxy) *attacker {
	a.t.Helper()
	addr, err := freeAddr()
	if err != nil {
		a.t.Fatal(err)
	}
	dir := a.t.TempDir()
	cmd := start(dir, addr, strings.Replace(a.host(), "localhost", "127.0.0.1", 1))
	if cmd == nil {
		return nil
	}
	a.t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	if !outside.Poll(startTime, func() bool {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			conn.Close()
		}
		return err == nil
	}) {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		a.t.Fatalf("the proxy does not start: %s", log)
	}
	g := *a.target
	g.base = "http://" + addr
	b := *a
	b.target = &g
	return &b
}

// behind sends everything ambiguous through a proxy, and then has other people
// call through it: each must get the answer to what they asked. It answers what is
// lacking, or "".
func (a *attacker) behind(name string, start proxy) (lacking string) {
	a.t.Helper()
	b := a.through(start)
	if b == nil {
		return " " + strings.Fields(name)[0] + " is not installed;"
	}
	b.bystanders(name)
	for what, sent := range ambiguous() {
		before := b.requests(canaryRoute)
		said := b.say(sent)
		outside.Poll(time.Second, func() bool { return said.count(nil) > 0 || said.over() })
		outside.Poll(100*time.Millisecond, said.over)
		b.bystanders(name + " after " + what)
		// Our side of the connection stays open until then: a proxy drops the answers of
		// who has hung up.
		heard := func() int { return b.requests(canaryRoute) - before }
		if !outside.Poll(5*time.Second, func() bool { return heard() == said.count(isCanary) }) {
			b.t.Errorf("behind %s, %s: the server heard %d canaries and the sender has the answers of %d", name, what, heard(), said.count(isCanary))
		}
		said.conn.Close()
		<-said.ended
	}
	return ""
}

// talk is a connection on which a text was sent, and what was answered so far.
type talk struct {
	conn    net.Conn
	ended   chan struct{} // closed when nothing more will come
	mu      sync.Mutex
	answers []answer
}

// say sends a text on a connection of its own and goes on listening.
func (a *attacker) say(text string) *talk {
	a.t.Helper()
	said := &talk{conn: a.dial(), ended: make(chan struct{})}
	method, _, _ := strings.Cut(text, " ")
	go func() {
		defer close(said.ended)
		go io.WriteString(said.conn, text) // the server may hang up in the middle
		reader := bufio.NewReader(said.conn)
		for {
			response, err := http.ReadResponse(reader, &http.Request{Method: method})
			if err != nil {
				return
			}
			body, err := io.ReadAll(response.Body)
			if err != nil {
				return
			}
			said.mu.Lock()
			said.answers = append(said.answers, answer{text, response.StatusCode, response.Header, body, response.Close})
			said.mu.Unlock()
		}
	}()
	return said
}

// count answers how many answers came that are as asked; all, for nil.
func (s *talk) count(asked func(answer) bool) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, got := range s.answers {
		if asked == nil || asked(got) {
			n++
		}
	}
	return n
}

// over says whether the other side has hung up.
func (s *talk) over() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// isCanary says whether an answer is that to the canary.
func isCanary(got answer) bool {
	return got.status == 200 && strings.HasPrefix(string(got.body), `[{"id":0,"value":`)
}

// bystanders call through the proxy and want their own answers.
func (a *attacker) bystanders(where string) {
	a.t.Helper()
	for path, member := range map[string]string{"/healthz": "status", "/.well-known/jwks.json": "keys"} {
		got := a.call("GET", path, nil)
		var members map[string]json.RawMessage
		if got.status != 200 || json.Unmarshal(got.body, &members) != nil || members[member] == nil {
			a.t.Errorf("behind %s, somebody's %s is answered %v", where, path, got)
		}
	}
	got := a.call("POST", "/api/user/password-strength", object{"password": "a long and winding password"})
	if got.status != 200 || !strings.Contains(string(got.body), `"strong"`) {
		a.t.Errorf("behind %s, somebody's call is answered %v", where, got)
	}
}

// TestProxiesNameTheClient has a client that says it is somebody else, behind true
// proxies: the server must know it by the address that the proxy saw.
func TestProxiesNameTheClient(t *testing.T) {
	t.Parallel()
	if *urlFlag != "" {
		t.Skip("needs a server that it starts itself")
	}
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	g := newTarget(path, t.TempDir())
	g.flags = []string{"--trusted-proxies", "127.0.0.1"}
	if err := g.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.leave(t) })
	a := &attacker{t: t, target: g, row: &row{id: "proxies"}}
	for name, start := range map[string]proxy{"nginx": nginx, "haproxy": haproxy} {
		b := a.through(start)
		if b == nil {
			orSkip(t, name+" is not installed")
		}
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
		conn, err := dialer.Dial("tcp", b.host())
		if err != nil {
			orSkip(t, "this machine has no second address of its own")
		}
		answers, err := converse(conn, b.request("GET", "/api/catalog/tags", "", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 192.0.2.2, 127.0.0.1",
			"X-Real-IP: 192.0.2.3", "Forwarded: for=192.0.2.4", "True-Client-IP: 192.0.2.5", "Connection: close"))
		conn.Close()
		if err != nil || len(answers) != 1 || answers[0].status != 200 {
			t.Fatalf("behind %s: %v %v", name, answers, err)
		}
	}
	named := 0
	// The line is written when the answer is on its way.
	for deadline := time.Now().Add(5 * time.Second); named < 2 && time.Now().Before(deadline); <-time.After(10 * time.Millisecond) {
		named = 0
		for line := range strings.Lines(g.log.String()) {
			var entry struct{ Client, Route string }
			if json.Unmarshal([]byte(line), &entry) == nil && entry.Route == "/api/catalog/tags" {
				if named++; entry.Client != "127.0.0.2" {
					t.Errorf("the client of 127.0.0.2 is taken for %s", entry.Client)
				}
			}
		}
	}
	if named != 2 {
		t.Errorf("the log tells of %d requests, want 2", named)
	}
}

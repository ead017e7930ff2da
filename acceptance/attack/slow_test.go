package attack

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"matricula/acceptance/outside"
)

// Clients that never finish.

// slow is a way to hold on to a server: it does so until stop is closed or the
// server hangs up.
type slow func(a *attacker, conn net.Conn, stop <-chan struct{})

var slows = map[string]slow{
	"say nothing": func(_ *attacker, conn net.Conn, _ <-chan struct{}) { drain(conn) },
	"half a line": func(_ *attacker, conn net.Conn, _ <-chan struct{}) {
		fmt.Fprint(conn, "POST /api/user/lo")
		drain(conn)
	},
	"a header, an octet at a time": func(a *attacker, conn net.Conn, stop <-chan struct{}) {
		fmt.Fprint(conn, "POST /api/user/login HTTP/1.1\r\nHost: localhost\r\n")
		drip(conn, "X-"+strings.Repeat("a", 1000), stop)
	},
	"the preface of HTTP/2": func(_ *attacker, conn net.Conn, _ <-chan struct{}) {
		fmt.Fprint(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
		drain(conn)
	},
	"a body, an octet at a time": func(a *attacker, conn net.Conn, stop <-chan struct{}) {
		fmt.Fprint(conn, a.request("POST", "/api/user/login", "", "Content-Type: application/json", "Content-Length: 1000"))
		drip(conn, `{"email":"`+strings.Repeat("a", 1000), stop)
	},
	"chunks, an octet at a time": func(a *attacker, conn net.Conn, stop <-chan struct{}) {
		fmt.Fprint(conn, a.request("POST", "/api/auth/sign-in", "", "Content-Type: application/json", "Transfer-Encoding: chunked"))
		drip(conn, strings.Repeat("1\r\n{\r\n", 1000), stop)
	},
	"never read": func(a *attacker, conn net.Conn, stop <-chan struct{}) {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetReadBuffer(1 << 10)
		}
		go fmt.Fprint(conn, strings.Repeat(a.request("GET", "/openapi.yaml", ""), 200))
		<-stop
	},
}

// drain reads until the server hangs up.
func drain(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// drip writes an octet each second, until the server hangs up.
func drip(conn net.Conn, text string, stop <-chan struct{}) {
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		drain(conn)
	}()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for i := range len(text) {
		if _, err := conn.Write([]byte{text[i]}); err != nil {
			return
		}
		select {
		case <-tick.C:
		case <-gone:
			return
		case <-stop:
			return
		}
	}
}

func TestHTP01(t *testing.T) {
	each := scale(50)
	a := attack(t, fmt.Sprintf("%d connections of each of %d kinds that never finish (silence, half a line, a header or body by octets, the preface of HTTP/2, answers not read), honest people beside them", each, len(slows)))
	b := a
	if *urlFlag == "" {
		b = a.alone()
	}
	b.wantOps()
	p := b.officer()
	access := b.login(p).access
	idle := b.metric("process_open_fds")
	before := b.honest(access, 40)

	stop := make(chan struct{})
	var all sync.WaitGroup
	var conns []net.Conn
	for _, hold := range slows {
		for range each {
			conn, err := b.target.dial()
			if err != nil {
				t.Fatal(err)
			}
			all.Go(func() { hold(b, conn, stop) })
			conns = append(conns, conn)
		}
	}
	defer func() {
		close(stop)
		for _, conn := range conns {
			conn.Close()
		}
		all.Wait()
	}()
	most := b.metric("process_open_fds") - idle
	began := time.Now()
	during := b.honest(access, 200)
	b.login(p) // a slow body holds no slot for hashing
	grown := b.metric("go_goroutines")

	// 5 seconds for headers, 15 for a request, 30 for an answer; and time to notice.
	if !outside.Poll(60*time.Second, func() bool { return b.metric("process_open_fds") <= idle+4 }) {
		t.Errorf("a minute later %.0f files are open, %.0f were before", b.metric("process_open_fds"), idle)
	}
	freed := time.Since(began).Round(time.Second)
	if during.median > 10*before.median+50*time.Millisecond || during.p99 > 5*time.Second {
		t.Errorf("beside them honest requests took %v, %v at the most; before %v", during.median, during.slowest, before.median)
	}
	a.did("honest requests: median %v (before: %v), slowest %v, none refused; %.0f connections held at most, %.0f goroutines; all let go within %v",
		during.median, before.median, during.slowest, most, grown, freed)
}

// tookAll tells how long requests took: half of them at most, all but a hundredth, all.
type tookAll struct{ median, p99, slowest time.Duration }

// honest makes n requests, twenty a second and each on a connection of its own, and
// wants every one answered.
func (a *attacker) honest(access string, n int) tookAll {
	a.t.Helper()
	var all []time.Duration
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range n {
		<-tick.C
		at := time.Now()
		a.call("GET", "/api/admin/profile", nil, bearer(access), "Connection: close").want(a.t, 200)
		all = append(all, time.Since(at))
	}
	return tookOf(all)
}

func tookOf(all []time.Duration) tookAll {
	slices.Sort(all)
	at := func(share float64) time.Duration {
		return all[int(share*float64(len(all)-1))].Round(10 * time.Microsecond)
	}
	return tookAll{at(0.5), at(0.99), at(1)}
}

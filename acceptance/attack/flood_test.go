package attack

import (
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"matricula/acceptance/outside"
)

// Too much, and too dear.

func TestDOS01(t *testing.T) {
	a := attack(t, "a password of a megabyte, and of 60,000 and 1,025 octets, to every call that takes one, 5 times each")
	b := a
	if *urlFlag == "" {
		b = a.alone()
	}
	b.wantOps()
	p := b.officer()
	header := bearer(b.login(p).access)
	calls := []bodyCall{
		{"/api/user/password-strength", object{"password": ""}, ""}, {"/api/user/register", p.registration(), ""}, {"/api/user/login", p.credentials(), ""},
		{"/api/user/confirm-reset", object{"token": "x", "password": ""}, ""}, {"/api/auth/sign-in", p.credentials(), ""},
		{"/api/auth/change-password", object{"id": "1", "token": "x", "newPassword": ""}, ""},
		{"/api/admin/change-password", object{"old_password": p.password, "new_password": ""}, header},
	}
	hashes, memory := b.metric("matricula_hashes_total"), b.memory()
	var slowest time.Duration
	for _, c := range calls {
		for name := range c.sound {
			if !strings.Contains(strings.ToLower(name), "password") || name == "old_password" {
				continue
			}
			for _, length := range []int{1 << 20, 60_000, 1_025} {
				for range 5 {
					c.sound[name] = strings.Repeat("a", length)
					var got answer
					var err error
					slowest = max(slowest, quickest(func() {
						got, err = b.try("POST", c.path, c.sound, append(c.headers(), "Connection: close")...)
					}))
					if err != nil {
						continue // cut off while it was being sent
					}
					if got.status != 413 && (length > 64<<10 || got.status < 400 || got.status >= 500) && c.path != "/api/user/password-strength" {
						t.Errorf("%s with a %s of %d octets: %v", c.path, name, length, got)
					}
				}
			}
		}
	}
	hashed := b.metric("matricula_hashes_total") - hashes
	if *urlFlag == "" && hashed > 20 { // those of login and sign-in below 64 KiB may be, as any wrong one
		t.Errorf("%.0f passwords were hashed", hashed)
	}
	grown := b.memory() - memory
	if grown > 32 || slowest > 3*time.Second {
		t.Errorf("the slowest took %v, and there are %.0f MiB more in memory", slowest, grown)
	}
	a.did("413 above 64 KiB, 400 or 401 below; %.0f hashes made, the slowest in %v, %+.0f MiB in memory", hashed, slowest.Round(time.Millisecond), grown)
}

// quickest says how long something takes; where that is long, at the best of three
// times, for what an attack makes slow is slow each time, and a busy machine isn't.
func quickest(do func()) time.Duration {
	best := time.Duration(1<<63 - 1)
	for range 3 {
		at := time.Now()
		do()
		if best = min(best, time.Since(at)); best < 500*time.Millisecond {
			break
		}
	}
	return best
}

func TestDOS02(t *testing.T) {
	const clients = 500
	a := attack(t, fmt.Sprintf("%d logins at once with the true cost of a hash, each a second time when refused, half of them by strangers; somebody asks who he is meanwhile", clients))
	b := a
	if *urlFlag == "" {
		b = a.aloneAs(program, []string{"MATRICULA_HASH=argon2id,m=19456,t=2,p=1"})
	}
	b.wantOps()
	p := b.member()
	cookie := b.signIn(p)
	idle := b.memory()
	slots := b.metric("matricula_hash_slots")

	var mu sync.Mutex
	counts, worst, answered := map[int]int{}, time.Duration(0), make(chan struct{})
	go func() {
		defer close(answered)
		b.atOnce(clients, func(i int) (answer, error) {
			who := person{email: fmt.Sprintf("nobody.%d@attack.example.edu", i), password: "not the password of anybody"}
			if i%2 == 0 {
				who.email = p.email
			}
			for range 2 {
				at := time.Now()
				got, err := b.elsewhere().try("POST", "/api/auth/sign-in", who.credentials())
				mu.Lock()
				counts[got.status]++
				if got.status == 503 || got.status == 429 {
					worst = max(worst, time.Since(at))
				}
				mu.Unlock()
				if err != nil || got.status != 503 {
					return got, err
				}
				if got.header.Get("Retry-After") == "" {
					t.Errorf("%v without Retry-After", got)
				}
			}
			return answer{}, nil
		})
	}()
	most, took := idle, []time.Duration{}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for running := true; running; {
		select {
		case <-answered:
			running = false
		case <-tick.C:
			at := time.Now()
			if got, err := b.try("GET", "/api/auth/info", nil, cookie); err != nil || got.status != 200 {
				t.Errorf("info meanwhile: %v %v", got, err)
			}
			took = append(took, time.Since(at))
			most = max(most, b.memory())
		}
	}
	if bound := idle + slots*19 + 64; most > bound {
		t.Errorf("%.0f MiB in memory, at most %.0f are allowed", most, bound)
	}
	for status := range counts {
		if !slices.Contains([]int{401, 429, 503}, status) {
			t.Errorf("%d logins were answered %d", counts[status], status)
		}
	}
	if worst > 30*time.Second {
		t.Errorf("a refusal took %v", worst)
	}
	b.signIn(p)
	info := tookOf(append(took, 0))
	a.did("%v by status, refusals within %v; %.0f MiB at most, %.0f when idle; info answered each time, in %v (p99 %v) on a machine that plays all of it; bench/ measures this alone",
		counts, worst.Round(time.Millisecond), most, idle, info.median, info.p99)
}

func TestDOS03(t *testing.T) {
	a := attack(t, "hashes of 4 GiB, of 2^32 rounds, of cost 31 and of no form, put into the database, and signed in to")
	b := a.alone()
	p := b.member()
	b.signIn(p)
	before := b.memory()
	salt, sum := base64.RawStdEncoding.EncodeToString(make([]byte, 16)), base64.RawStdEncoding.EncodeToString(make([]byte, 32))
	var slowest time.Duration
	for _, hash := range []string{
		"$argon2id$v=19$m=4194304,t=1,p=1$" + salt + "$" + sum, "$argon2id$v=19$m=19456,t=4294967295,p=1$" + salt + "$" + sum, "$argon2id$v=19$m=19456,t=2,p=255$" + salt + "$" + sum,
		"$argon2id$v=19$m=0,t=0,p=0$$", "$2b$31$" + strings.Repeat("a", 53), "$pbkdf2-sha512$2147483647$" + salt + "$" + sum, "$argon2id$", "$", "plain", "",
	} {
		b.change("UPDATE accounts SET password_hash = $1 WHERE email = $2", hash, p.email)
		for _, path := range []string{"/api/auth/sign-in", "/api/user/login"} {
			var got answer
			slowest = max(slowest, quickest(func() { got = b.call("POST", path, p.credentials()) }))
			if got.status != 401 && got.status != 400 {
				t.Errorf("%s with the stored hash %.40q: %v", path, hash, got)
			}
		}
	}
	if grown := b.memory() - before; grown > 64 || slowest > 3*time.Second {
		t.Errorf("the slowest took %v, and there are %.0f MiB more in memory", slowest, grown)
	}
	b.call("GET", "/healthz", nil).want(t, 200)
	b.log.forget("password hash can't be read")
	a.did("refused each within %v like a wrong password, and told the log; there is no command that imports hashes yet", slowest.Round(time.Millisecond))
}

// change changes the target's database beside it, as a thief or an import would.
func (a *attacker) change(query string, args ...any) {
	a.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(a.data, "matricula.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		a.t.Fatal(err)
	}
	defer db.Close()
	result, err := db.Exec(query, args...)
	if err != nil {
		a.t.Fatal(err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		a.t.Fatalf("%s changed nothing: %v", query, err)
	}
}

func TestDOS04(t *testing.T) {
	a := attack(t, "texts that make patterns and guessers slow, as long as they may be and 60,000 letters long, in addresses, names, passwords, links, tokens and headers")
	b := a
	if *urlFlag == "" {
		b = a.alone("--limits", "off")
	}
	seeds := []string{"a", "ab", "aA1!", "1", "19", "qwerty", "p@ssw0rd", "a@", "a.", "@", ".", " ", "-", "((", "é", "\u202e", "ﬁ", "👩‍👩‍👧‍👦", "e\u0301", "xn--", "<a>", "%41", "\\", "0.", "aaaaaaaaab", "1/1/91", "!\"#"}
	var slowest time.Duration
	what := ""
	measure := func(name string, call func() answer) {
		var got answer
		if took := quickest(func() { got = call() }); took > slowest {
			slowest, what = took, name
		}
		if got.status >= 500 {
			t.Errorf("%s: %v", name, got)
		}
	}
	p := b.stranger()
	for _, seed := range seeds {
		for _, length := range []int{64, 250, 1_000, 60_000 / len(seed)} {
			text := strings.Repeat(seed, max(1, length/len(seed)))
			for _, address := range []string{text, text + "@example.edu", "a@" + text, "a@" + text + ".edu"} {
				measure("address of "+seed, func() answer { return b.call("POST", "/api/user/email-exists", object{"email": address}) })
			}
			measure("password of "+seed, func() answer { return b.call("POST", "/api/user/password-strength", object{"password": text}) })
			named := p.registration()
			named["name"] = text
			measure("name of "+seed, func() answer { return b.call("POST", "/api/user/register", named) })
			measure("origin of "+seed, func() answer {
				return b.call("POST", "/api/auth/reset-password", object{"email": p.email, "origin": "https://" + text})
			})
			measure("token of "+seed, func() answer {
				return b.call("POST", "/api/user/confirm-reset", object{"token": text, "password": p.password})
			})
		}
	}
	for range 20 { // and guessers meet what they were not made for
		octets := make([]byte, 96)
		rand.Read(octets)
		text := base64.StdEncoding.EncodeToString(octets)
		measure("password at random", func() answer { return b.call("POST", "/api/user/password-strength", object{"password": text}) })
	}
	if slowest > 2*time.Second {
		t.Errorf("%s took %v", what, slowest)
	}
	a.did("the slowest of all, a %s, in %v on a busy machine", what, slowest.Round(time.Millisecond))
}

func TestDOS05(t *testing.T) {
	n := scale(300)
	a := attack(t, fmt.Sprintf("%d failed logins and %d requests for resets, each with another address from another network; then waited a year", n, n))
	b, move := a.inTime()
	rows, size := b.rows(), b.memory()
	b.inEight(n, func(i int) {
		c := b.elsewhere()
		nobody := fmt.Sprintf("nobody.%d@attack.example.edu", i)
		_, _ = c.try("POST", "/api/user/login", object{"email": nobody, "password": "not the password of anybody"})
		_, _ = c.try("POST", "/api/auth/reset-password", object{"email": nobody, "origin": goodOrigin})
		_, _ = c.try("POST", "/api/user/email-exists", object{"email": nobody})
	})
	most := b.rows()
	if most > rows+12*n {
		t.Errorf("%d requests left %d rows", 3*n, most-rows)
	}
	grown := b.memory() - size
	move(370 * 24 * 60 * 60)
	b.restart() // it purges at its start, and each minute
	left := 0
	if !outside.Poll(30*time.Second, func() bool { left = b.rows() - rows; return left <= n/50+10 }) {
		t.Errorf("a year later %d rows of %d are left", left, most-rows)
	}
	a.did("%d rows for %d requests, %+.0f MiB in memory; a year later %d of them are left", most-rows, 3*n, grown, left)
}

// rows counts the rows of all tables.
func (a *attacker) rows() int {
	a.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(a.data, "matricula.db")+"?mode=ro&_pragma=busy_timeout(10000)")
	if err != nil {
		a.t.Fatal(err)
	}
	defer db.Close()
	names, err := db.Query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
	if err != nil {
		a.t.Fatal(err)
	}
	defer names.Close()
	var tables []string
	for names.Next() {
		var name string
		if err := names.Scan(&name); err != nil {
			a.t.Fatal(err)
		}
		tables = append(tables, name)
	}
	if err := names.Err(); err != nil {
		a.t.Fatal(err)
	}
	sum := 0
	for _, name := range tables {
		var n int
		if err := db.QueryRow("SELECT count(*) FROM " + name).Scan(&n); err != nil {
			a.t.Fatal(err)
		}
		sum += n
	}
	return sum
}

// inEight does something n times, eight at once.
func (a *attacker) inEight(n int, do func(i int)) {
	work := make(chan int)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range work {
				do(i)
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	all.Wait()
}

func TestDOS06(t *testing.T) {
	n := scale(2_000)
	a := attack(t, fmt.Sprintf("%d requests given up: in the head, in the body, before the answer, in the middle of one", n))
	b := a
	if *urlFlag == "" {
		b = a.alone("--limits", "off")
	}
	b.wantOps()
	p := b.stranger()
	body := fmt.Sprintf(`{"email":%q,"password":%q}`, p.email, p.password)
	login := b.request("POST", "/api/user/login", body)
	large := b.request("GET", "/openapi.yaml", "")
	b.call("GET", "/healthz", nil)
	client.CloseIdleConnections()
	goroutines, files := b.metric("go_goroutines"), b.metric("process_open_fds")
	b.inEight(n, func(i int) {
		conn, err := b.target.dial()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		switch i % 6 {
		case 0:
			fmt.Fprint(conn, login[:20])
		case 1:
			fmt.Fprint(conn, login[:len(login)-10])
		case 2:
			fmt.Fprint(conn, login)
		case 3:
			fmt.Fprint(conn, large)
			_, _ = conn.Read(make([]byte, 100))
		case 4:
			fmt.Fprint(conn, strings.Repeat(login, 5))
		}
		if tcp, ok := conn.(*net.TCPConn); ok && i%2 == 0 {
			_ = tcp.SetLinger(0) // a reset in place of an end
		}
	})
	more, open := 0.0, 0.0
	if !outside.Poll(40*time.Second, func() bool {
		more, open = b.metric("go_goroutines")-goroutines, b.metric("process_open_fds")-files
		return more <= 10 && open <= 10
	}) {
		t.Errorf("%.0f goroutines and %.0f files more than before", more, open)
	}
	b.call("POST", "/api/user/login", body).want(t, 400)
	a.did("%+.0f goroutines and %+.0f open files afterwards", more, open)
}

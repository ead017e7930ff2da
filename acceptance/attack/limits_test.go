package attack

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// most is how many wrong passwords in a row any account may meet, however they are
// tried (NIST SP 800-63B-4 §3.2.2).
const most = 100

// wrong is nobody's password.
const wrong = "the password of nobody at all"

// until429 tries wrong passwords at an address, n times in all, by turns at every way
// in and from these attackers in turn. It answers how many were looked at.
func until429(n int, email func(i int) string, from ...*attacker) (evaluated int) {
	for i := range n {
		a := from[i%len(from)]
		switch got := a.wrongAt(i, email(i)); got {
		case 400, 401:
			evaluated++
		case 429, 503:
		default:
			a.t.Fatalf("a wrong password is answered %d", got)
		}
	}
	return evaluated
}

// wrongAt tries a wrong password by one of the ways in.
func (a *attacker) wrongAt(i int, email string) (status int) {
	body := object{"email": email, "password": wrong}
	path := []string{"/api/user/login", "/api/auth/sign-in"}[i%2]
	got, err := a.try("POST", path, body)
	if err != nil {
		a.t.Error(err)
	}
	return got.status
}

func always(email string) func(int) string { return func(int) string { return email } }

// networksOf are attackers at that many networks.
func (a *attacker) networksOf(n int) (all []*attacker) {
	for range n {
		all = append(all, a.elsewhere())
	}
	return all
}

func TestRAT01(t *testing.T) {
	a := attack(t, "200 wrong passwords in a row at one account, by both contracts and the page, from one network and from fifty; then the right one")
	for name, from := range map[string][]*attacker{"one network": a.networksOf(1), "fifty": a.networksOf(50)} {
		p := a.officer()
		n := until429(200, always(p.email), from...)
		if n > most || n < 5 {
			t.Errorf("%s: %d were looked at, want %d at most", name, n, most)
		}
		// For strangers the address rests, with the right password, too: else the
		// refusal would tell a right guess from a wrong one.
		last := from[0].call("POST", "/api/user/login", p.credentials()).want(t, 429)
		if last.header.Get("Retry-After") == "" {
			t.Error("the refusal doesn't say when to try again")
		}
		from[0].form("/sign-in", map[string][]string{"email": {p.email}, "password": {p.password}}).want(t, 429)
		if s := a.events(p.email); count(s, "session.tries-used-up") == 0 {
			t.Errorf("no event says that the tries are used up: %v", s)
		}
		a.run(t, "", "account", "unlock", p.email)
		from[0].login(p)
		a.did("%d were looked at; from then on 429, for the right one too, until the rest is over, a reset, or an operator's unlock", n)
	}
}

func TestRAT02(t *testing.T) {
	a := attack(t, "200 wrong passwords at once at one account, from twenty networks")
	p := a.officer()
	from := a.networksOf(20)
	var evaluated atomic.Int32
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			switch status := from[i%len(from)].wrongAt(i, p.email); status {
			case 400, 401:
				evaluated.Add(1)
			case 429, 503:
			default:
				t.Errorf("a wrong password is answered %d", status)
			}
		})
	}
	all.Wait()
	// Those that the hash slots had no room for have not been tries.
	n := int(evaluated.Load()) + until429(200, always(p.email), from...)
	if n > most {
		t.Errorf("%d were looked at, want %d at most", n, most)
	}
	a.did("%d at once and afterwards were looked at, as many as one after the other", n)
}

// liars are headers by which a client names another.
func liars(i int) []string {
	address := fmt.Sprintf("203.0.113.%d", i%250+1)
	return []string{
		"X-Forwarded-For: " + address, "X-Real-IP: " + address, "Forwarded: for=" + address, "True-Client-IP: " + address, "CF-Connecting-IP: " + address,
		"X-Client-IP: " + address, "X-Cluster-Client-IP: " + address, "Fastly-Client-IP: " + address, "X-Originating-IP: " + address, "X-Remote-Addr: " + address,
	}
}

// asks asks the roster about different addresses until it is refused, n times at
// most, and answers how often it was answered.
func (a *attacker) asks(n int, headers func(i int) []string) (answered int) {
	a.t.Helper()
	for i := range n {
		body := object{"email": fmt.Sprintf("somebody%d@attack.example.edu", i)}
		if a.call("POST", "/api/user/email-exists", body, headers(i)...).want(a.t, 200, 429).status == 200 {
			answered++
		}
	}
	return answered
}

func TestRAT03(t *testing.T) {
	a := attack(t, "another X-Forwarded-For, X-Real-IP, Forwarded, True-Client-IP, CF-Connecting-IP and five more with each request, to a server that trusts no proxy here")
	b := a.untrusted("--limit-lookups", "5").from("")
	if n := b.asks(20, liars); n != 5 {
		t.Errorf("%d of 20 questions were answered, want 5: a header has made another client of one", n)
	}
	if got := b.call("POST", "/api/user/login", object{"email": "nobody@attack.example.edu", "password": wrong}, liars(7)...); got.status != 400 {
		t.Errorf("%s: got %d", got.call, got.status)
	}
	if strings.Contains(b.run(t, "", "events", "--json"), "203.0.113.") {
		t.Error("the audit log believes the headers")
	}
	a.did("no effect: one client, one budget, one address in the audit log")
}

func TestRAT04(t *testing.T) {
	a := attack(t, "from a trusted proxy: lists with false clients on the left, over several lines, IPv6 of one site, mapped IPv4, and what is no address")
	b := a.alone("--limit-lookups", "5")
	for name, list := range map[string]func(i int) []string{
		"false ones on the left": func(i int) []string { return []string{fmt.Sprintf("X-Forwarded-For: 198.51.100.%d, 203.0.113.1", i+1)} },
		"a lying proxy in it": func(i int) []string {
			return []string{fmt.Sprintf("X-Forwarded-For: 198.51.100.%d, 203.0.113.2, 127.0.0.1", i+1)}
		},
		"one IPv6 site": func(i int) []string { return []string{fmt.Sprintf("X-Forwarded-For: 2001:db8:0:1::%x", i+1)} },
		"mapped IPv4": func(i int) []string {
			return []string{"X-Forwarded-For: " + []string{"203.0.113.4", "::ffff:203.0.113.4"}[i%2]}
		},
		"other headers": func(i int) []string { return append([]string{"X-Forwarded-For: 203.0.113.5"}, liars(i)[1:]...) },
		"no address":    func(i int) []string { return []string{fmt.Sprintf("X-Forwarded-For: 198.51.100.%d, who%d", i+1, i)} },
	} {
		if n := b.asks(20, list); n != 5 {
			t.Errorf("%s: %d of 20 questions were answered, want 5", name, n)
		}
	}
	others := b.asks(20, func(i int) []string { return []string{fmt.Sprintf("X-Forwarded-For: 203.0.113.1, 192.0.2.%d", i+1)} })
	if others != 20 {
		t.Errorf("%d of 20 clients were answered, want all: each is one of its own", others)
	}
	sites := b.asks(20, func(i int) []string { return []string{fmt.Sprintf("X-Forwarded-For: 2001:db8:1:%x::1", i+1)} })
	if sites != 20 {
		t.Errorf("%d of 20 IPv6 sites were answered, want all", sites)
	}
	a.did("the rightmost address that is no proxy counts, an IPv6 site is one, and what can't be read is the proxy itself")
}

func TestRAT05(t *testing.T) {
	a := attack(t, "200 wrong passwords at one account by spellings of its address: case, spaces, and those of an international domain")
	p := a.officer()
	spellings := []string{p.email, strings.ToUpper(p.email), " " + p.email, p.email + "\t", strings.ToUpper(p.email[:5]) + p.email[5:]}
	n := until429(200, func(i int) string { return spellings[i/2%len(spellings)] }, a)
	if n > most {
		t.Errorf("%d were looked at, want %d at most", n, most)
	}
	domains := []string{"bücher.example", "xn--bcher-kva.example", "BÜCHER.example", "XN--BCHER-KVA.EXAMPLE"}
	local, _, _ := strings.Cut(a.stranger().email, "@")
	m := until429(200, func(i int) string { return local + "@" + domains[i/2%len(domains)] }, a.elsewhere())
	if m != n {
		t.Errorf("an unknown address of an international domain is looked at %d times, a known one %d times", m, n)
	}
	a.did("they share one count: %d were looked at", n)
}

func TestRAT06(t *testing.T) {
	a := attack(t, "60 wrong passwords, a restart, 60 more, a kill -9, 60 more; and a network's budget of addresses across both").alone("--limit-lookups", "5")
	p := a.officer()
	b := a.elsewhere()
	b.asks(10, func(int) []string { return nil })
	n := until429(60, always(p.email), a)
	a.restart()
	n += until429(60, always(p.email), a)
	if err := a.kill(); err != nil {
		t.Fatal(err)
	}
	if err := a.start(); err != nil {
		t.Fatal(err)
	}
	n += until429(60, always(p.email), a)
	if n > most {
		t.Errorf("%d were looked at, want %d at most", n, most)
	}
	b.call("POST", "/api/user/email-exists", object{"email": "one.more@attack.example.edu"}).want(t, 429)
	a.did("%d were looked at in all: what was counted is kept. Three instances need PostgreSQL, and are counted by its own tests", n)
}

func TestRAT07(t *testing.T) {
	accounts := scale(400)
	a := attack(t, fmt.Sprintf("one password at %d different addresses from one network; then a known browser and a stranger from there, and the same stranger from elsewhere", accounts))
	p, q := a.officer(), a.officer()
	device := deviceIn(a.call("POST", "/api/auth/sign-in", p.credentials()).want(t, 200))
	var evaluated, refused atomic.Int32
	var last atomic.Value
	a.inEight(accounts, func(i int) {
		got, err := a.try("POST", []string{"/api/user/login", "/api/auth/sign-in"}[i%2], object{"email": fmt.Sprintf("spray%d@attack.example.edu", i), "password": "Password123!"})
		switch {
		case err != nil:
			t.Error(err)
		case got.status == 429:
			refused.Add(1)
			last.Store(got)
		case got.status == 400, got.status == 401:
			evaluated.Add(1)
		case got.status != 503:
			t.Errorf("%s: got %d", got.call, got.status)
		}
	})
	if n := evaluated.Load(); n > 300 || refused.Load() == 0 {
		t.Fatalf("%d were looked at and %d refused, want 300 at most", n, refused.Load())
	}
	if last.Load().(answer).header.Get("Retry-After") == "" {
		t.Error("the refusal doesn't say when to try again")
	}
	a.call("POST", "/api/user/login", q.credentials()).want(t, 429) // a stranger here
	a.call("POST", "/api/auth/sign-in", p.credentials(), device).want(t, 200)
	a.elsewhere().login(q)
	a.did("%d were looked at, then 429 for strangers from that network; browsers that are known, and everybody elsewhere, go on", evaluated.Load())
}

// deviceIn answers the header that brings the cookie of a known browser back.
func deviceIn(got answer) string {
	for _, set := range got.header.Values("Set-Cookie") {
		if c, err := http.ParseSetCookie(set); err == nil && strings.HasSuffix(c.Name, "matricula-device") {
			return "Cookie: " + c.Name + "=" + c.Value
		}
	}
	return ""
}

func TestRAT08(t *testing.T) {
	a := attack(t, "wrong passwords from forty networks, going on: can the owner still get in from a known network, browser, session, token, by a reset? And the attackers by any of that?")
	p, q := a.officer(), a.officer()
	home := a.elsewhere()
	in := home.call("POST", "/api/auth/sign-in", p.credentials()).want(t, 200)
	cookie, device := cookieIn(in), deviceIn(in)
	if device == "" {
		t.Fatalf("sign-in sets no cookie to know the browser by: %v", in.header.Values("Set-Cookie"))
	}
	mallory := a.call("POST", "/api/auth/sign-in", q.credentials()).want(t, 200)
	tokens := a.elsewhere().login(q) // q's own, for a later change

	from := a.networksOf(40)
	siege := func(email string) {
		t.Helper()
		if n := until429(130, always(email), from...); n > most {
			t.Errorf("%d wrong passwords at %s were looked at", n, email)
		}
	}
	siege(p.email)
	refused := func(what string, got answer) {
		t.Helper()
		if got.status != 429 {
			t.Errorf("%s: got %d, want 429", what, got.status)
		}
	}
	try := func(b *attacker, headers ...string) answer {
		return b.call("POST", "/api/auth/sign-in", p.credentials(), headers...)
	}
	refused("a stranger with the right password", try(a.elsewhere()))
	refused("a made-up browser", try(a.elsewhere(), device[:len(device)-4]+"AAAA"))
	refused("the browser of somebody else", try(a.elsewhere(), deviceIn(mallory)))
	refused("the session of somebody else", try(a.elsewhere(), cookieIn(mallory)))
	for way, got := range map[string]answer{
		"the known network": home.call("POST", "/api/user/login", p.credentials()), "the known browser, elsewhere": try(a.elsewhere(), device), "a live session, elsewhere": try(a.elsewhere(), cookie),
	} {
		if got.status != 200 {
			t.Errorf("the owner by %s: got %d, want 200", way, got.status)
		}
	}
	siege(p.email) // the owner's sign-in hands out no new guesses
	refused("a stranger after the owner's sign-in", try(a.elsewhere()))
	if n := until429(130, always(p.email), from...); n != 0 {
		t.Errorf("after the owner's sign-in %d more guesses are looked at, want none", n)
	}

	siege(q.email)
	change := object{"old_password": q.password, "new_password": fresh}
	if got := a.elsewhere().call("POST", "/api/admin/change-password", change, bearer(tokens.access)); got.status != 200 {
		t.Errorf("the owner by a live token, elsewhere: got %d, want 200", got.status)
	}
	q.password = fresh

	siege(q.email)
	somewhere := a.elsewhere()
	somewhere.useClubs(somewhere.clubsLink(q), fresh+"er").want(t, 200)
	q.password = fresh + "er"
	somewhere.login(q)
	a.did("the owner gets in at the first try each time; strangers, made-up browsers and others' sessions get 429, and no new guesses by the owner's sign-in")
}

func TestRAT09(t *testing.T) {
	a := attack(t, "the calls without a sign-in hammered from one network, each by itself: email-exists, password-strength, register, resend-confirm, both resets and their use")
	p := a.officer()
	cookie := a.signIn(p)
	neighbour := a.elsewhere()
	calls := map[string]object{
		"/api/user/email-exists": {"email": "one@attack.example.edu"}, "/api/user/password-strength": {"password": "p@ssw0rd!"}, "/api/user/register": {"name": "x"}, "/api/user/resend-confirm": {"email": "one@attack.example.edu"},
		"/api/user/request-reset": {"email": "one@attack.example.edu"}, "/api/user/confirm-reset": {"token": "x", "password": "x"}, "/api/auth/reset-password": {"email": "one@attack.example.edu", "origin": "x"}, "/api/auth/change-password": {"id": "1", "token": "x", "newPassword": "x"},
	}
	within := 0
	for path, body := range calls {
		b := a.elsewhere()
		served, last := b.hammer(path, body, 1000)
		if last.status != 429 || last.header.Get("Retry-After") == "" || last.text("reason")+last.text("message") == "" {
			t.Errorf("%s: after %d calls at once it answers %d, Retry-After %q: %s", path, served, last.status, last.header.Get("Retry-After"), last.body)
			continue
		}
		within = max(within, served)
		// Another call, another network, who is signed in already, and the sign-in.
		for other, body := range calls {
			if got := b.call("POST", other, body); other != path && got.status == 429 {
				t.Errorf("hammering %s has used up %s", path, other)
			}
		}
		if got := neighbour.call("POST", path, body); got.status == 429 {
			t.Errorf("hammering %s has used up a neighbour's", path)
		}
		b.info(cookie).want(t, 200)
		b.login(p)
	}
	a.did("429 with Retry-After, within %d at once; each call has a budget of its own, each network too, and who is signed in doesn't notice", within)
}

// hammer makes a call until it is refused for being too many, eight at once and most
// times at most. It answers how many were served, and the last refusal.
func (a *attacker) hammer(path string, body object, most int) (served int, refusal answer) {
	var mu sync.Mutex
	stop := time.Now().Add(time.Minute)
	a.inEight(most, func(int) {
		mu.Lock()
		over := refusal.status == 429 || time.Now().After(stop)
		mu.Unlock()
		if over {
			return
		}
		got, err := a.try("POST", path, body)
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err != nil:
			a.t.Error(err)
		case got.status == 429:
			refusal = got
		case slices.Contains([]int{200, 400, 404}, got.status):
			served++
		default:
			a.t.Errorf("%s: got %d: %s", got.call, got.status, got.body)
		}
	})
	return served, refusal
}

// untrusted is alone with a server that takes no word of this machine about who its
// clients are.
func (a *attacker) untrusted(flags ...string) *attacker {
	a.t.Helper()
	b := a.alone(flags...)
	b.flags[slices.Index(b.flags, "--trusted-proxies")+1] = "192.0.2.1"
	b.restart()
	return b
}

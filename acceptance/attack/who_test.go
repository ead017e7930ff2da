package attack

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// seen is an answer as a stranger compares it with another: status, headers and
// body, but for what is each answer's own.
func (r answer) seen() string {
	text := fmt.Sprintln(r.status)
	for _, name := range slices.Sorted(maps.Keys(r.header)) {
		if name != "Date" && name != "X-Request-Id" {
			text += fmt.Sprintln(name, r.header[name])
		}
	}
	return text + string(r.body)
}

// same wants each of these answers to look like the one that is named first.
func (a *attacker) same(first string, answers map[string]answer) {
	a.t.Helper()
	want, there := answers[first]
	if !there {
		a.t.Fatalf("no answer is named %q", first)
	}
	for name, got := range answers {
		if got.seen() != want.seen() {
			a.t.Errorf("%s: %q is answered\n%s\n%q is answered\n%s", got.call, name, got.seen(), first, want.seen())
		}
	}
}

// waiting is a person whose registration waits for a click on the mailed link.
func (a *attacker) waiting() person {
	a.t.Helper()
	return a.waitings(1)[0]
}

// waitings are many of them.
func (a *attacker) waitings(n int) []person {
	a.t.Helper()
	people, emails := a.strangers(n), []string(nil)
	for _, p := range people {
		emails = append(emails, p.email)
	}
	a.roster(emails...)
	for _, p := range people {
		a.elsewhere().call("POST", "/api/user/register", p.registration()).want(a.t, 200)
	}
	return people
}

// strangers are many people that the server has never heard of.
func (a *attacker) strangers(n int) (people []person) {
	for range n {
		people = append(people, a.stranger())
	}
	return people
}

// takeTurns answers one of these people after the other, again and again.
func (a *attacker) takeTurns(people []person) (next func() person) {
	i := 0
	return func() person {
		i++
		return people[i%len(people)]
	}
}

// disabled is an officer whom an operator has locked out.
func (a *attacker) disabled() person {
	a.t.Helper()
	p := a.officer()
	a.run(a.t, "", "account", "disable", p.email)
	return p
}

// invited is a person with a confirmed account, a club and no password yet.
func (a *attacker) invited() person {
	a.t.Helper()
	a.wantSide()
	p := a.stranger()
	a.run(a.t, "", "account", "create", p.email, "--name", "Invited")
	a.run(a.t, "", "club", "create", p.club, "--owner", p.email)
	return p
}

// kinds are accounts of every kind that a stranger must not tell apart, and an
// address without one.
func (a *attacker) kinds() map[string]person {
	a.t.Helper()
	return map[string]person{
		"unknown": a.stranger(), "officer": a.officer(), "member": a.member(), "unconfirmed": a.waiting(), "disabled": a.disabled(), "without a password": a.invited(),
	}
}

// form makes the call that a page's form makes.
func (a *attacker) form(path string, fields url.Values, headers ...string) answer {
	a.t.Helper()
	a.used.Add(fields.Get("password"))
	return a.call("POST", path, fields.Encode(), append(headers, "Content-Type: application/x-www-form-urlencoded")...)
}

// without takes from a page what its asker has typed, and the length that follows
// from it.
func (r answer) without(typed string) answer {
	r.body = []byte(strings.ReplaceAll(string(r.body), typed, "…"))
	r.header = r.header.Clone()
	r.header.Del("Content-Length")
	return r
}

func TestENU01(t *testing.T) {
	a := attack(t, "a login, a sign-in and the sign-in page: unknown address, wrong password, unconfirmed, disabled (right password, too), no password, no club")
	const wrong = "the password of nobody at all"
	people := a.kinds()
	tries := map[string]person{}
	for kind, p := range people {
		tries[kind+", wrong password"] = person{email: p.email, password: wrong}
	}
	tries["disabled, right password"] = people["disabled"]
	const unknown = "unknown, wrong password"

	clubs, cohorts, page := map[string]answer{}, map[string]answer{}, map[string]answer{}
	for name, p := range tries {
		clubs[name] = a.call("POST", "/api/user/login", p.credentials()).want(t, 400)
		cohorts[name] = a.call("POST", "/api/auth/sign-in", p.credentials()).want(t, 401)
		page[name] = a.form("/sign-in", url.Values{"email": {p.email}, "password": {p.password}}).want(t, 401).without(p.email)
	}
	clubs["no club, right password"] = a.call("POST", "/api/user/login", people["member"].credentials())
	waiting := people["unconfirmed"]
	cohorts["unconfirmed, right password"] = a.call("POST", "/api/auth/sign-in", waiting.credentials())
	page["unconfirmed, right password"] = a.form("/sign-in", url.Values{"email": {waiting.email}, "password": {waiting.password}}).without(waiting.email)
	for _, answers := range []map[string]answer{clubs, cohorts, page} {
		a.same(unknown, answers)
	}
	a.did("400, 401 and the same page, to the octet, for each of %d", len(tries)+1)
}

func TestENU04(t *testing.T) {
	a := attack(t, "clubs and cohorts reset, fresh confirmation link and the pages for both: unknown, confirmed, unconfirmed, disabled, no password; twice each")
	people := a.kinds()
	for name, ask := range map[string]func(p person) answer{
		"request-reset":  func(p person) answer { return a.call("POST", "/api/user/request-reset", object{"email": p.email}) },
		"resend-confirm": func(p person) answer { return a.call("POST", "/api/user/resend-confirm", object{"email": p.email}) },
		"reset-password": func(p person) answer {
			return a.call("POST", "/api/auth/reset-password", object{"email": p.email, "origin": goodOrigin})
		},
		"the page /forgot": func(p person) answer { return a.form("/forgot", url.Values{"email": {p.email}}) },
		"the page /resend": func(p person) answer { return a.form("/resend", url.Values{"email": {p.email}}) },
	} {
		for range 2 {
			answers := map[string]answer{}
			for kind, p := range people {
				if answers[kind] = ask(p); answers[kind].status != 200 && answers[kind].status != 303 {
					t.Errorf("%s: got %d for %s", name, answers[kind].status, kind)
				}
			}
			a.same("unknown", answers)
		}
	}
	known, unknown := a.takeTurns(a.waitings(10)), a.takeTurns(a.strangers(10))
	ask := func(p person) bool {
		return a.call("POST", "/api/user/resend-confirm", object{"email": p.email}).want(t, 200, 429).status == 200
	}
	a.alike(func() bool { return ask(known()) }, func() bool { return ask(unknown()) })
	a.did("the same 200 (or 303 to the same page) for each, and as fast for an unknown address as for one that gets a mail")
}

func TestENU05(t *testing.T) {
	a := attack(t, "register with a fresh address of the roster, and with one that has an account of each kind")
	people := a.kinds()
	answers := map[string]answer{}
	for kind, p := range people {
		a.roster(p.email)
		p.password = "another correct horse battery"
		answers[kind] = a.call("POST", "/api/user/register", p.registration()).want(t, 200)
	}
	a.same("unknown", answers)
	officer := people["officer"]
	if told := a.newLetter(officer.email, 1); !strings.Contains(told.Subject, "already") || told.Secret() != "" {
		t.Errorf("the owner is sent %q", told.Subject)
	}
	a.call("POST", "/api/user/login", officer.credentials()).want(t, 200)
	a.did("the same 200 for each; the owner of an account is told by mail alone, and nothing changed")
}

// budget is how many different addresses one network may ask the roster about
// within an hour, by default.
const budget = 300

func TestENU06(t *testing.T) {
	a := attack(t, fmt.Sprintf("%d different addresses by email-exists and register from one network, half of them on the roster", budget+100))
	var listed []string
	for i := range (budget + 100) / 2 {
		listed = append(listed, fmt.Sprintf("listed%d@harvest.example.edu", i))
	}
	officer := a.officer()
	a.roster(append(listed, officer.email)...)
	exists := func(a *attacker, email string) answer {
		return a.call("POST", "/api/user/email-exists", object{"email": email})
	}
	exists(a, officer.email).want(t, 200)
	learnt := 1
	for i, email := range listed {
		got := exists(a, email).want(t, 200, 429)
		if got.status == 200 {
			learnt++
		}
		nobody := person{email: fmt.Sprintf("nobody%d@harvest.example.edu", i), password: "correct horse battery staple", club: "Harvest"}
		if a.call("POST", "/api/user/register", nobody.registration()).want(t, 404, 429).status == 404 {
			learnt++
		}
	}
	if learnt > budget || learnt < budget/2 {
		t.Errorf("the harvester learnt of %d addresses, want %d at most", learnt, budget)
	}
	last := a.call("POST", "/api/user/register", person{"one.more@harvest.example.edu", "correct horse battery staple", "Harvest"}.registration()).want(t, 429)
	if last.header.Get("Retry-After") == "" {
		t.Error("the refusal doesn't say when to try again")
	}
	a.login(officer) // not hurt, and it gives its address back
	exists(a.elsewhere(), listed[0]).want(t, 200)
	a.did("429 with Retry-After from address %d on, over both calls; a login from there and a question from elsewhere go on", learnt+1)
}

func TestENU08(t *testing.T) {
	a := attack(t, "change-password with garbage, a foreign token and none, for ids that exist and ids that don't; known tokens of another")
	p := a.officer()
	id, token := a.cohortsLink(p)
	for _, text := range []string{"garbage", "e30.e30.AAAA", a.signedLike(token), ".."} {
		answers := map[string]answer{}
		for who, id := range map[string]any{"exists": id, "doesn't": 9007199254740991, "the first": "1", "another": "4711471147"} {
			answers[who] = a.call("POST", "/api/auth/change-password", object{"id": id, "token": text, "newPassword": "correct horse battery staple"}).want(t, 400)
		}
		a.same("exists", answers)
	}
	garbage := a.call("POST", "/api/auth/change-password", object{"id": id, "token": "garbage", "newPassword": "correct horse battery staple"})
	a.same("garbage", map[string]answer{
		"garbage":      garbage,
		"another's id": a.call("POST", "/api/auth/change-password", object{"id": "9007199254740991", "token": token, "newPassword": "correct horse battery staple"}),
		"weak and bad": a.call("POST", "/api/auth/change-password", object{"id": id, "token": "garbage", "newPassword": "x"}),
	})
	a.useCohorts(id, token, "a wholly new password").want(t, 200)
	a.did("the same 400 for each; the true token is good as before")
}

// signedLike answers the claims of a token under a signature that isn't its own.
func (a *attacker) signedLike(token string) string {
	a.t.Helper()
	p := taken(a.t, token)
	p.signature = slices.Clone(p.signature)
	p.signature[0] ^= 1
	return p.token()
}

func TestENU09(t *testing.T) {
	a := attack(t, "wrong passwords for a known, an unknown and a disabled address until each is refused another try; from a network that one has signed in from, too")
	people := map[string]person{"unknown": a.stranger(), "known": a.officer(), "disabled": a.disabled(), "signed in from there": a.officer()}
	var mu sync.Mutex
	var all sync.WaitGroup
	last, counts := map[string]answer{}, map[string]int{}
	for kind, p := range people {
		from := a.elsewhere()
		if kind == "signed in from there" {
			from.login(p)
		}
		all.Go(func() {
			evaluated, got := from.guess(p.email, 110)
			mu.Lock()
			defer mu.Unlock()
			last[kind], counts[kind] = got, evaluated
		})
	}
	all.Wait()
	for kind, n := range counts {
		if n != counts["unknown"] || n > 100 {
			t.Errorf("%d tries are looked at for the %s address, %d for the unknown one", n, kind, counts["unknown"])
		}
		if last[kind].status != 429 || last[kind].header.Get("Retry-After") == "" {
			t.Fatalf("the %s address is refused with %d, Retry-After %q", kind, last[kind].status, last[kind].header.Get("Retry-After"))
		}
		last[kind].header.Del("Retry-After") // that it counts down is no secret
	}
	a.same("unknown", last)
	a.did("each is looked at %d times in a row, and then answered the same 429", counts["unknown"])
}

// guess tries wrong passwords one after the other, on both contracts in turn, until
// one is not looked at. It answers how many were, and the last answer.
func (a *attacker) guess(email string, most int) (evaluated int, last answer) {
	for i := range most {
		path := []string{"/api/user/login", "/api/auth/sign-in"}[i%2]
		got, err := a.try("POST", path, object{"email": email, "password": "the password of nobody at all"})
		if err != nil {
			a.t.Error(err)
			return evaluated, got
		}
		last = got
		switch got.status {
		case 400, 401:
			evaluated++
		case 429:
			return evaluated, got
		case 503: // busy: not looked at
		default:
			a.t.Errorf("%s: got %d: %s", got.call, got.status, got.body)
			return evaluated, got
		}
	}
	return evaluated, last
}

func TestENU10(t *testing.T) {
	a := attack(t, "confirmation links: garbage, of a deleted account, of one confirmed already, with one letter changed; by a program and by a browser")
	gone, there := a.waiting(), a.waiting()
	of := func(p person) string { return a.newLetter(p.email, 1).Link().RequestURI() }
	deleted, confirmed := of(gone), of(there)
	a.run(t, "", "account", "delete", gone.email)
	a.call("GET", confirmed, nil).want(t, 303)
	swapped := confirmed[:len(confirmed)-2] + map[bool]string{true: "B", false: "A"}[confirmed[len(confirmed)-2] == 'A'] + confirmed[len(confirmed)-1:]
	links := map[string]string{"garbage": "/api/user/confirm/garbage", "deleted": deleted, "one letter": swapped, "long": "/api/user/confirm/" + strings.Repeat("A", 2000)}
	for _, accept := range []string{"Accept: */*", "Accept: text/html,*/*"} {
		answers := map[string]answer{}
		for name, link := range links {
			answers[name] = a.call("GET", link, nil, accept)
		}
		a.same("garbage", answers)
	}
	a.call("GET", "/api/user/confirm/garbage", nil).want(t, 404)
	a.call("GET", confirmed, nil).want(t, 303)
	a.did("the same 404, for a browser the same page, whosever it was; the confirmed one's owner is led on as before")
}

func TestENU11(t *testing.T) {
	a := attack(t, "a reset token of one account with the address, id or name of another beside it, known and unknown")
	mine, victim := a.officer(), a.officer()
	token := a.clubsLink(mine)
	answers := map[string]answer{}
	for name, email := range map[string]string{"mine": mine.email, "known": victim.email, "unknown": a.stranger().email} {
		answers[name] = a.call("POST", "/api/user/confirm-reset", object{"token": "garbage" + token, "password": "a wholly new password", "email": email}).want(t, 404)
	}
	a.same("unknown", answers)
	a.call("POST", "/api/user/confirm-reset", object{
		"token": token, "password": "a wholly new password", "email": victim.email, "id": a.idOf(victim), "account": victim.email,
	}).want(t, 200)
	a.call("POST", "/api/user/login", object{"email": victim.email, "password": "a wholly new password"}).want(t, 400)
	a.login(victim)
	mine.password = "a wholly new password"
	a.login(mine)
	a.did("other members count for nothing: the token's own account it is, or 404")
}

// shown is what `account show --json` tells of an account.
type shown struct {
	ID       int64   `json:"id"`
	Email    string  `json:"email"`
	State    string  `json:"state"`
	Club     *string `json:"club"`
	Roles    []any   `json:"roles"`
	Sessions int     `json:"sessions"`
}

// show answers what an operator sees of an account.
func (a *attacker) show(email string) shown {
	a.t.Helper()
	a.wantSide()
	var s shown
	if err := json.Unmarshal([]byte(a.run(a.t, "", "account", "show", email, "--json")), &s); err != nil {
		a.t.Fatal(err)
	}
	return s
}

// idOf answers the id of a person's account.
func (a *attacker) idOf(p person) int64 {
	a.t.Helper()
	return a.show(p.email).ID
}

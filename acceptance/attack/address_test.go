package attack

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"matricula/acceptance/outside"
)

// Calls that take an address, by what they answer when it is none.
var addressCalls = map[string]object{
	"/api/user/email-exists": {}, "/api/user/resend-confirm": {}, "/api/user/request-reset": {}, "/api/auth/reset-password": {"origin": goodOrigin},
}

// wherever sends something in the place of an address to every call that takes one
// and mails or tells, and answers their statuses.
func (a *attacker) wherever(email any) map[string]int {
	a.t.Helper()
	statuses := map[string]int{}
	for path, more := range addressCalls {
		body := object{"email": email}
		for name, value := range more {
			body[name] = value
		}
		statuses[path] = a.call("POST", path, body).status
	}
	p := person{password: "correct horse battery staple", club: "Club"}
	body := p.registration()
	body["email"] = email
	statuses["/api/user/register"] = a.call("POST", "/api/user/register", body).status
	return statuses
}

// noAddress wants each of these refused as no address, by every call that takes one,
// and for nobody's at a login.
func (a *attacker) noAddress(texts []string) {
	a.t.Helper()
	for _, text := range texts {
		b := a.elsewhere()
		for path, status := range b.wherever(text) {
			if status != 400 {
				a.t.Errorf("%s with %.80q: got %d, want 400", path, text, status)
			}
		}
		b.call("POST", "/api/user/login", object{"email": text, "password": "correct horse battery staple"}).want(a.t, 400)
		b.call("POST", "/api/auth/sign-in", object{"email": text, "password": "correct horse battery staple"}).want(a.t, 400, 401)
	}
}

func TestEML01(t *testing.T) {
	a := attack(t, "the victim's address in upper case, and with letters that fold to its own: U+0131, U+0130, U+212A, U+017F, full width; login, reset, register, email-exists")
	p := a.stranger()
	p.email = "mike.kisk" + p.email // m, i, k and s have such letters
	a.run(t, p.password+"\n", "account", "create", p.email, "--name", "Mike", "--password-stdin")
	a.run(t, "", "club", "create", p.club, "--owner", p.email)
	a.roster(p.email)
	for _, same := range []string{strings.ToUpper(p.email), strings.ToUpper(p.email[:1]) + p.email[1:], " " + p.email + " ", "\t" + p.email + "\r\n"} {
		a.login(person{email: same, password: p.password})
		a.signIn(person{email: same, password: p.password})
		if exists := a.call("POST", "/api/user/email-exists", object{"email": same}).want(t, 200).members(t)["exists"]; exists != true {
			t.Errorf("%q is not on the roster, %q is", same, p.email)
		}
	}
	for _, fold := range [][2]string{{"i", "ı"}, {"i", "İ"}, {"k", "\u212a"}, {"s", "ſ"}, {"m", "ｍ"}, {"i", "i\u0307"}, {"k", "к"}, {"e", "е"}} {
		other := strings.Replace(p.email, fold[0], fold[1], 1)
		a.call("POST", "/api/user/login", object{"email": other, "password": p.password}).want(t, 400)
		a.call("POST", "/api/auth/sign-in", object{"email": other, "password": p.password}).want(t, 400, 401)
		for path, status := range a.wherever(other) {
			if status != 400 {
				t.Errorf("%s with %q: got %d, want 400", path, other, status)
			}
		}
	}
	a.drained()
	if n := len(a.letters(p.email)); n != 0 {
		t.Errorf("%d mails to the victim, want none", n)
	}
	a.did("A to Z in either case are the same account; letters that only fold to it are 400 and reach nobody")
}

func TestEML02(t *testing.T) {
	a := attack(t, "mails asked for in other spellings of a stored address: case, spaces, an international domain in A-labels")
	p := a.stranger()
	p.email = "Stored.Spelling." + p.email
	a.run(t, p.password+"\n", "account", "create", p.email, "--name", "Stored", "--password-stdin")
	for _, typed := range []string{strings.ToLower(p.email), strings.ToUpper(p.email), "  " + strings.ToLower(p.email) + "\t"} {
		a.call("POST", "/api/user/request-reset", object{"email": typed}).want(t, 200)
	}
	a.call("POST", "/api/auth/reset-password", object{"email": strings.ToUpper(p.email), "origin": goodOrigin}).want(t, 200)
	a.call("POST", "/api/user/register", person{email: strings.ToUpper(p.email), password: p.password, club: "Club"}.registration()).want(t, 200, 404)
	a.drained() // so that a fifth would be here
	a.newLetter(p.email, 4)
	for _, typed := range []string{strings.ToLower(p.email), strings.ToUpper(p.email)} {
		if n := len(a.letters(typed)); n != 0 {
			t.Errorf("%d mails to %q, want none", n, typed)
		}
	}
	a.did("every mail goes to the stored spelling")
}

func TestEML03(t *testing.T) {
	a := attack(t, "addresses with letters that look like others, or can't be seen: full width, a homoglyph of @, combining, zero width, right to left, soft hyphen, tags")
	texts := []string{
		"ａdmin@attack.example.edu", "admin＠attack.example.edu", "admin﹫attack.example.edu", "аdmin@attack.example.edu", "admin\u0301@attack.example.edu", "ad\u200bmin@attack.example.edu", "ad\u200dmin@attack.example.edu",
		"\u202eadmin@attack.example.edu", "admin\u00ad@attack.example.edu", "\ufeffadmin@attack.example.edu", "admin\U000e0041@attack.example.edu", "admin@attack\u200b.example.edu\u202e", "admin@\u2060", "ädmin@attack.example.edu",
		"admin@attack。example．edu。", "admin@attack.example.edu\u3002", "admin\u2024b@attack.example.edu", "admin@attack.example\u2215evil.edu", "admin@ⓐttack\u2100.example.edu", "admin@attack.example.edu\u0000", "\u00a0@attack.example.edu",
	}
	a.noAddress(texts)
	a.did("400 to each of %d, on every call that takes an address", len(texts))
}

func TestEML04(t *testing.T) {
	a := attack(t, "names, comments, quotes, literals, encoded words, two @, routes, percent and bang paths, dots at the edges, too long parts, no domain")
	long := strings.Repeat("a", 65)
	labels := strings.Repeat(strings.Repeat("a", 60)+".", 4)
	texts := []string{
		"Foo <a@x.test>", "<a@x.test>", "a@x.test (c)", "(c)a@x.test", `"a b"@x.test`, `"a"@x.test`, `"a@evil.test"@x.test`, "a@[127.0.0.1]", "a@[IPv6:::1]", "a@127.0.0.1", "=?x?q?a=40evil.test=3e=00?=@x.test", "=?utf-7?q?&AGE-?=@x.test\n",
		"a@b@x.test", "a@@x.test", "@x.test:a@y.test", "a%evil.test@@x.test", "a@x.test.", "a@.x.test", "a@x..test", ".a@x.test", "a.@x.test", "a..b@x.test", long + "@x.test", "a@" + labels + labels + "test", "a@" + strings.Repeat("a", 64) + ".test",
		"a", "@", "a@", "@x.test", "", " ", "a b@x.test", "a@x test", "a,b@x.test", "a;b@x.test", "a:b@x.test", `a\@x.test`, `a\"b@x.test`, "a@-x.test", "a@x-.test", "a@x_y.test", "a@x.test/", "a@x.test?", "a@x.test#", "mailto:a@x.test", "a@x.test\\", "a(b)@x.test", "a@(c)x.test", "a<b@x.test", "a@x.1", "a@0x7f.1", "a\r\n@x.test", "a\x7f@x.test",
	}
	a.noAddress(texts)
	a.did("400 to each of %d, on every call that takes an address", len(texts))
}

func TestEML05(t *testing.T) {
	a := attack(t, "one account's domain in Unicode, A-labels, upper case, decomposed, with another dot; and A-labels that are none")
	p := a.stranger()
	local, _, _ := strings.Cut(p.email, "@")
	p.email = local + "@bücher.example"
	a.run(t, p.password+"\n", "account", "create", p.email, "--name", "Books", "--password-stdin")
	same := []string{"bücher.example", "BÜCHER.EXAMPLE", "xn--bcher-kva.example", "XN--BCHER-KVA.example", "Xn--Bcher-Kva.EXAMPLE", "bu\u0308cher.example", "bücher。example", "ｂücher.example"}
	for _, domain := range same {
		q := person{email: local + "@" + domain, password: p.password}
		if got := a.call("POST", "/api/auth/sign-in", q.credentials()); got.status != 200 {
			t.Errorf("%q: got %d, want the same account", q.email, got.status)
		}
	}
	for _, domain := range []string{"bucher.example", "xn--bucher-kva.example", "bücher.example.evil.test"} {
		a.call("POST", "/api/auth/sign-in", object{"email": local + "@" + domain, "password": p.password}).want(t, 401)
	}
	a.noAddress([]string{local + "@xn--a.example", local + "@xn--.example", local + "@xn--bcher-kva-.example", local + "@xn--ls8h=.example", local + "@xn--example-.test", local + "@xn--80ak6aa92e\u0435.test"})
	if n := a.accounts(p.email); n != 1 {
		t.Errorf("there are %d accounts", n)
	}
	a.did("%d spellings are one account; labels that only look encoded are 400", len(same))
}

func TestEML06(t *testing.T) {
	a := attack(t, "the victim's address with dots and a plus tag more or less")
	p := a.officer()
	a.roster(p.email)
	local, domain, _ := strings.Cut(p.email, "@")
	others := []string{local + "+tag@" + domain, strings.ReplaceAll(local, ".", "") + "@" + domain, local[:1] + "." + local[1:] + "@" + domain, local + "-x@" + domain}
	for _, other := range others {
		a.call("POST", "/api/user/login", object{"email": other, "password": p.password}).want(t, 400)
		if exists := a.call("POST", "/api/user/email-exists", object{"email": other}).want(t, 200).members(t)["exists"]; exists != false {
			t.Errorf("%s is on the roster, for %s is", other, p.email)
		}
		q := p
		q.email = other
		a.call("POST", "/api/user/register", q.registration()).want(t, 404)
		a.call("POST", "/api/user/request-reset", object{"email": other}).want(t, 200)
	}
	a.drained()
	for _, email := range append(others, p.email) {
		if n := len(a.letters(email)); n != 0 {
			t.Errorf("%d mails to %s, want none", n, email)
		}
	}
	a.did("each is an address of its own: what a provider makes of dots and tags is not guessed")
}

func TestEML07(t *testing.T) {
	a := attack(t, "line ends, NUL, a lone dot, an encoded header and 998 characters in whatever gets into a mail: name, address, origin, Host; sent to a mail server that counts")
	post, sink := a.posted()
	victim := post.stranger()
	for _, name := range []string{"Club\r\n.\r\nMAIL FROM:<eve@evil.test>", "Club\n.\n", "Club\n.\r\nRCPT TO:<eve@evil.test>", "Club\r.\r", "Club\x00", "Club\r\nBcc: eve@evil.test\r\n\r\nHello", strings.Repeat("x", 998)} {
		for _, member := range []string{"name", "email"} {
			body := victim.registration()
			body[member] = name
			post.call("POST", "/api/user/register", body).want(t, 400)
		}
		post.call("POST", "/api/auth/reset-password", object{"email": victim.email, "origin": goodOrigin + "/" + name}).want(t, 400)
	}
	names := []string{".", "..", ".\u2028.", "=?utf-8?q?x=0d=0aBcc:_eve=40evil.test?=", strings.Repeat("é", 70), "%0d%0a.%0d%0a", "Club \u0085 x"[:5], "From eve@evil.test"}
	people := post.strangers(len(names))
	var emails []string
	for _, p := range people {
		emails = append(emails, p.email)
	}
	post.roster(emails...)
	var sent int
	for i, p := range people {
		p.club = names[i]
		if post.call("POST", "/api/user/register", p.registration()).want(t, 200, 400).status == 200 {
			sent++
		}
	}
	if !outside.Poll(mailTime, func() bool { return len(sink.deliveries()) >= sent }) {
		t.Fatalf("%d mails came, want %d", len(sink.deliveries()), sent)
	}
	to := map[string]int{}
	for _, d := range sink.deliveries() {
		if len(d.to) != 1 || d.letter.To != d.to[0] || len(d.letter.Header["To"]) != 1 || d.letter.Header.Get("Bcc")+d.letter.Header.Get("Cc") != "" || len(d.letter.Header["Subject"]) != 1 || d.letter.Link() == nil {
			t.Errorf("a mail for %v: %v", d.to, d.letter.Header)
		}
		if d.longest > 998 {
			t.Errorf("a mail has a line of %d octets", d.longest)
		}
		to[d.to[0]]++
	}
	for email, n := range to {
		if n != 1 || strings.Contains(email, "evil") {
			t.Errorf("%d mails to %s", n, email)
		}
	}
	a.did("400 where a line could end; the rest is one mail each, to one recipient, %d in all", sent)
}

func TestEML08(t *testing.T) {
	a := attack(t, "addresses of 60 KB, 100 KB and 1 MB, with nested comments, domain literals, dots and labels without end")
	for name, text := range map[string]string{
		"letters": strings.Repeat("a", 60_000) + "@x.test", "comments": strings.Repeat("(", 60_000) + "a@x.test", "literal": "a@[" + strings.Repeat("1", 60_000) + "]", "dots": strings.Repeat("a.", 30_000) + "a@x.test",
		"labels": "a@" + strings.Repeat("a.", 30_000) + "test", "xn": "a@" + strings.Repeat("xn--a-", 10_000) + ".test", "unicode": "a@" + strings.Repeat("ü", 20_000) + ".test", "at": strings.Repeat("@", 60_000), "quotes": `"` + strings.Repeat("a ", 30_000) + `"@x.test`,
	} {
		for path, status := range a.wherever(text) {
			if status != 400 {
				t.Errorf("%s, %s: got %d, want 400", path, name, status)
			}
		}
		at := time.Now()
		a.call("POST", "/api/user/email-exists", object{"email": text}).want(t, 400)
		if took := time.Since(at); took > time.Second {
			t.Errorf("%s: refused after %v", name, took)
		}
	}
	for _, length := range []int{100_000, 1_000_000} {
		body := fmt.Sprintf(`{"email":"%s@x.test"}`, strings.Repeat("a", length))
		got, err := a.try("POST", "/api/user/email-exists", body)
		if err == nil && got.status != 413 { // the connection may be closed on the way
			t.Errorf("%d octets: got %d, want 413", length, got.status)
		}
	}
	a.did("400 at once, and 413 over 64 KiB")
}

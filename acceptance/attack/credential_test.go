package attack

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// The lives of tokens: which kind is taken where, when it ends, and what ends with it.

func TestTOK05(t *testing.T) {
	a := attack(t, "each kind of credential (access, refresh, session cookie, confirmation, both resets) presented in the place of each other")
	p := a.stranger()
	a.roster(p.email)
	a.call("POST", "/api/user/register", p.registration()).want(t, 200)
	credentials := map[string]string{"confirmation": a.newLetter(p.email, 1).Secret()}
	a.call("GET", "/api/user/confirm/"+credentials["confirmation"], nil).want(t, 303)
	tokens := a.login(p)
	credentials["access"], credentials["refresh"] = tokens.access, tokens.refresh
	cookie := a.signIn(p)
	_, credentials["session"], _ = strings.Cut(cookie, "=")
	a.call("POST", "/api/user/request-reset", object{"email": p.email}).want(t, 200)
	credentials["clubs reset"] = a.newLetter(p.email, 2).Secret()
	a.call("POST", "/api/auth/reset-password", object{"email": p.email, "origin": goodOrigin}).want(t, 200)
	link := a.newLetter(p.email, 3).Link()
	credentials["cohorts reset"] = link.Query().Get("token")
	id := link.Query().Get("id")

	name, _, _ := strings.Cut(cookie, "=")
	places := map[string]func(string) answer{
		"access":       func(c string) answer { return a.profile(c) },
		"refresh":      func(c string) answer { return a.refresh(c) },
		"session":      func(c string) answer { return a.info(name + "=" + c) },
		"confirmation": func(c string) answer { return a.call("GET", "/api/user/confirm/"+c, nil) },
		"clubs reset": func(c string) answer {
			return a.call("POST", "/api/user/confirm-reset", object{"token": c, "password": "another password of mine"})
		},
		"cohorts reset": func(c string) answer {
			return a.call("POST", "/api/auth/change-password", object{"id": id, "token": c, "newPassword": "another password of mine"})
		},
	}
	tries := 0
	for place, present := range places {
		for kind, credential := range credentials {
			if kind == place {
				continue
			}
			tries++
			if got := present(credential); got.status < 400 || got.status >= 500 {
				t.Errorf("%s in the place of %s: got %d %.200s", kind, place, got.status, got.body)
			}
		}
	}
	a.profile(tokens.access).want(t, 200)
	a.refresh(tokens.refresh).want(t, 200)
	a.info(cookie).want(t, 200)
	places["cohorts reset"](credentials["cohorts reset"]).want(t, 200) // each was good in its own place
	a.did("refused all %d, and ended none of the credentials", tries)
}

func TestTOK10(t *testing.T) {
	a := attack(t, "padding, +/, spaces, line ends, dots, trailing bits, prefixes; a megabyte of dots a hundred times, and 8 MB")
	tokens := a.login(a.officer())
	forged := map[string]string{}
	for kind, token := range map[string]string{"access": tokens.access, "refresh": tokens.refresh} {
		three := strings.Split(token, ".")
		for what, other := range map[string]string{
			"=": token + "=", "==": token + "==", "= inside": three[0] + "=." + three[1] + "." + three[2], "A behind": token + "A", "cut": token[:len(token)-1],
			"first cut": token[1:], "a dot behind": token + ".", "a dot before": "." + token, "dots doubled": strings.ReplaceAll(token, ".", ".."),
			"no dots": strings.ReplaceAll(token, ".", ""), "four parts": token + "." + three[1], "twice": token + token, "comma": token + "," + token,
			"space behind, quoted": `"` + token + `"`, "space inside": token[:20] + " " + token[20:], "tab inside": token[:20] + "\t" + token[20:],
			"plus": strings.NewReplacer("-", "+", "_", "/").Replace(token) + "+", "percent": strings.Replace(token, ".", "%2E", 1), "upper": strings.ToUpper(token),
			"letters of other scripts": token[:20] + "é" + token[20:], "last bits": lastBits(token), "only dots": "..", "dots": strings.Repeat(".", 12_000),
			"8 KiB of A": strings.Repeat("A", 8<<10), "A.A.A": "A.A.A", "no signature": three[0] + "." + three[1] + ".", "only a signature": ".." + three[2],
		} {
			forged[kind+", "+what] = other
		}
	}
	a.refused(tokens, forged)

	b := a.alone()
	b.raw(b.request("GET", "/api/admin/profile", "", bearer(strings.Repeat(".", 1<<20)))) // warm
	before := b.memory()
	for range 100 {
		b.swallowed(bearer(strings.Repeat(".", 1<<20)))
	}
	b.swallowed(bearer(strings.Repeat(".", 8<<20)))
	grown := b.memory() - before
	if grown > 32 {
		t.Errorf("after 108 MB of dots the server has %.0f MiB more in memory", grown)
	}
	a.did("401 to each of %d forms; 431 to the long ones, with %+.0f MiB in memory", len(forged), grown)
}

// swallowed sends a header that is longer than any may be: it is refused, or the
// connection cut while it is still being sent.
func (a *attacker) swallowed(header string) {
	a.t.Helper()
	for _, got := range a.raw(a.request("GET", "/api/admin/profile", "", header)) {
		got.want(a.t, 431)
	}
}

// lastBits changes the bits of the last letter that encode nothing.
func lastBits(token string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(letters, token[len(token)-1])
	return token[:len(token)-1] + string(letters[last^1])
}

func TestTOK12(t *testing.T) {
	a := attack(t, "revoked one of two access tokens, and asked with it 64 times at once from the moment of the answer")
	p := a.officer()
	one, two := a.login(p), a.login(p)
	sibling := a.refresh(one.refresh).want(t, 200).text("access")
	for _, token := range []string{one.access, two.access, sibling} {
		a.profile(token).want(t, 200)
	}
	a.call("DELETE", "/api/user/revoke-access", nil, bearer(one.access)).want(t, 200)
	for _, status := range a.atOnce(64, func(int) (answer, error) {
		return a.try("GET", "/api/admin/profile", nil, bearer(one.access))
	}) {
		if status != 401 {
			t.Errorf("a revoked token: got %d", status)
		}
	}
	a.call("DELETE", "/api/user/revoke-access", nil, bearer(one.access)).want(t, 401)
	for _, token := range []string{two.access, sibling} {
		a.profile(token).want(t, 200)
	}
	a.refresh(one.refresh).want(t, 200)
	a.did("401 each time; the other login's token, and the same login's second one, go on")
}

// atOnce makes n calls at once and answers their statuses; 0 where none came.
func (a *attacker) atOnce(n int, call func(i int) (answer, error)) []int {
	statuses := make([]int, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			if got, err := call(i); err == nil {
				statuses[i] = got.status
			}
		})
	}
	all.Wait()
	return statuses
}

func TestTOK13(t *testing.T) {
	a := attack(t, "revoked a refresh token, then refreshed with it, alone and 32 times at once; used what it had minted")
	p := a.officer()
	tokens, other := a.login(p), a.login(p)
	minted := a.refresh(tokens.refresh).want(t, 200).text("access")
	a.call("DELETE", "/api/user/revoke-refresh", nil, bearer(tokens.refresh)).want(t, 200)
	for _, status := range a.atOnce(32, func(int) (answer, error) {
		return a.try("POST", "/api/user/refresh", nil, bearer(tokens.refresh))
	}) {
		if status != 401 {
			t.Errorf("a revoked refresh token: got %d", status)
		}
	}
	a.profile(minted).want(t, 200) // each revocation ends exactly the token presented
	a.profile(tokens.access).want(t, 200)
	a.refresh(other.refresh).want(t, 200)
	a.did("401 each time; access tokens it had minted live out their minutes, as the contract has it")
}

func TestTOK14(t *testing.T) {
	a := attack(t, "revocations with the other kind of token, with rubbish, twice, and after the token's end")
	a, move := a.inTime()
	p := a.officer()
	tokens := a.login(p)
	revoke := func(kind, token string) answer {
		return a.call("DELETE", "/api/user/revoke-"+kind, nil, bearer(token))
	}
	revoke("access", tokens.refresh).want(t, 401)
	revoke("refresh", tokens.access).want(t, 401)
	revoke("access", "rubbish").want(t, 401)
	a.call("DELETE", "/api/user/revoke-access", nil).want(t, 401)
	a.profile(tokens.access).want(t, 200)
	a.refresh(tokens.refresh).want(t, 200)
	revoke("access", tokens.access).want(t, 200)
	revoke("access", tokens.access).want(t, 401)
	revoke("refresh", tokens.refresh).want(t, 200)
	revoke("refresh", tokens.refresh).want(t, 401)

	late := a.login(p)
	move(15*60 + 1)
	revoke("access", late.access).want(t, 401)
	a.refresh(late.refresh).want(t, 200)
	move(24*60*60 + 1)
	revoke("refresh", late.refresh).want(t, 401)
	a.refresh(late.refresh).want(t, 401)
	a.did("401 to each, 200 to the first true revocation of each token")
}

func TestTOK15(t *testing.T) {
	a := attack(t, "used tokens and cookies of an account after it was disabled, after its club went, after it was deleted")
	disabled, clubless, deleted := a.officer(), a.officer(), a.officer()
	type held struct {
		tokens pair
		cookie string
	}
	holds := map[string]held{}
	for _, p := range []person{disabled, clubless, deleted} {
		holds[p.email] = held{a.login(p), a.signIn(p)}
		a.profile(holds[p.email].tokens.access).want(t, 200)
	}
	a.run(t, "", "account", "disable", disabled.email)
	a.run(t, "", "club", "delete", clubOf(a, clubless))
	a.run(t, "", "account", "delete", deleted.email)
	for _, p := range []person{disabled, clubless, deleted} {
		h := holds[p.email]
		a.profile(h.tokens.access).want(t, 401)
		a.refresh(h.tokens.refresh).want(t, 401)
		a.call("DELETE", "/api/user/revoke-access", nil, bearer(h.tokens.access)).want(t, 401)
		want := 401
		if p == clubless {
			want = 200 // a cohorts sign-in needs no club
		}
		a.info(h.cookie).want(t, want)
	}
	a.run(t, "", "account", "enable", disabled.email)
	a.profile(holds[disabled.email].tokens.access).want(t, 401) // nothing comes back to life
	a.refresh(holds[disabled.email].tokens.refresh).want(t, 401)
	a.did("401 from the next request on, on both contracts; nothing revives when the account is enabled again")
}

// clubOf answers what the commands call a person's club by.
func clubOf(a *attacker, p person) string {
	a.t.Helper()
	got := a.profile(a.login(p).access).want(a.t, 200)
	return got.text("link_name")
}

func TestTOK16(t *testing.T) {
	a := attack(t, "the scheme in other cases; two headers, two spaces, two tokens, another scheme; the token in query, body and cookie")
	tokens := a.login(a.officer())
	token := tokens.access
	ask := func(path string, headers ...string) answer { return a.call("GET", path, nil, headers...) }
	for _, scheme := range []string{"Bearer", "bearer", "BEARER", "bEaReR"} {
		ask("/api/admin/profile", "Authorization: "+scheme+" "+token).want(t, 200)
	}
	for _, header := range []string{
		"Bearer  " + token, "Bearer\t" + token, "Bearer" + token, "Bearer", "Bearer " + token + "," + token, "Bearer " + token + ", Bearer " + token,
		"Bearer " + token + " " + token, "Token " + token, "Basic " + token, "Bearer Bearer " + token, token, `Bearer "` + token + `"`, "Bearer token=" + token,
		"Bearer " + token + ";", "Bearer realm=x " + token,
	} {
		ask("/api/admin/profile", "Authorization: "+header).want(t, 401)
	}
	ask("/api/admin/profile", bearer(token), bearer(token)).want(t, 401)
	ask("/api/admin/profile", bearer(token), bearer("rubbish")).want(t, 401)
	ask("/api/admin/profile", bearer("rubbish"), bearer(token)).want(t, 401)
	for _, query := range []string{"access_token=", "access=", "token=", "Authorization=Bearer%20"} {
		ask("/api/admin/profile?"+query+token).want(t, 401)
	}
	for _, name := range []string{"access_token", "access", "token", "Authorization", "matricula", "__Host-matricula"} {
		ask("/api/admin/profile", "Cookie: "+name+"="+token).want(t, 401)
	}
	for _, name := range []string{"X-Access-Token", "X-Authorization", "Proxy-Authorization", "Access-Token"} {
		ask("/api/admin/profile", name+": Bearer "+token).want(t, 401)
	}
	a.call("POST", "/api/admin/profile", object{"access_token": token, "about_us": "x"}).want(t, 401)
	a.call("POST", "/api/admin/profile", "access_token="+token, "Content-Type: application/x-www-form-urlencoded").want(t, 401)
	a.did("200 to the scheme in any case (RFC 9110), 401 to everything else")
}

func TestTOK17(t *testing.T) {
	a := attack(t, "tokens and cookie of an account that was deleted and made anew with the same address and club")
	p := a.officer()
	tokens, cookie := a.login(p), a.signIn(p)
	a.run(t, "", "account", "delete", p.email)
	a.run(t, p.password+"\n", "account", "create", p.email, "--name", "Somebody", "--password-stdin")
	a.run(t, "", "club", "create", p.club, "--owner", p.email)
	fresh := a.login(p)
	a.profile(fresh.access).want(t, 200)
	a.profile(tokens.access).want(t, 401)
	a.refresh(tokens.refresh).want(t, 401)
	a.info(cookie).want(t, 401)
	if was, is := subOf(t, taken(t, tokens.access).claims), subOf(t, taken(t, fresh.access).claims); was == is {
		t.Errorf("the id %s is used again", is)
	}
	a.did("401 to all three; the new account has an id of its own")
}

func TestTOK18(t *testing.T) {
	a := attack(t, "100 refreshes at once with one refresh token")
	tokens := a.login(a.officer())
	var mu sync.Mutex
	ids := map[string]bool{}
	for _, status := range a.atOnce(100, func(int) (answer, error) {
		got, err := a.try("POST", "/api/user/refresh", nil, bearer(tokens.refresh))
		mu.Lock()
		defer mu.Unlock()
		ids[got.text("access")] = true
		return got, err
	}) {
		if status != 200 {
			t.Errorf("a refresh: got %d", status)
		}
	}
	if len(ids) != 100 {
		t.Errorf("100 refreshes minted %d different tokens", len(ids))
	}
	a.did("200 to each, with 100 different tokens")
}

func TestREF06(t *testing.T) {
	a := attack(t, "revoked tokens and an ended session, after a stop and after a kill")
	a = a.alone()
	p := a.officer()
	kept := a.login(p)
	var dead []pair
	var cookies []string
	for i := range 2 {
		tokens, cookie := a.login(p), a.signIn(p)
		a.call("DELETE", "/api/user/revoke-access", nil, bearer(tokens.access)).want(t, 200)
		a.call("DELETE", "/api/user/revoke-refresh", nil, bearer(tokens.refresh)).want(t, 200)
		a.call("POST", "/api/auth/sign-out", nil, cookie).want(t, 200)
		dead, cookies = append(dead, tokens), append(cookies, cookie)
		if i == 0 {
			a.restart()
			continue
		}
		if err := a.kill(); err != nil {
			t.Fatal(err)
		}
		if err := a.start(); err != nil {
			t.Fatal(err)
		}
	}
	for i, tokens := range dead {
		a.profile(tokens.access).want(t, 401)
		a.refresh(tokens.refresh).want(t, 401)
		a.info(cookies[i]).want(t, 401)
	}
	a.refresh(kept.refresh).want(t, 200)
	a.did("401 to all of them both times, and what was not revoked goes on")
}

// took says how long something took, rounded for reading.
func took(began time.Time) string { return fmt.Sprint(time.Since(began).Round(time.Millisecond)) }

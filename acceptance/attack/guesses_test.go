package attack

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"
)

func TestRST16(t *testing.T) {
	guesses := scale(500)
	a := attack(t, fmt.Sprintf("%d guesses of tokens and ids on each contract and on confirmation links, from one network", guesses)).alone()
	p := a.officer()
	clubs := a.clubsLink(p)
	id, cohorts := a.cohortsLink(p)
	hashes := a.metric("matricula_hashes_total")
	refused, took := map[string]int{}, []time.Duration(nil)
	for i := range guesses {
		guess := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "guess %042d", i))
		for _, call := range []struct {
			name, method, path string
			body               any
			statuses           []int
		}{
			{"clubs", "POST", "/api/user/confirm-reset", object{"token": guess, "password": fresh}, []int{404, 429}},
			{"cohorts", "POST", "/api/auth/change-password", object{"id": id, "token": a.signedLike(cohorts), "newPassword": fresh}, []int{400, 429}},
			{"ids", "POST", "/api/auth/change-password", object{"id": fmt.Sprint(i + 1), "token": cohorts + "A", "newPassword": fresh}, []int{400, 429}},
			{"links", "GET", "/api/user/confirm/" + guess, nil, []int{404, 429}},
		} {
			at := time.Now()
			if a.call(call.method, call.path, call.body).want(t, call.statuses...).status == 429 {
				refused[call.name]++
				continue
			}
			took = append(took, time.Since(at))
		}
	}
	for _, name := range []string{"clubs", "cohorts", "ids", "links"} {
		if refused[name] == 0 {
			t.Errorf("%s: none of %d guesses from one network is turned away", name, guesses)
		}
	}
	slices.Sort(took)
	median := took[len(took)/2]
	if median > 50*time.Millisecond {
		t.Errorf("a wrong guess takes %v", median)
	}
	if now := a.metric("matricula_hashes_total"); now != hashes {
		t.Errorf("%v passwords were hashed for wrong tokens, want none", now-hashes)
	}
	// The owner, at another network, doesn't notice.
	owner := a.elsewhere()
	owner.useCohorts(id, cohorts, fresh).want(t, 200)
	owner.useClubs(clubs, fresh).want(t, 404)
	a.did("refused in %v each, without a hash, and soon 429 (%d of %d); who is elsewhere doesn't notice", median.Round(100*time.Microsecond), refused["clubs"], guesses)
}

// mailsAnHour is how many mails strangers can cause to one address, of each kind, by
// default.
const mailsAnHour = 5

func TestRST18(t *testing.T) {
	a := attack(t, "100 requests for each kind of mail to one victim: clubs reset, cohorts reset, fresh confirmation, registered again; from twenty networks")
	victim, waiting, member := a.officer(), a.waiting(), a.member()
	a.roster(victim.email, member.email)
	from := make([]*attacker, 20)
	for i := range from {
		from[i] = a.elsewhere()
	}
	a.inEight(100, func(i int) {
		b := from[i%len(from)]
		b.answers(200, "/api/user/request-reset", object{"email": victim.email})
		b.answers(200, "/api/auth/reset-password", object{"email": victim.email, "origin": goodOrigin})
		b.answers(200, "/api/user/resend-confirm", object{"email": waiting.email})
		for _, p := range []person{victim, member, waiting} {
			b.answers(200, "/api/user/register", p.registration())
		}
	})
	for range 20 { // a right password for an unconfirmed address brings a mail, too
		a.call("POST", "/api/user/login", waiting.credentials()).want(t, 403)
	}
	a.drained()
	counts := map[string]int{}
	for _, p := range []person{victim, waiting, member} {
		for _, l := range a.letters(p.email) {
			where := ""
			if u := l.Link(); u != nil {
				where = u.Path[:min(len(u.Path), len("/api/user/confirm"))]
			}
			counts[fmt.Sprintf("%s: %s (%s)", p.email, l.Subject, where)]++
		}
	}
	for what, n := range counts {
		if n > mailsAnHour {
			t.Errorf("%d mails to %s, want %d at most", n, what, mailsAnHour)
		}
	}
	if len(counts) < 6 {
		t.Errorf("the mails are %v, want six kinds", counts)
	}
	a.alwaysHasALink()
	a.did("the same answer to each of them, and %d mails of each kind at most; yet an owner who is mailed for two hours always has a link that works", slices.Max(slices.Collect(maps.Values(counts))))
}

// answers makes a call that must be answered so, among others at once.
func (a *attacker) answers(status int, path string, body object) {
	got, err := a.try("POST", path, body)
	if err != nil || got.status != status {
		a.t.Errorf("%s: got %d (%v), want %d: %s", path, got.status, err, status, got.body)
	}
}

// alwaysHasALink asks for resets for two hours, and wants the newest link to work at
// the end: mails that strangers use up must not keep the owner from the next one.
func (a *attacker) alwaysHasALink() {
	a.t.Helper()
	b, move := a.inTime()
	owner := b.officer()
	for _, minute := range []int{0, 31, 62, 93} {
		move(minute * 60)
		for range 20 {
			b.elsewhere().call("POST", "/api/user/request-reset", object{"email": owner.email}).want(a.t, 200)
		}
	}
	move((93 + 28) * 60)
	b.drained()
	letters := b.letters(owner.email)
	token := letters[len(letters)-1].Link().Query().Get("token")
	if got := b.useClubs(token, "weak"); got.status != 400 {
		a.t.Errorf("after two hours of such mails the owner's newest link is answered %d, want 400 for a weak password", got.status)
	}
}

package linear

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"time"
)

// client is one of those who share an account.
type client struct {
	*site
	run    *run
	number int
	http   *http.Client
	chance *rand.Rand
	user   *user
}

// answer is what came back.
type answer struct {
	outcome outcome
	unsent  bool // it never reached an instance
	members map[string]any
	cookie  string
}

// request is how a call is made.
type request struct {
	method, path   string
	body           any
	bearer, cookie string
	refusal        int // the status that says no
	also           int // another one that does
}

// send makes a call at an instance.
func (c *client) send(at int, r request) answer {
	var body io.Reader
	if r.body != nil {
		text, err := json.Marshal(r.body)
		if err != nil {
			panic(err) // of strings
		}
		body = bytes.NewReader(text)
	}
	out, err := http.NewRequestWithContext(context.Background(), r.method, c.run.routes[at]+r.path, body)
	if err != nil {
		panic(err)
	}
	if r.body != nil {
		out.Header.Set("Content-Type", "application/json")
	}
	if r.bearer != "" {
		out.Header.Set("Authorization", "Bearer "+r.bearer)
	}
	if r.cookie != "" {
		out.AddCookie(&http.Cookie{Name: cookieName, Value: r.cookie})
	}
	in, err := c.http.Do(out)
	if err != nil {
		return answer{outcome: unknown, unsent: notSent(err)}
	}
	defer in.Body.Close()
	return c.read(r, in)
}

const cookieName = "matricula"

// notSent reports whether nobody was there to hear: then it has not happened.
func notSent(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

// read sorts an answer: yes, no, or an outage, of which nobody knows what it has done.
func (c *client) read(r request, in *http.Response) answer {
	text, err := io.ReadAll(in.Body)
	a := answer{outcome: unknown}
	switch {
	case err != nil, in.StatusCode >= 500:
		return a
	case in.StatusCode == r.refusal, r.also != 0 && in.StatusCode == r.also:
		a.outcome = refused
		return a
	case in.StatusCode != http.StatusOK || json.Unmarshal(text, &a.members) != nil:
		c.run.strange(r.method+" "+r.path, in.StatusCode, text)
		return a
	}
	a.outcome = done
	for _, cookie := range in.Cookies() {
		if cookie.Name == cookieName {
			a.cookie = cookie.Value
		}
	}
	return a
}

func (a answer) member(name string) string {
	text, _ := a.members[name].(string)
	return text
}

// call makes a call that has nothing to keep, and notes it.
func (c *client) call(q asked, r request) answer {
	begun := c.run.since()
	a := c.send(q.Instance, r)
	if a.unsent {
		c.run.pause()
		return a
	}
	c.note(q, a.outcome, begun)
	return a
}

// note writes a call that has just ended into the history.
func (c *client) note(q asked, o outcome, begun time.Duration) {
	c.run.count(q.Kind, o)
	if o == refused && c.run.clocks && bearerKind(q.Kind) {
		return // an instance whose clock is behind refuses what another has just issued
	}
	c.user.note(call{asked: q, Outcome: o, Begun: begun, Ended: c.run.since(), Client: c.number})
	if o == unknown {
		c.run.pause()
	}
}

func bearerKind(k kind) bool {
	return k == checkAccess || k == refresh || k == revokeAccess || k == revokeRefresh || k == changePassword
}

// somewhere is any instance.
func (c *client) somewhere() int { return c.chance.IntN(len(c.run.routes)) }

func (c *client) checkAccess(at int, h held) {
	c.call(asked{Kind: checkAccess, Access: h.number, Session: h.session, Instance: at},
		request{method: "GET", path: "/api/admin/profile", bearer: h.text, refusal: 401})
}

func (c *client) revokeAccess(h held) answer {
	return c.call(asked{Kind: revokeAccess, Access: h.number, Session: h.session, Instance: c.somewhere()},
		request{method: "DELETE", path: "/api/user/revoke-access", bearer: h.text, refusal: 401})
}

func (c *client) revokeRefresh(h held) answer {
	return c.call(asked{Kind: revokeRefresh, Session: h.number, Instance: c.somewhere()},
		request{method: "DELETE", path: "/api/user/revoke-refresh", bearer: h.text, refusal: 401})
}

func (c *client) checkCookie(at int, h held) {
	c.call(asked{Kind: checkCookie, Cookie: h.number, Instance: at},
		request{method: "GET", path: "/api/auth/info", cookie: h.text, refusal: 401})
}

func (c *client) signOut(h held) answer {
	return c.call(asked{Kind: signOut, Cookie: h.number, Instance: c.somewhere()},
		request{method: "POST", path: "/api/auth/sign-out", cookie: h.text, refusal: 401})
}

// get makes a call whose answer brings a credential: keep numbers it before the call
// is noted, so that nobody uses what is in no history.
func (c *client) get(q asked, r request, keep func(answer, *asked)) {
	q.Instance = c.somewhere()
	begun := c.run.since()
	a := c.send(q.Instance, r)
	if a.unsent {
		c.run.pause()
		return
	}
	if a.outcome == done {
		keep(a, &q)
	}
	c.note(q, a.outcome, begun)
}

func (c *client) login(version int) {
	u := c.user
	c.get(asked{Kind: login, Version: version},
		request{method: "POST", path: "/api/user/login", body: c.credentials(version), refusal: 400},
		func(a answer, q *asked) {
			q.Session = u.hold(&u.sessions, held{text: a.member("refresh")}).number
			q.Access = u.hold(&u.access, held{text: a.member("access"), session: q.Session}).number
		})
}

func (c *client) refresh(h held) {
	u := c.user
	c.get(asked{Kind: refresh, Session: h.number},
		request{method: "POST", path: "/api/user/refresh", bearer: h.text, refusal: 401},
		func(a answer, q *asked) {
			q.Access = u.hold(&u.access, held{text: a.member("access"), session: h.number}).number
		})
}

func (c *client) signIn(version int) {
	u := c.user
	c.get(asked{Kind: signIn, Version: version},
		request{method: "POST", path: "/api/auth/sign-in", body: c.credentials(version), refusal: 401},
		func(a answer, q *asked) { q.Cookie = u.hold(&u.cookies, held{text: a.cookie}).number })
}

func (c *client) credentials(version int) map[string]string {
	return map[string]string{"email": c.user.email, "password": c.user.password(version)}
}

// askReset asks for a mail by either contract. The call stands in no history: the
// mail does.
func (c *client) askReset() {
	c.user.willAsk(c.run.since())
	r := request{method: "POST", path: "/api/user/request-reset", body: map[string]string{"email": c.user.email}}
	if c.chance.IntN(2) == 0 {
		r.path, r.body = "/api/auth/reset-password", map[string]string{"email": c.user.email, "origin": publicURL}
	}
	if a := c.send(c.somewhere(), r); a.outcome == unknown {
		c.run.pause()
	}
}

// changePassword changes it with an access token, and the password that may be in
// force.
func (c *client) changePassword(h held) answer {
	q := asked{Kind: changePassword, Access: h.number, Session: h.session, Old: c.version(), Version: c.user.newVersion(), Instance: c.somewhere()}
	return c.call(q, request{
		method: "POST", path: "/api/admin/change-password", bearer: h.text, refusal: 401, also: 400,
		body: map[string]string{"old_password": c.user.password(q.Old), "new_password": c.user.password(q.Version)},
	})
}

// reset uses a link.
func (c *client) reset(h held) answer {
	q := asked{Kind: reset, Link: h.number, Version: c.user.newVersion(), Instance: c.somewhere()}
	fresh := c.user.password(q.Version)
	if h.id == "" {
		return c.call(q, request{method: "POST", path: "/api/user/confirm-reset", body: map[string]string{"token": h.text, "password": fresh}, refusal: 404})
	}
	return c.call(q, request{method: "POST", path: "/api/auth/change-password", body: map[string]string{"id": h.id, "token": h.text, "newPassword": fresh}, refusal: 400})
}

// operate has the operator do something.
func (c *client) operate(k kind) outcome {
	q := asked{Kind: k, Instance: -1}
	if k == create || k == setPassword {
		q.Version = c.user.newVersion()
	}
	begun := c.run.since()
	o := c.desk.do(context.Background(), c.user, q)
	c.note(q, o, begun)
	return o
}

package linear

import (
	"fmt"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// kind is what was asked.
type kind int

// The calls of clients, then those of the operator.
const (
	checkAccess kind = iota
	checkCookie
	refresh
	login
	signIn
	revokeAccess
	revokeRefresh
	signOut
	changePassword
	askReset
	reset
	setPassword
	signOutAll
	disable
	enable
	remove
	create
	makeClub
	dropClub
	kinds
)

var kindNames = [kinds]string{
	"check-access", "check-cookie", "refresh", "login", "sign-in", "revoke-access", "revoke-refresh", "sign-out", "change-password", "ask-reset", "reset",
	"set-password", "sign-out-all", "disable", "enable", "delete", "create", "make-club", "drop-club",
}

// String names it.
func (k kind) String() string { return kindNames[k] }

// changes reports whether a call of this kind may end or revive something. What
// is not known of the others matters to nobody: nobody has what they gave.
func (k kind) changes() bool {
	switch k {
	case checkAccess, checkCookie, refresh, login, signIn, askReset:
		return false
	}
	return true
}

// asked is a call about one account. What doesn't belong to its kind is zero.
// Credentials are numbered as they were got, each kind of them from 0.
type asked struct {
	Kind     kind
	Version  int // of the password that is tried or set; each was set once only
	Old      int // of the password that another is to replace
	Session  int // of the refresh token or of the access token
	Access   int
	Cookie   int
	Link     int
	Instance int // that was asked, -1 for the operator
}

// outcome is what the caller was told.
type outcome int

// Unknown is a 5xx, a cut connection or no answer in time: it may have happened, or
// may happen yet.
const (
	done outcome = iota
	refused
	unknown
)

// String names it.
func (o outcome) String() string { return [...]string{"yes", "no", "unknown"}[o] }

// call is one line of a history: what was asked, what was told, and when each was,
// since the run began. What is unknown has no end.
type call struct {
	asked
	Outcome      outcome
	Begun, Ended time.Duration
	Client       int
}

// String is a line for people.
func (c call) String() string {
	end := "…"
	if c.Outcome != unknown {
		end = c.Ended.String()
	}
	return fmt.Sprintf("%v–%s client %d: %s", c.Begun, end, c.Client, describe(c.asked, c.Outcome))
}

func describe(a asked, o outcome) string {
	what := a.Kind.String()
	switch a.Kind {
	case checkAccess, revokeAccess:
		what += fmt.Sprintf(" a%d of s%d", a.Access, a.Session)
	case refresh:
		what += fmt.Sprintf(" s%d", a.Session)
		if o == done {
			what += fmt.Sprintf(" → a%d", a.Access)
		}
	case revokeRefresh:
		what += fmt.Sprintf(" s%d", a.Session)
	case login:
		what += fmt.Sprintf(" v%d", a.Version)
		if o == done {
			what += fmt.Sprintf(" → s%d a%d", a.Session, a.Access)
		}
	case checkCookie, signOut:
		what += fmt.Sprintf(" c%d", a.Cookie)
	case signIn:
		what += fmt.Sprintf(" v%d", a.Version)
		if o == done {
			what += fmt.Sprintf(" → c%d", a.Cookie)
		}
	case askReset:
		what += fmt.Sprintf(" → l%d", a.Link)
	case reset:
		what += fmt.Sprintf(" l%d, v%d", a.Link, a.Version)
	case changePassword:
		what += fmt.Sprintf(" a%d of s%d, v%d to v%d", a.Access, a.Session, a.Old, a.Version)
	case setPassword, create:
		what += fmt.Sprintf(" v%d", a.Version)
	}
	if a.Instance >= 0 {
		what += fmt.Sprintf(" @%d", a.Instance)
	}
	return what + ": " + o.String()
}

// set is a set of small numbers that == compares.
type set [setWords]uint64

const setWords = 4

// most is how many credentials of a kind an account may get in a history.
const most = 64 * setWords

func (s set) has(i int) bool { return s[i/64]>>(i%64)&1 == 1 }

func (s set) with(i int) set {
	s[i/64] |= 1 << (i % 64)
	return s
}

func (s set) without(i int) set {
	s[i/64] &^= 1 << (i % 64)
	return s
}

func (s set) show(letter string) string {
	var all []string
	for i := range most {
		if s.has(i) {
			all = append(all, fmt.Sprint(letter, i))
		}
	}
	return strings.Join(all, " ")
}

// person is what must be true of an address, as simple as can be.
type person struct {
	exists, club, disabled bool
	version                int
	sessions               set // of the clubs contract
	ended                  set // the sessions whose refresh token was revoked
	revoked                set // access tokens
	cookies                set
	links                  set // to reset the password
}

func (a person) officer() bool { return a.exists && a.club && !a.disabled }

func (a person) takesAccess(session, access int) bool {
	return a.officer() && a.sessions.has(session) && !a.revoked.has(access)
}

func (a person) takesRefresh(session int) bool {
	return a.officer() && a.sessions.has(session) && !a.ended.has(session)
}

func (a person) takesCookie(cookie int) bool { return a.exists && !a.disabled && a.cookies.has(cookie) }

func (a person) signedOut() person {
	a.sessions, a.cookies = set{}, set{}
	return a
}

// after answers whether the account says yes to what is asked, and what it is then.
func (a person) after(q asked) (yes bool, then person) {
	then = a
	switch q.Kind {
	case checkAccess:
		yes = a.takesAccess(q.Session, q.Access)
	case checkCookie:
		yes = a.takesCookie(q.Cookie)
	case refresh:
		yes = a.takesRefresh(q.Session)
	case login:
		yes = a.officer() && a.version == q.Version
		then.sessions = a.sessions.with(q.Session)
	case signIn:
		yes = a.exists && !a.disabled && a.version == q.Version
		then.cookies = a.cookies.with(q.Cookie)
	case revokeAccess:
		yes = a.takesAccess(q.Session, q.Access)
		then.revoked = a.revoked.with(q.Access)
	case revokeRefresh:
		yes = a.takesRefresh(q.Session)
		then.ended = a.ended.with(q.Session)
	case signOut:
		yes = a.takesCookie(q.Cookie)
		then.cookies = a.cookies.without(q.Cookie)
	case changePassword: // the session that asks stays
		yes = a.takesAccess(q.Session, q.Access) && a.version == q.Old
		then = a.signedOut()
		then.version, then.links, then.sessions = q.Version, set{}, set{}.with(q.Session)
	case askReset:
		yes = a.exists
		then.links = a.links.with(q.Link)
	case reset:
		yes = a.exists && a.links.has(q.Link)
		then = a.signedOut()
		then.version, then.links = q.Version, set{}
	case setPassword:
		yes = a.exists
		then = a.signedOut()
		then.version, then.links = q.Version, set{}
	case signOutAll:
		yes, then = a.exists, a.signedOut()
	case disable:
		yes, then = a.exists, a.signedOut()
		then.disabled = true
	case enable:
		yes = a.exists
		then.disabled = false
	case remove:
		yes, then = a.exists, person{}
	case create:
		yes, then = !a.exists, person{exists: true, version: q.Version}
	case makeClub:
		yes = a.exists && !a.club
		then.club = true
	case dropClub:
		yes = a.exists && a.club
		then.club, then.sessions = false, set{}
	}
	if !yes {
		return false, a
	}
	return true, then
}

// model is an account as porcupine wants it. Each history is of one address, for no
// address has to do with another.
var model = porcupine.Model{
	Init: func() any { return person{} },
	Step: func(state, input, output any) (bool, any) {
		yes, then := state.(person).after(input.(asked))
		o := output.(outcome)
		return o == unknown || yes == (o == done), then
	},
	DescribeOperation: func(input, output any) string { return describe(input.(asked), output.(outcome)) },
	DescribeState: func(state any) string {
		a := state.(person)
		if !a.exists {
			return "no account"
		}
		text := fmt.Sprintf("v%d", a.version)
		if !a.club {
			text += ", no club"
		}
		if a.disabled {
			text += ", disabled"
		}
		for _, part := range []struct {
			name, letter string
			set          set
		}{
			{"sessions", "s", a.sessions}, {"refresh ended", "s", a.ended}, {"revoked", "a", a.revoked}, {"cookies", "c", a.cookies}, {"links", "l", a.links},
		} {
			if part.set != (set{}) {
				text += "; " + part.name + " " + part.set.show(part.letter)
			}
		}
		return text
	},
}

// patience is how long porcupine may think about one history. It takes
// milliseconds, and one that it can't judge is a failure.
const patience = time.Minute

// linearize holds a history to the model.
func linearize(history []call) (porcupine.CheckResult, porcupine.LinearizationInfo) {
	var last time.Duration
	for _, c := range history {
		last = max(last, c.Begun, c.Ended)
	}
	var all []porcupine.Operation
	for _, c := range history {
		ended := c.Ended
		if c.Outcome == unknown {
			ended = last + 1
		}
		all = append(all, porcupine.Operation{
			ClientId: c.Client, Input: c.asked, Output: c.Outcome, Call: int64(c.Begun), Return: int64(ended),
		})
	}
	return porcupine.CheckOperationsVerbose(model, all, patience)
}

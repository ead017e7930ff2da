package linear

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// user is an address, all that was ever got for it, and the history of it. Some
// clients share it and speak of nothing else than what they have seen.
type user struct {
	number  int
	email   string
	since   func() time.Duration // the run began
	mu      sync.Mutex
	history []call

	access, sessions, cookies, links []held
	versions                         int             // passwords thought of so far
	believed                         []int           // those that may be in force, the likeliest last
	gone, clubless, disabled         bool            // as far as the clients know
	asking                           []time.Duration // when mails were asked for that have not come
	seen                             map[string]bool // links
	unknowns                         int
	turnedAway                       int // sign-ins in a row
}

// held is a credential: its text, its number and the session that it is of. An
// access token has the number of its session besides.
type held struct {
	text    string
	id      string // of the account, beside a cohorts link
	number  int
	session int
}

func newUser(number int, since func() time.Duration) *user {
	return &user{number: number, email: fmt.Sprintf("user-%d@linear.example", number), since: since, gone: true, seen: map[string]bool{}}
}

// password is the text of a password.
func (u *user) password(version int) string {
	return fmt.Sprintf("a long passphrase, version %d of person %d", version, u.number)
}

// note writes a call into the history. Of what is not known, only what may have changed something
// is of interest; the end of a run of misfortunes is another user.
func (u *user) note(c call) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if c.Outcome == unknown {
		if !c.Kind.changes() {
			return
		}
		u.unknowns++
	}
	u.history = append(u.history, c)
	u.believe(c)
}

// believe is what clients think of the account after a call. It may be wrong.
func (u *user) believe(c call) {
	if c.Kind == login || c.Kind == signIn {
		u.turnedAway++
		if c.Outcome == done {
			u.turnedAway = 0
		}
	}
	if c.Outcome == refused {
		return
	}
	switch c.Kind {
	case setPassword, changePassword, reset:
		u.thinkOf(c.Version, c.Outcome == done)
	case create:
		u.thinkOf(c.Version, c.Outcome == done)
		u.gone, u.clubless, u.disabled = false, true, false
	case remove:
		u.gone = true
	case makeClub:
		u.clubless = false
	case dropClub:
		u.clubless = true
	case disable:
		u.disabled = true
	case enable:
		u.disabled = false
	}
}

func (u *user) thinkOf(version int, sure bool) {
	if sure || len(u.believed) == 0 {
		u.believed = append(u.believed, version)
		return
	}
	last := len(u.believed) - 1
	u.believed = slices.Insert(u.believed, last, version)
}

// worn reports whether the history is long enough, or so full of what is not known
// that it would say little.
func (u *user) worn(life int) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.history) >= life || u.unknowns >= 5 || max(len(u.access), len(u.cookies), len(u.links)) > most-16
}

// newVersion thinks of a password that was never in force.
func (u *user) newVersion() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.versions++
	return u.versions
}

// newNumber is the next number in a list of credentials; it is filled in at once.
func newNumber(list *[]held, h held) held {
	h.number = len(*list)
	*list = append(*list, h)
	return h
}

// hold keeps what a login or refresh gave, before the call is noted.
func (u *user) hold(list *[]held, h held) held {
	u.mu.Lock()
	defer u.mu.Unlock()
	return newNumber(list, h)
}

// willAsk notes that a mail is asked for.
func (u *user) willAsk(begun time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.asking = append(u.asking, begun)
}

// waiting reports whether a mail that was asked for lately has not come.
func (u *user) waiting() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.asking) > 0 && u.since()-u.asking[len(u.asking)-1] < 5*time.Second
}

// read takes a mail. Its link was made at some moment between the first asking that
// it may answer, and now: for which of several it is, nobody can say.
func (u *user) read(l letter) {
	now := u.since()
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.seen[l.token] || len(u.asking) == 0 || len(u.links) == most {
		return
	}
	u.seen[l.token] = true
	link := newNumber(&u.links, held{text: l.token, id: l.id})
	u.history = append(u.history, call{
		asked: asked{Kind: askReset, Link: link.number, Instance: -1}, Begun: u.asking[0], Ended: now, Client: postman,
	})
}

// postman is the client that brings the mails.
const postman = 99

package linear

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
)

// circle is some clients who share an account, and turn to another when its history
// is long enough.
type circle struct {
	run  *run
	mu   sync.Mutex
	user *user
}

// current is the account that the circle is at.
func (c *circle) current() *user {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.user == nil || c.user.worn(life) {
		c.user = c.run.newUser()
	}
	return c.user
}

// life is how many calls a history has, about, and sharing how many clients make
// them: few enough that porcupine judges it in no time.
const (
	life    = 320
	sharing = 3
)

// join starts the clients of a circle.
func (c *circle) join(n, number int) *client {
	cl := &client{
		site: c.run.site, run: c.run, number: number,
		http: &http.Client{
			Transport: &http.Transport{MaxIdleConnsPerHost: 4}, Timeout: c.run.plan.timeout(),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		chance: rand.New(rand.NewPCG(c.run.seed, uint64(n))),
	}
	c.run.crowd.Go(func() {
		for !c.run.over() {
			cl.user = c.current()
			cl.step()
		}
	})
	return cl
}

// step does one thing, as one whom nobody has told what the others do.
func (c *client) step() {
	u := c.user
	u.mu.Lock()
	gone, clubless, disabled, fresh := u.gone, u.clubless, u.disabled, len(u.history) == 0
	lost := u.turnedAway >= 5
	if lost {
		u.turnedAway = 0
	}
	u.mu.Unlock()
	switch {
	case lost:
		c.callTheOffice()
		return
	case gone && (fresh || c.chance.IntN(3) == 0):
		c.operate(create)
		return
	case !gone && clubless && c.chance.IntN(2) == 0:
		c.operate(makeClub)
		return
	case disabled && c.chance.IntN(3) == 0:
		c.operate(enable)
		return
	}
	c.doAny()
}

// callTheOffice is for those whom nobody lets in any more, because an answer was lost
// or the others have changed everything: the operator puts all of it right.
func (c *client) callTheOffice() {
	for _, k := range []kind{create, makeClub, enable, setPassword} {
		c.operate(k)
	}
}

// chances say how often each thing is done. What ends credentials is frequent, and
// followed by a look at what was ended.
var chances = []struct {
	weight int
	do     func(*client)
}{
	{300, func(c *client) { c.with(&c.user.access, func(h held) { c.checkAccess(c.somewhere(), h) }) }},
	{140, func(c *client) { c.with(&c.user.cookies, func(h held) { c.checkCookie(c.somewhere(), h) }) }},
	{100, func(c *client) { c.with(&c.user.sessions, c.refresh) }},
	{120, func(c *client) { c.login(c.version()) }},
	{70, func(c *client) { c.signIn(c.version()) }},
	{50, func(c *client) { c.with(&c.user.access, func(h held) { c.lookAgain(c.revokeAccess(h).outcome) }) }},
	{35, func(c *client) { c.with(&c.user.sessions, func(h held) { c.lookAgain(c.revokeRefresh(h).outcome) }) }},
	{40, func(c *client) { c.with(&c.user.cookies, func(h held) { c.lookAgain(c.signOut(h).outcome) }) }},
	{10, func(c *client) { c.with(&c.user.access, func(h held) { c.lookAgain(c.changePassword(h).outcome) }) }},
	{30, func(c *client) { c.writeForHelp() }},
	{16, func(c *client) { c.with(&c.user.links, func(h held) { c.lookAgain(c.reset(h).outcome) }) }},
	{6, func(c *client) { c.lookAgain(c.operate(setPassword)) }},
	{10, func(c *client) { c.lookAgain(c.operate(signOutAll)) }},
	{7, func(c *client) { c.lookAgain(c.operate(disable)) }},
	{5, func(c *client) { c.lookAgain(c.operate(remove)) }},
	{6, func(c *client) { c.lookAgain(c.operate(dropClub)) }},
}

func (c *client) doAny() {
	sum := 0
	for _, chance := range chances {
		sum += chance.weight
	}
	n := c.chance.IntN(sum)
	for _, chance := range chances {
		if n -= chance.weight; n < 0 {
			chance.do(c)
			return
		}
	}
}

// with takes one of the credentials in a list, rather a new one, and signs in where
// there is none.
func (c *client) with(list *[]held, do func(held)) {
	c.user.mu.Lock()
	n := len(*list)
	if n == 0 {
		c.user.mu.Unlock()
		if c.chance.IntN(2) == 0 {
			c.login(c.version())
		} else {
			c.signIn(c.version())
		}
		return
	}
	back := 4
	if c.chance.IntN(4) == 0 {
		back = 16
	}
	h := (*list)[n-1-c.chance.IntN(min(n, back))]
	c.user.mu.Unlock()
	do(h)
}

// version is a password that may be in force, seldom an older one.
func (c *client) version() int {
	c.user.mu.Lock()
	defer c.user.mu.Unlock()
	n := len(c.user.believed)
	switch {
	case n == 0:
		return 0 // no password at all
	case c.chance.IntN(8) == 0:
		return c.user.believed[max(0, n-2)]
	}
	return c.user.believed[n-1]
}

// writeForHelp asks for a reset, one at a time.
func (c *client) writeForHelp() {
	if !c.user.waiting() {
		c.askReset()
	}
}

// lookAgain asks about the newest credentials right after something was ended, each
// at another instance if there is one.
func (c *client) lookAgain(o outcome) {
	if o != done {
		return
	}
	c.user.mu.Lock()
	access, cookies, sessions := newest(c.user.access, 3), newest(c.user.cookies, 2), newest(c.user.sessions, 1)
	c.user.mu.Unlock()
	at := c.somewhere()
	next := func() int {
		at = (at + 1) % len(c.run.routes)
		return at
	}
	for _, h := range access {
		c.checkAccess(next(), h)
	}
	for _, h := range cookies {
		c.checkCookie(next(), h)
	}
	if c.chance.IntN(3) == 0 {
		for _, h := range sessions {
			c.refresh(h)
		}
	}
}

func newest(list []held, n int) []held { return slices.Clone(list[max(0, len(list)-n):]) }

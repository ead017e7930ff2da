package acceptance

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// TestResetEndsAllThatItRaces resets a password while fifty refresh tokens and
// sign-ins with the old one are under way: from the answer on, nothing that the old
// password ever got lets anybody in, on either contract, however late its own answer
// came.
func TestResetEndsAllThatItRaces(t *testing.T) {
	t.Parallel()
	in := install(t)
	o := officer{"race@example.edu", "the first password of the race", "Race Club"}
	in.roster(t, o.email)
	s := in.serve(t)
	s.register(t, o)
	mails := 1
	for round := range 4 {
		refresh := s.login(t, o).refresh
		cookie, _ := s.signIn(t, member{o.email, o.password})
		fresh := officer{o.email, fmt.Sprintf("the password after round %d", round), o.club}
		reset := s.askReset(t, o, &mails, round%2 == 0)

		r := &race{server: s, old: o, refresh: refresh}
		answered := r.run(t, func() answer { return reset(fresh.password) })
		mails++ // the one that tells of the new password

		r.pairs = append(r.pairs, pair{"", refresh})
		r.cookies = append(r.cookies, cookie)
		t.Logf("round %d: %d access tokens, %d refresh tokens and %d cookies of the old password", round, len(r.access), len(r.pairs), len(r.cookies))
		for _, late := range r.late(answered) {
			t.Errorf("round %d: begun after the reset was answered, and taken: %s", round, late)
		}
		for _, token := range r.access {
			s.profile(t, token).want(t, 401)
		}
		for _, p := range r.pairs {
			if p.access != "" {
				s.profile(t, p.access).want(t, 401)
			}
			s.call(t, "POST", "/api/user/refresh", nil, bearer(p.refresh)).want(t, 401)
		}
		for _, c := range r.cookies {
			s.info(t, c).want(t, 401)
		}
		s.call(t, "POST", "/api/user/login", object{"email": o.email, "password": o.password}).want(t, 400)
		s.call(t, "POST", "/api/auth/sign-in", object{"email": o.email, "password": o.password}).want(t, 401)
		o = fresh
		s.profile(t, s.login(t, o).access).want(t, 200)
		s.newLetter(t, o.email, mails)
	}
}

// askReset asks for a reset by one of the contracts, and answers what sets a
// password with the link in the mail.
func (s *server) askReset(t *testing.T, o officer, mails *int, clubs bool) func(password string) answer {
	t.Helper()
	*mails++
	if clubs {
		s.call(t, "POST", "/api/user/request-reset", object{"email": o.email}).want(t, 200)
		token := s.newLetter(t, o.email, *mails).Secret()
		return func(password string) answer {
			return s.call(t, "POST", "/api/user/confirm-reset", object{"token": token, "password": password})
		}
	}
	s.call(t, "POST", "/api/auth/reset-password", object{"email": o.email, "origin": s.base}).want(t, 200)
	link := resetLinkOf(s.newLetter(t, o.email, *mails).link(t))
	return func(password string) answer {
		return s.call(t, "POST", "/api/auth/change-password", link.change(password))
	}
}

// race is what clients got out of an old password and a refresh token while a
// reset went on.
type race struct {
	*server
	old     officer
	refresh string

	mu      sync.Mutex
	access  []string
	pairs   []pair
	cookies []string
	taken   []taken
}

// taken is a call that was answered 200, and when it was begun.
type taken struct {
	call  string
	begun time.Time
}

// run starts fifty clients, resets in the midst of them, and answers when the
// reset's answer was there.
func (r *race) run(t *testing.T, reset func() answer) time.Time {
	t.Helper()
	const clients = 50
	var crowd sync.WaitGroup
	signedIn := make(chan struct{}, 3*clients)
	over := make(chan struct{})
	for i := range clients {
		crowd.Go(func() {
			for n := 0; ; n++ {
				r.step(t, i)
				if i%5 < 2 {
					signedIn <- struct{}{} // or refused
				}
				select {
				case <-over:
					return
				default:
				}
				if n == 2 {
					return // failures in a row are counted: fifty clients may not spend them all
				}
			}
		})
	}
	for range 8 {
		<-signedIn // the crowd is in full swing
	}
	reset().want(t, 200)
	answered := time.Now()
	close(over)
	crowd.Wait()
	return answered
}

// step makes one call with the old credentials, of the kind that client i makes.
func (r *race) step(t *testing.T, i int) {
	begun := time.Now()
	var a answer
	var err error
	switch i % 5 {
	case 0:
		a, err = r.try("POST", "/api/user/login", object{"email": r.old.email, "password": r.old.password})
	case 1:
		a, err = r.try("POST", "/api/auth/sign-in", object{"email": r.old.email, "password": r.old.password})
	default:
		a, err = r.try("POST", "/api/user/refresh", nil, bearer(r.refresh))
	}
	if err != nil {
		t.Error(err)
		return
	}
	switch a.status {
	case 200:
	case 400, 401, 503:
		return // refused, or busy
	default:
		t.Errorf("%s: got %d: %s", a.call, a.status, a.body)
		return
	}
	members := a.members(t)
	access, _ := members["access"].(string)
	refresh, _ := members["refresh"].(string)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken = append(r.taken, taken{a.call, begun})
	switch i % 5 {
	case 0:
		r.pairs = append(r.pairs, pair{access, refresh})
	case 1:
		r.cookies = append(r.cookies, cookieIn(a))
	default:
		r.access = append(r.access, access)
	}
}

// late are the calls that were begun after a moment and taken nevertheless.
func (r *race) late(moment time.Time) []string {
	var calls []string
	for _, call := range r.taken {
		if call.begun.After(moment) {
			calls = append(calls, call.call)
		}
	}
	return calls
}

package acceptance

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestRevokedIsRefusedFromTheAnswerOn has many officers and members end what they
// hold while others go on using it: no call that begins after the answer is taken.
func TestRevokedIsRefusedFromTheAnswerOn(t *testing.T) {
	t.Parallel()
	in := install(t)
	s := in.serve(t)
	var officers []officer
	var emails []string
	for i := range 8 {
		o := officer{fmt.Sprintf("worker%d@example.edu", i), fmt.Sprintf("the password of worker %d", i), fmt.Sprintf("Club %d", i)}
		officers, emails = append(officers, o), append(emails, o.email)
	}
	in.roster(t, emails...)
	for _, o := range officers {
		s.register(t, o)
	}
	var workers sync.WaitGroup
	for _, o := range officers {
		workers.Go(func() {
			for range 6 {
				if err := s.revokeAll(o); err != nil {
					t.Errorf("%s: %v", o.email, err)
				}
			}
		})
	}
	workers.Wait()
}

// revokeAll logs in and ends everything that this brings, one after the other,
// with onlookers at each.
func (s *server) revokeAll(o officer) error {
	login, err := s.try("POST", "/api/user/login", object{"email": o.email, "password": o.password})
	if err != nil || login.status != 200 {
		return fmt.Errorf("login: %d %v %s", login.status, err, login.body)
	}
	var tokens struct{ Access, Refresh string }
	if err := login.decode(&tokens); err != nil {
		return err
	}
	again, err := s.try("POST", "/api/user/refresh", nil, bearer(tokens.Refresh))
	if err != nil || again.status != 200 {
		return fmt.Errorf("refresh: %d %v", again.status, err)
	}
	var second struct{ Access string }
	if err := again.decode(&second); err != nil {
		return err
	}
	in, err := s.try("POST", "/api/auth/sign-in", object{"email": o.email, "password": o.password})
	if err != nil || in.status != 200 {
		return fmt.Errorf("sign-in: %d %v", in.status, err)
	}
	cookie := cookieIn(in)
	for _, end := range []ending{
		{"GET /api/admin/profile", bearer(tokens.Access), "DELETE /api/user/revoke-access"},
		{"POST /api/user/refresh", bearer(tokens.Refresh), "DELETE /api/user/revoke-refresh"},
		{"GET /api/auth/info", cookie, "POST /api/auth/sign-out"},
	} {
		if err := s.endUnderEyes(end); err != nil {
			return err
		}
	}
	// What was not presented lives on, whatever it was minted from.
	if a, err := s.try("GET", "/api/admin/profile", nil, bearer(second.Access)); err != nil || a.status != 200 {
		return fmt.Errorf("the second access token ended with the first: %d %v", a.status, err)
	}
	return s.endUnderEyes(ending{"GET /api/admin/profile", bearer(second.Access), "DELETE /api/user/revoke-access"})
}

// ending is a credential, what it is good for, and the call that ends it.
type ending struct{ use, credential, end string }

// endUnderEyes ends a credential while onlookers use it without pause, and says who
// was let in by a call that began after the answer.
func (s *server) endUnderEyes(e ending) error {
	var ended atomic.Int64 // when the answer was there; 0 before
	var onlookers sync.WaitGroup
	wrong := make(chan error, 3)
	for range cap(wrong) {
		onlookers.Go(func() {
			for after := 0; after < 3; {
				late, begun := ended.Load() != 0, time.Now()
				a, err := s.ask(e.use, e.credential)
				switch {
				case err != nil:
					wrong <- err
					return
				case a.status != 200 && a.status != 401:
					wrong <- fmt.Errorf("%s: got %d: %s", e.use, a.status, a.body)
					return
				case late && a.status == 200:
					wrong <- fmt.Errorf("%s was taken %v after %s was answered", e.use, begun.Sub(time.Unix(0, ended.Load())), e.end)
					return
				case late:
					after++
				}
			}
		})
	}
	a, err := s.ask(e.end, e.credential)
	ended.Store(time.Now().UnixNano())
	onlookers.Wait()
	switch {
	case err != nil:
		return err
	case a.status != 200:
		return fmt.Errorf("%s: got %d: %s", e.end, a.status, a.body)
	case len(wrong) > 0:
		return <-wrong
	}
	if a, err = s.ask(e.end, e.credential); err != nil || a.status != 401 {
		return fmt.Errorf("%s a second time: got %d %v, want 401", e.end, a.status, err)
	}
	return nil
}

// ask makes a call that is written "METHOD /path".
func (s *server) ask(call, credential string) (answer, error) {
	var method, path string
	if _, err := fmt.Sscan(call, &method, &path); err != nil {
		return answer{}, err
	}
	return s.try(method, path, nil, credential)
}

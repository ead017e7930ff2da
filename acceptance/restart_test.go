package acceptance

import "testing"

// TestRestartForgetsNothing starts anew, at another port: what was good stays good,
// and what was ended stays ended. Tokens outlive the change of address, too.
func TestRestartForgetsNothing(t *testing.T) {
	t.Parallel()
	in := install(t)
	ada := officer{"ada@example.edu", "the password of ada", "Ada's Club"}
	eve := officer{"eve@example.edu", "the password of eve", "Eve's Club"}
	in.roster(t, ada.email, eve.email)
	s := in.serve(t)
	s.register(t, ada)
	live, ended := s.login(t, ada), s.login(t, ada)
	cookie, _ := s.signIn(t, member{ada.email, ada.password})
	gone, _ := s.signIn(t, member{ada.email, ada.password})
	s.call(t, "DELETE", "/api/user/revoke-access", nil, bearer(ended.access)).want(t, 200)
	s.call(t, "DELETE", "/api/user/revoke-refresh", nil, bearer(ended.refresh)).want(t, 200)
	s.call(t, "POST", "/api/auth/sign-out", nil, gone).want(t, 200)
	s.call(t, "POST", "/api/user/register", eve.sample()).want(t, 200)
	confirm := in.newLetter(t, eve.email, 1)
	s.call(t, "POST", "/api/user/request-reset", object{"email": ada.email}).want(t, 200)
	clubs := in.newLetter(t, ada.email, 2)
	s.call(t, "POST", "/api/auth/reset-password", object{"email": ada.email, "origin": s.base}).want(t, 200)
	cohorts := resetLinkOf(in.newLetter(t, ada.email, 3).link(t))
	keys := s.call(t, "GET", "/.well-known/jwks.json", nil).want(t, 200)

	for _, end := range []func(*server){func(s *server) { s.stop(t) }, (*server).kill} {
		end(s)
		s = in.serve(t)
		if again := s.call(t, "GET", "/.well-known/jwks.json", nil).want(t, 200); string(again.body) != string(keys.body) {
			t.Errorf("the keys are %s, were %s", again.body, keys.body)
		}
		s.profile(t, live.access).want(t, 200)
		s.profile(t, s.refresh(t, live.refresh)).want(t, 200)
		s.info(t, cookie).want(t, 200)
		s.profile(t, ended.access).want(t, 401)
		s.call(t, "POST", "/api/user/refresh", nil, bearer(ended.refresh)).want(t, 401)
		s.info(t, gone).want(t, 401)
	}

	s.follow(t, confirm).want(t, 303)
	s.login(t, eve)
	s.call(t, "POST", "/api/auth/change-password", cohorts.change("the second password of ada")).want(t, 200)
	s.call(t, "POST", "/api/user/confirm-reset", object{"token": clubs.Secret(), "password": "a third password of ada"}).want(t, 404)
	s.kill()
	s = in.serve(t)
	for _, dead := range []string{live.access, ended.access} {
		s.profile(t, dead).want(t, 401)
	}
	s.info(t, cookie).want(t, 401)
	s.call(t, "POST", "/api/auth/change-password", cohorts.change("a fourth password of ada")).want(t, 400)
	s.call(t, "POST", "/api/user/confirm-reset", object{"token": clubs.Secret(), "password": "a fourth password of ada"}).want(t, 404)
	s.login(t, officer{ada.email, "the second password of ada", ""})
	s.follow(t, confirm).want(t, 303) // within its life a link says yes again
	s.stop(t)
}

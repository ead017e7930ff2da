package linear

import (
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// at makes a call of a history: it begins and ends at these milliseconds.
func at(begun, ended int, o outcome, q asked) call {
	q.Instance = 0
	return call{asked: q, Outcome: o, Begun: time.Duration(begun) * time.Millisecond, Ended: time.Duration(ended) * time.Millisecond}
}

// TestTheJudgesKnowRightFromWrong shows both judges histories of which we know what
// they are worth. All begin with an officer who has logged in and signed in.
func TestTheJudgesKnowRightFromWrong(t *testing.T) {
	beginning := []call{
		at(0, 1, done, asked{Kind: create, Version: 1}), at(2, 3, done, asked{Kind: makeClub}),
		at(4, 5, done, asked{Kind: login, Version: 1}), at(6, 7, done, asked{Kind: signIn, Version: 1}),
		at(8, 9, done, asked{Kind: askReset}),
	}
	for name, c := range map[string]struct {
		more   []call
		direct bool // the direct rule is broken
		order  bool // there is an order
	}{
		"a token that lives":                    {[]call{at(10, 11, done, asked{Kind: checkAccess})}, false, true},
		"a token that is refused for no reason": {[]call{at(10, 11, refused, asked{Kind: checkAccess})}, false, false},
		"revoked, then taken":                   {[]call{at(10, 11, done, asked{Kind: revokeAccess}), at(12, 13, done, asked{Kind: checkAccess})}, true, false},
		"revoked, and taken meanwhile":          {[]call{at(10, 20, done, asked{Kind: revokeAccess}), at(19, 30, done, asked{Kind: checkAccess})}, false, true},
		"refused, then taken, both before the answer": {[]call{
			at(10, 20, done, asked{Kind: revokeAccess}), at(11, 12, refused, asked{Kind: checkAccess}), at(13, 14, done, asked{Kind: checkAccess}),
		}, false, false},
		"nobody knows whether it was revoked: taken":   {[]call{at(10, 0, unknown, asked{Kind: revokeAccess}), at(12, 13, done, asked{Kind: checkAccess})}, false, true},
		"nobody knows whether it was revoked: refused": {[]call{at(10, 0, unknown, asked{Kind: revokeAccess}), at(12, 13, refused, asked{Kind: checkAccess})}, false, true},
		"nobody knows, but refused and then taken": {[]call{
			at(10, 0, unknown, asked{Kind: revokeAccess}), at(12, 13, refused, asked{Kind: checkAccess}), at(14, 15, done, asked{Kind: checkAccess}),
		}, false, false},
		"a revoked access token leaves the refresh token": {[]call{
			at(10, 11, done, asked{Kind: revokeAccess}), at(12, 13, done, asked{Kind: refresh, Access: 1}), at(14, 15, done, asked{Kind: checkAccess, Access: 1}),
		}, false, true},
		"a revoked refresh token leaves access tokens, and refreshes nothing": {[]call{
			at(10, 11, done, asked{Kind: revokeRefresh}), at(12, 13, done, asked{Kind: checkAccess}), at(14, 15, refused, asked{Kind: refresh}),
		}, false, true},
		"a revoked refresh token that refreshes": {[]call{
			at(10, 11, done, asked{Kind: revokeRefresh}), at(12, 13, done, asked{Kind: refresh, Access: 1}),
		}, true, false},
		"signed out, then taken":     {[]call{at(10, 11, done, asked{Kind: signOut}), at(12, 13, done, asked{Kind: checkCookie})}, true, false},
		"reset, then a cookie taken": {[]call{at(10, 11, done, asked{Kind: reset, Version: 2}), at(12, 13, done, asked{Kind: checkCookie})}, true, false},
		"reset, then the link taken": {[]call{at(10, 11, done, asked{Kind: reset, Version: 2}), at(12, 13, done, asked{Kind: reset, Version: 3})}, true, false},
		"reset, then the old password taken": {[]call{
			at(10, 11, done, asked{Kind: reset, Version: 2}), at(12, 13, done, asked{Kind: login, Version: 1, Session: 1, Access: 1}),
		}, true, false},
		"reset, and a login with the old password that was answered later": {[]call{
			at(10, 20, done, asked{Kind: reset, Version: 2}), at(11, 30, done, asked{Kind: login, Version: 1, Session: 1, Access: 1}),
			at(31, 32, refused, asked{Kind: checkAccess, Session: 1, Access: 1}),
		}, false, true},
		"reset, and such a login's token taken": {[]call{
			at(10, 20, done, asked{Kind: reset, Version: 2}), at(11, 30, done, asked{Kind: login, Version: 1, Session: 1, Access: 1}),
			at(31, 32, done, asked{Kind: checkAccess, Session: 1, Access: 1}),
		}, true, false},
		"the password changed, and the session that asked stays": {[]call{
			at(10, 11, done, asked{Kind: changePassword, Old: 1, Version: 2}), at(12, 13, done, asked{Kind: checkAccess}), at(14, 15, refused, asked{Kind: checkCookie}),
		}, false, true},
		"the password changed, and a cookie taken": {[]call{
			at(10, 11, done, asked{Kind: changePassword, Old: 1, Version: 2}), at(12, 13, done, asked{Kind: checkCookie}),
		}, true, false},
		"the password changed by another session": {[]call{
			at(10, 11, done, asked{Kind: login, Version: 1, Session: 1, Access: 1}), at(12, 13, done, asked{Kind: changePassword, Session: 1, Access: 1, Old: 1, Version: 2}),
			at(14, 15, done, asked{Kind: refresh, Access: 2}),
		}, true, false},
		"disabled, enabled, and alive again": {[]call{
			at(10, 11, done, asked{Kind: disable}), at(12, 13, done, asked{Kind: enable}), at(14, 15, done, asked{Kind: checkAccess}),
		}, true, false},
		"deleted, made anew, and alive again": {[]call{
			at(10, 11, done, asked{Kind: remove}), at(12, 13, done, asked{Kind: create, Version: 2}), at(14, 15, done, asked{Kind: makeClub}),
			at(16, 17, done, asked{Kind: checkAccess}),
		}, true, false},
		"the club is gone, the cookie stays": {[]call{
			at(10, 11, done, asked{Kind: dropClub}), at(12, 13, refused, asked{Kind: checkAccess}), at(14, 15, done, asked{Kind: checkCookie}),
		}, false, true},
		"the club is gone, the token taken": {[]call{at(10, 11, done, asked{Kind: dropClub}), at(12, 13, done, asked{Kind: refresh, Access: 1})}, true, false},
		"signed out everywhere, but for what was got meanwhile": {[]call{
			at(10, 20, done, asked{Kind: signOutAll}), at(11, 12, done, asked{Kind: signIn, Version: 1, Cookie: 1}),
			at(13, 14, done, asked{Kind: checkCookie}), at(21, 22, done, asked{Kind: checkCookie, Cookie: 1}),
		}, false, false},
	} {
		history := append(append([]call(nil), beginning...), c.more...)
		if _, taken := late(history); (taken != nil) != c.direct {
			t.Errorf("%s: the direct rule finds %v, want a finding: %v", name, taken, c.direct)
		}
		if result, _ := linearize(history); (result == porcupine.Ok) != c.order {
			t.Errorf("%s: the model finds %v, want an order: %v", name, result, c.order)
		}
	}
}

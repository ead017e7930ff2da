package linear

import "time"

// late finds what breaks the promise, by nothing but times: a call that began after
// another one's answer had ended the credential, and was told yes all the same. It
// answers both.
//
// What an answer has ended is taken narrowly, so that no order of calls that overlap could
// excuse it: a credential that was there before the ending call began, or one that was
// got with a password that another one had replaced.
func late(history []call) (ended, taken *call) {
	ends := endings(history)
	for i := range history {
		c := &history[i]
		if c.Outcome != done {
			continue
		}
		for _, of := range c.credentials() {
			if by, known := ends[of]; known && c.Begun > by.Ended {
				return by, c
			}
		}
	}
	return nil, nil
}

// credential is anything that an account says yes to.
type credential struct {
	of     byte // 'a'ccess token, 's'ession by its refresh token, session at all ('S'), 'c'ookie, 'l'ink, password ('v')
	number int
}

// credentials are those that a call rests on.
func (c call) credentials() []credential {
	switch c.Kind {
	case checkAccess, revokeAccess:
		return []credential{{'a', c.Access}, {'S', c.Session}}
	case changePassword:
		return []credential{{'a', c.Access}, {'S', c.Session}, {'v', c.Old}}
	case refresh, revokeRefresh:
		return []credential{{'s', c.Session}, {'S', c.Session}}
	case checkCookie, signOut:
		return []credential{{'c', c.Cookie}}
	case login, signIn:
		return []credential{{'v', c.Version}}
	case reset:
		return []credential{{'l', c.Link}}
	}
	return nil
}

// endings answers, for every credential that an answer has ended, the call that was
// answered first.
func endings(history []call) map[credential]*call {
	ends := map[credential]*call{}
	end := func(of credential, by *call) {
		if first, known := ends[of]; !known || by.Ended < first.Ended {
			ends[of] = by
		}
	}
	for i := range history {
		by := &history[i]
		if by.Outcome != done {
			continue
		}
		switch by.Kind {
		case revokeAccess:
			end(credential{'a', by.Access}, by)
		case revokeRefresh:
			end(credential{'s', by.Session}, by)
		case signOut:
			end(credential{'c', by.Cookie}, by)
		case reset:
			end(credential{'l', by.Link}, by)
			endAll(history, by, end)
		case setPassword, changePassword, signOutAll, disable, remove, dropClub:
			endAll(history, by, end)
		}
	}
	return ends
}

// endAll ends what a call ends of everything that was there before it.
func endAll(history []call, by *call, end func(credential, *call)) {
	newPassword := by.Kind.setsPassword() && by.Kind != create
	old := map[int]bool{} // the passwords that this one came after
	for _, c := range history {
		if (newPassword || by.Kind == remove) && c.Kind.setsPassword() && c.Outcome == done && c.Ended < by.Begun {
			old[c.Version] = true
			end(credential{'v', c.Version}, by)
		}
	}
	for _, c := range history {
		if c.Outcome != done || c.Ended >= by.Begun && !old[c.Version] {
			continue
		}
		switch c.Kind {
		case login:
			if by.Kind != changePassword || c.Session != by.Session {
				end(credential{'S', c.Session}, by)
			}
		case signIn:
			if by.Kind != dropClub {
				end(credential{'c', c.Cookie}, by)
			}
		case askReset:
			if newPassword || by.Kind == remove {
				end(credential{'l', c.Link}, by)
			}
		}
	}
}

// setsPassword reports whether a call of this kind puts a new password in force.
func (k kind) setsPassword() bool {
	return k == create || k == setPassword || k == changePassword || k == reset
}

// since is how long after the answer a call began that was taken.
func since(ended, taken *call) time.Duration { return taken.Begun - ended.Ended }

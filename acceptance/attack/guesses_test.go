package attack

import (
	"encoding/base64"
	"fmt"
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

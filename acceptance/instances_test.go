package acceptance

import (
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// TestTriesAreCountedByAllInstances guesses at three servers on one database, in turn
// and at once: they look at as many passwords as one would, and go on refusing when
// they are started anew.
func TestTriesAreCountedByAllInstances(t *testing.T) {
	t.Parallel()
	in := install(t)
	if os.Getenv("TEST_DATABASE") != "postgres" { // else it is there already
		in.usePostgres(t)
	}
	const most = "12"
	var servers [3]*server
	start := func(i int) {
		servers[i] = in.serve(t, "--data", filepath.Join(filepath.Dir(in.data), "of server", string(rune('1'+i))), "--limit-failures", most)
	}
	for i := range servers {
		start(i)
	}
	ada := member{"ada@example.edu", "the password of ada"}
	in.person(t, ada.email, "Ada", ada.password)

	var looked atomic.Int64
	var crowd sync.WaitGroup
	for i := range 36 {
		crowd.Go(func() {
			a := servers[i%3].call(t, "POST", "/api/auth/sign-in", object{"email": ada.email, "password": "a guess at random"})
			switch a.status {
			case 401:
				looked.Add(1)
			case 429:
			default:
				t.Errorf("a guess: got %d, want 401 or 429: %s", a.status, a.body)
			}
		})
	}
	crowd.Wait()
	if looked.Load() != 12 {
		t.Errorf("three servers looked at %d passwords, want %s", looked.Load(), most)
	}
	servers[0].stop(t)
	servers[1].kill()
	start(0)
	start(1)
	for i, s := range servers {
		if a := s.call(t, "POST", "/api/auth/sign-in", object{"email": ada.email, "password": ada.password}); a.status != 429 {
			t.Errorf("server %d looks at a password of an address that rests: got %d", i+1, a.status)
		}
	}
}

package account_test

import (
	"net/netip"
	"runtime"
	"sync"
	"testing"

	"matricula/internal/account"
	"matricula/internal/account/accounttest"
	"matricula/internal/password"
	"matricula/internal/token"
)

// TestWhoWouldWaitInVainCostsNothing fills the only slot for a hash, and the only
// place before it, and then comes with a password and with a registration.
func TestWhoWouldWaitInVainCostsNothing(t *testing.T) {
	// Dear enough that what is looked at is still being looked at afterwards.
	hasher, err := password.New(password.Config{Memory: 64 << 10, Time: 8, Slots: 1, Queue: 1})
	must(t, err)
	k := accounttest.New(t, func(c *account.Config) { c.Hasher = hasher })
	a := officer(t, k, chess)
	before, err := k.Store.Read(t.Context()).Events(0, 0, 100)
	must(t, err)

	var crowd sync.WaitGroup
	for range 2 {
		crowd.Go(func() { _, _ = hasher.Hash(t.Context(), good) })
	}
	for hasher.Stats().Queued == 0 {
		runtime.Gosched()
	}
	caller := account.Caller{Client: netip.MustParseAddr("192.0.2.77")}
	_, _, err = k.SignInMember(t.Context(), caller, chess, "wrong", token.Secret{})
	wants(t, "a sign-in", err, account.Busy)
	wants(t, "a registration", k.SignUp(t.Context(), caller, registration(chess)), account.Busy)
	crowd.Wait()

	all, err := k.Failures(t.Context(), a)
	must(t, err)
	after, err := k.Store.Read(t.Context()).Events(0, 0, 100)
	must(t, err)
	if all != 0 || len(after) != len(before) {
		t.Errorf("%d failures were counted and %d events written, want none", all, len(after)-len(before))
	}
}

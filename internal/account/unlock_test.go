package account_test

import (
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"matricula/internal/account"
	"matricula/internal/account/accounttest"
)

// TestANetworkIsUnlocked: unlocking the account is no help where the network waits, and
// the log says which of the two it is.
func TestANetworkIsUnlocked(t *testing.T) {
	k := accounttest.New(t, sprayed)
	a := member(t, k, ada)
	for _, email := range []string{"bob@x.test", "eve@x.test", "joe@x.test"} {
		_, err := signIn(t, k, from(1), email, "wrong")
		wants(t, "a wrong password", err, account.SignInRefused)
		_, err = k.OnRoster(t.Context(), from(1), email)
		must(t, err)
	}
	_, err := k.OnRoster(t.Context(), from(1), ada)
	wants(t, "a question too many", err, account.TooMany)
	wantsCause(t, err, "the network asked about too many addresses")

	must(t, k.Unlock(t.Context(), operator, a.ID))
	_, err = signIn(t, k, from(1), ada, good)
	wants(t, "when the account is unlocked", err, account.TooMany)
	wantsCause(t, err, "the network failed at too many addresses")

	failed, asked, err := k.UnlockNetwork(t.Context(), operator, from(1).Client)
	if err != nil || failed != 3 || asked != 3 {
		t.Fatalf("forgot %d and %d addresses, and %v, want 3 of each", failed, asked, err)
	}
	_, err = signIn(t, k, from(1), ada, good)
	wants(t, "when the network is", err, "")
	_, err = k.OnRoster(t.Context(), from(1), ada)
	wants(t, "a question", err, "")
	for _, email := range []string{"bob@x.test", "eve@x.test", "joe@x.test"} {
		_, err := signIn(t, k, from(1), email, "wrong")
		wants(t, "a wrong password again", err, account.SignInRefused)
	}
	if n := kinds(t, k, 0); n[account.AddressesUsedUp] != 2 || n[account.NetworkUnlocked] != 1 {
		t.Errorf("got the events %v, want the second budget's end told, too", n)
	}
	failed, _, err = k.UnlockNetwork(t.Context(), account.Caller{}, from(99).Client)
	if err != nil || failed != 0 {
		t.Errorf("a network that did nothing: %d addresses and %v", failed, err)
	}
}

func TestTheLogTellsThatAnAddressRests(t *testing.T) {
	k := accounttest.New(t, func(c *account.Config) { c.Limits.Failures = 1 })
	member(t, k, ada)
	_, err := signIn(t, k, from(1), ada, "wrong")
	wants(t, "a wrong password", err, account.SignInRefused)
	_, err = signIn(t, k, from(1), ada, good)
	wants(t, "one too many", err, account.TooMany)
	wantsCause(t, err, "the address rests")
}

func wantsCause(t *testing.T, err error, cause string) {
	t.Helper()
	if want := "too_many: " + cause; err == nil || err.Error() != want {
		t.Errorf("the log says %v, want %s", err, want)
	}
}

func TestNetworksAreNamed(t *testing.T) {
	for client, want := range map[string]string{
		"203.0.113.80":         "203.0.113.80/32",
		"::ffff:203.0.113.80":  "203.0.113.80/32",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"fe80::1:2:3:4%eth0":   "fe80::/64",
	} {
		if got := account.NetworkOf(netip.MustParseAddr(client)).String(); got != want {
			t.Errorf("%s: got %s, want %s", client, got, want)
		}
	}
}

// TestEventKindsAreAll holds the list to the constants.
func TestEventKindsAreAll(t *testing.T) {
	text, err := os.ReadFile("audit.go")
	must(t, err)
	var declared []account.EventKind
	for _, m := range regexp.MustCompile(`(?m)^\t\w+ +EventKind = "([^"]+)"`).FindAllStringSubmatch(string(text), -1) {
		declared = append(declared, account.EventKind(m[1]))
	}
	if !slices.Equal(declared, account.EventKinds) {
		t.Errorf("declared are %q, listed %q", declared, account.EventKinds)
	}
	for _, kind := range account.EventKinds {
		if !strings.Contains(string(kind), ".") {
			t.Errorf("%s has no subject", kind)
		}
	}
}

package clubs_test

import (
	"context"
	"encoding/json"
	"path"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"matricula/internal/account"
	passwords "matricula/internal/password"
	"matricula/internal/token"
	"matricula/internal/web/webtest"
)

// hooks are what the stories need beside the calls of the contract: what an
// operator does, what a mail says, what time it is.
func (d *desk) hooks() webtest.Hooks {
	var hold holding
	var cookie token.Secret
	nobody := account.Caller{}
	return webtest.Hooks{
		// roster EMAIL puts an address on the roster.
		"roster": func(t *testing.T, args []string, _ map[string]string) {
			_, err := d.AddToRoster(t.Context(), nobody, args)
			must(t, err)
		},
		// mail EMAIL takes $link and $token out of the newest mail to that address.
		"mail": func(t *testing.T, args []string, vars map[string]string) {
			link := d.Link(t, args[0])
			vars["link"], vars["token"] = link.String(), path.Base(link.Path)
			if link.Query().Has("token") {
				vars["token"] = link.Query().Get("token")
			}
		},
		// let NAME VALUE sets $NAME.
		"let": func(_ *testing.T, args []string, vars map[string]string) { vars[args[0]] = args[1] },
		// mails EMAIL NUMBER says how many mails that address has got in all.
		"mails": func(t *testing.T, args []string, _ map[string]string) {
			d.Deliver(t)
			got := 0
			for _, m := range d.Mails.All() {
				if strings.EqualFold(m.To, args[0]) {
					got++
				}
			}
			if want, err := strconv.Atoi(args[1]); err != nil || got != want {
				t.Fatalf("mails to %s: got %d, want %s", args[0], got, args[1])
			}
		},
		// subject EMAIL WORDS says what the subject of its newest mail holds.
		"subject": func(t *testing.T, args []string, _ map[string]string) {
			d.Deliver(t)
			subject := ""
			for _, m := range d.Mails.All() {
				if strings.EqualFold(m.To, args[0]) {
					subject = m.Subject
				}
			}
			if want := strings.Join(args[1:], " "); !strings.Contains(subject, want) {
				t.Fatalf("subject of the newest mail to %s: got %q, want %q", args[0], subject, want)
			}
		},
		// wait DURATION moves the clock.
		"wait": func(t *testing.T, args []string, _ map[string]string) {
			by, err := time.ParseDuration(args[0])
			must(t, err)
			d.Clock.Move(by)
		},
		// officer EMAIL CLUB makes a confirmed officer with $password, and logs in:
		// $access and $refresh.
		"officer": func(t *testing.T, args []string, vars map[string]string) {
			pair := d.officer(t, args[0], strings.Join(args[1:], " "))
			vars["access"], vars["refresh"] = pair.Access.Reveal(), pair.Refresh.Reveal()
		},
		// unconfirmed EMAIL CLUB makes an officer who has not confirmed.
		"unconfirmed": func(t *testing.T, args []string, _ map[string]string) {
			d.unconfirmed(t, args[0], strings.Join(args[1:], " "))
		},
		// account EMAIL makes an account with $password and no club.
		"account": func(t *testing.T, args []string, vars map[string]string) {
			_, err := d.CreateAccount(t.Context(), nobody, account.NewAccount{Email: args[0], Name: "Kim", Password: token.SecretOf(vars["password"])})
			must(t, err)
		},
		// disable, enable, delete EMAIL are the operator's.
		"disable": func(t *testing.T, args []string, _ map[string]string) {
			must(t, d.SetDisabled(t.Context(), nobody, d.find(t, args[0]).ID, true))
		},
		"enable": func(t *testing.T, args []string, _ map[string]string) {
			must(t, d.SetDisabled(t.Context(), nobody, d.find(t, args[0]).ID, false))
		},
		"delete": func(t *testing.T, args []string, _ map[string]string) {
			must(t, d.DeleteAccount(t.Context(), nobody, d.find(t, args[0]).ID))
		},
		// delete-club EMAIL deletes the club that this account owns.
		"delete-club": func(t *testing.T, args []string, _ map[string]string) {
			must(t, d.DeleteClub(t.Context(), nobody, d.find(t, args[0]).ClubID))
		},
		// member EMAIL signs in on the cohorts contract.
		"member": func(t *testing.T, args []string, vars map[string]string) {
			_, signed, err := d.SignInMember(t.Context(), nobody, args[0], vars["password"], token.Secret{})
			must(t, err)
			cookie = signed.Secret
		},
		// member-ended says that this session has ended.
		"member-ended": func(t *testing.T, _ []string, _ map[string]string) {
			if _, err := d.Who(t.Context(), cookie); account.CodeOf(err) != account.Unauthenticated {
				t.Fatalf("the cohorts session: got %v, want %v", err, account.Unauthenticated)
			}
		},
		// imported EMAIL gives the club what only an import brings.
		"imported": func(t *testing.T, args []string, _ map[string]string) { d.imported(t, args[0]) },
		// busy takes the one slot for hashing, idle gives it back.
		"busy": func(t *testing.T, _ []string, _ map[string]string) { hold.take(t, d.Config.Hasher) },
		"idle": func(t *testing.T, _ []string, _ map[string]string) { hold.done.Wait() },
		// away takes the database away, damage breaks it; neither is mended.
		"away":   func(t *testing.T, _ []string, _ map[string]string) { d.TakeAway(t) },
		"damage": func(t *testing.T, _ []string, _ map[string]string) { d.Damage(t) },
	}
}

// imported writes what an import would into the club of an account.
func (d *desk) imported(t *testing.T, email string) {
	t.Helper()
	owner := d.find(t, email)
	err := d.Store.Update(t.Context(), func(tx account.Tx) error {
		club, err := tx.Club(owner.ClubID)
		if err != nil {
			return err
		}
		club.Reactivated, club.Logo = false, "https://img.test/logo.png"
		club.Lists.Events = json.RawMessage(`[{"id":"e1","title":"Blitz & bullet <3"}]`)
		return tx.SetClub(club)
	})
	must(t, err)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// oneSlot is a Hasher with one slot, for which nobody waits.
func oneSlot() *passwords.Hasher {
	hasher, err := passwords.New(passwords.Config{Memory: 64, Time: 1, Threads: 1, Slots: 1, Queue: 1, Wait: time.Nanosecond})
	if err != nil {
		panic(err)
	}
	return hasher
}

// holding holds a slot for many times as long as a story needs it to.
type holding struct{ done sync.WaitGroup }

func (h *holding) take(t *testing.T, hasher *passwords.Hasher) {
	ended := make(chan error, 1)
	h.done.Go(func() {
		// The dearest hash that is looked at.
		ended <- hasher.VerifyDecoy(context.WithoutCancel(t.Context()), "$argon2id$v=19$m=1024,t=1024,p=1", password)
	})
	t.Cleanup(h.done.Wait)
	for hasher.Stats().InUse == 0 {
		select {
		case err := <-ended:
			t.Fatalf("the slot was not held: %v", err)
		default:
			runtime.Gosched()
		}
	}
}

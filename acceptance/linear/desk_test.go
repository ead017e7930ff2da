package linear

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"

	"matricula/internal/account"
	"matricula/internal/password"
	"matricula/internal/store/postgres"
	"matricula/internal/store/sqlite"
	"matricula/internal/token"
)

// desk is where the operator works: the same rules over the same database, beside
// the servers, that the commands of the program put together. To start a
// command for each of thousands would leave no time for anything else.
type desk struct {
	rules *account.Service
}

// sitDown opens the database beside the servers.
func sitDown(t *testing.T, s *site) *desk {
	t.Helper()
	store, err := s.openStore(t)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	master, err := token.NewMaster([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	hasher, err := password.New(password.Config{Memory: 64, Time: 1, Threads: 1, Queue: 1000, Wait: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return &desk{rules: account.New(account.Config{
		Store: store, Hasher: hasher, Policy: password.Modern, Master: master, Issuer: token.NewIssuer(master, publicURL),
		Now: time.Now, Log: slog.New(slog.DiscardHandler), PublicURL: publicURL, Origins: []string{publicURL},
		Uneven: true, Limits: account.Limits{Off: true},
	})}
}

// closer is a store that its opener closes.
type closer interface {
	account.Store
	Close() error
}

func (s *site) openStore(t *testing.T) (closer, error) {
	if s.server == nil {
		return sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(s.instances[0].dir, "matricula.db")})
	}
	var line *toxiproxy.Proxy
	if len(s.lines) > 0 { // it leads to another server after a failover; nothing else breaks it
		line = s.line("database of the operator")
	}
	return postgres.Open(context.Background(), postgres.Config{URL: s.url(line)})
}

var operator = account.Caller{Actor: "operator"}

// do does what the operator is asked, and answers what it was told.
func (d *desk) do(ctx context.Context, u *user, q asked) outcome {
	return told(d.work(ctx, u, q))
}

// told is an error as its outcome: a refusal is one, and of anything else nobody
// knows what it has done.
func told(err error) outcome {
	switch {
	case err == nil:
		return done
	case errors.Is(err, account.NotFound), errors.Is(err, account.Taken):
		return refused
	}
	return unknown
}

func (d *desk) work(ctx context.Context, u *user, q asked) error {
	if q.Kind == create {
		_, err := d.rules.CreateAccount(ctx, operator, account.NewAccount{
			Email: u.email, Name: "Linear", Password: token.SecretOf(u.password(q.Version)),
		})
		return err
	}
	a, err := d.rules.FindAccount(ctx, u.email)
	if err != nil {
		return err
	}
	switch q.Kind {
	case setPassword:
		return d.rules.SetPassword(ctx, operator, a.ID, u.password(q.Version))
	case signOutAll:
		_, err := d.rules.EndSessions(ctx, operator, a.ID)
		return err
	case disable, enable:
		return d.rules.SetDisabled(ctx, operator, a.ID, q.Kind == disable)
	case remove:
		return d.rules.DeleteAccount(ctx, operator, a.ID)
	case makeClub:
		return d.makeClub(ctx, a.ID)
	case dropClub:
		club, err := d.rules.ClubOwnedBy(ctx, a.ID)
		if err != nil {
			return err
		}
		return d.rules.DeleteClub(ctx, operator, club.ID)
	}
	return fmt.Errorf("an operator can't %v", q.Kind)
}

func (d *desk) makeClub(ctx context.Context, owner int64) error {
	name, size := fmt.Sprint("Club ", owner), int64(0)
	_, err := d.rules.CreateClub(ctx, operator, owner, account.ClubEdit{Name: &name, NumUsers: &size})
	return err
}

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"matricula/internal/account"
	"matricula/internal/password"
	"matricula/internal/token"
)

// What the filled databases hold. Names and addresses follow from a number, so
// that a request for any account is made without looking it up.
const (
	secret      = "the secret of the benchmarks, longer than it need be"
	issuer      = "https://bench.invalid"
	passphrase  = "a passphrase of the benchmarks"
	clubEvery   = 10   // every tenth account owns a club
	mostTokens  = 4096 // officers whose tokens are signed beforehand
	batch       = 10_000
	description = "We meet on Fridays in the common room, teach whoever comes, and play two tournaments a year. " +
		"Beginners are welcome at any time; bring nothing but an hour, and a friend if you have one who would like to learn. "
)

// installation is a data directory filled with accounts.
type installation struct {
	accounts int
	roster   int // addresses that may still register
	data     string
	database database
	officers []officer
	club     counter // names of clubs that register, over all rounds
}

// officer is the owner of a club, with the tokens of a session.
type officer struct {
	number          int // of the account, from 0
	access, refresh string
}

// secretFile is where the installation's secret stands.
func (in *installation) secretFile() string { return filepath.Join(in.data, "secret") }

// fill makes an installation. Each account is confirmed, is a student of this
// year, and has a session; every tenth owns a club and has a pair of tokens.
func fill(ctx context.Context, e engine, data string, accounts, roster int, now time.Time) (in *installation, err error) {
	in = &installation{accounts: accounts, roster: roster, data: data}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(in.secretFile(), []byte(secret+"\n"), 0o600); err != nil {
		return nil, err
	}
	if in.database, err = e.place(ctx, data); err != nil {
		return nil, err
	}
	opened, err := in.database.open(ctx)
	if err != nil {
		return nil, err
	}
	f := filler{installation: in, ctx: ctx, store: opened, now: now.UTC().Truncate(time.Millisecond)}
	if err := f.fill(); err != nil {
		_ = opened.Close() // the directory goes anyway
		return nil, err
	}
	if err := opened.Close(); err != nil {
		return nil, err
	}
	return in, in.database.settle(ctx)
}

// remove takes the installation away.
func (in *installation) remove(ctx context.Context) error {
	return errors.Join(in.database.remove(ctx), os.RemoveAll(in.data))
}

// filler fills one installation.
type filler struct {
	*installation
	ctx   context.Context
	store account.Store
	now   time.Time
}

func (f filler) fill() error {
	for _, work := range []func() error{f.addProgramme, f.addKey, f.addRoster, f.addAccounts, f.addSessions} {
		if err := work(); err != nil {
			return fmt.Errorf("fill %s: %w", f.data, err)
		}
	}
	return nil
}

// addProgramme makes the cohort of last year, of this one and of the next.
func (f filler) addProgramme() error {
	return f.store.Update(f.ctx, func(tx account.Tx) error {
		for _, years := range []int{-1, 0, 1} {
			start := f.now.AddDate(years, -1, 0)
			cohort := account.Cohort{Year: f.year() + int64(years), Start: start, End: start.AddDate(0, 11, 0)}
			if err := tx.AddCohort(cohort); err != nil {
				return err
			}
		}
		return nil
	})
}

func (f filler) year() int64 { return int64(f.now.Year()) }

// addKey makes the signing key, and signs the tokens of some officers with it.
func (f filler) addKey() error {
	master, err := token.NewMaster([]byte(secret))
	if err != nil {
		return err
	}
	key, err := token.NewSigningKey(f.now)
	if err != nil {
		return err
	}
	sealed, err := master.SealKey(key)
	if err != nil {
		return err
	}
	tokens := token.NewIssuer(master, issuer)
	tokens.SetKeys([]token.SigningKey{key})
	if err := f.signTokens(tokens); err != nil {
		return err
	}
	return f.store.Update(f.ctx, func(tx account.Tx) error {
		return tx.AddSigningKey(account.SealedKey{ID: key.ID, CreatedAt: key.CreatedAt, Sealed: sealed})
	})
}

// signTokens signs for officers who are spread evenly over the accounts.
func (f filler) signTokens(tokens *token.Issuer) error {
	all := f.accounts / clubEvery
	for i := range min(all, mostTokens) {
		o := officer{number: i * all / min(all, mostTokens) * clubEvery}
		refresh, err := tokens.SignRefresh(token.Refresh{
			Account: int64(o.number + 1), Session: clubSession(o.number), IssuedAt: f.now, ExpiresAt: f.ends(),
		})
		if err != nil {
			return err
		}
		access, err := tokens.SignAccess(token.Access{
			Account: int64(o.number + 1), Session: clubSession(o.number), ID: token.NewID(), IssuedAt: f.now, ExpiresAt: f.ends(),
		})
		if err != nil {
			return err
		}
		o.refresh, o.access = refresh.Reveal(), access.Reveal()
		f.officers = append(f.officers, o)
	}
	return nil
}

// ends is when every session ends: after the longest run.
func (f filler) ends() time.Time { return f.now.Add(48 * time.Hour) }

func (f filler) addRoster() error {
	return f.inBatches(f.roster, func(tx account.Tx, i int) error {
		address := applicant(i)
		_, err := tx.AddToRoster(account.RosterEntry{Email: account.Address{Text: address, Key: address}, AddedAt: f.now})
		return err
	})
}

// addAccounts makes them all with one and the same hash: to make a million would
// take hours, and each is verified at the same cost.
func (f filler) addAccounts() error {
	hasher, err := password.New(password.Config{})
	if err != nil {
		return err
	}
	hash, err := hasher.Hash(f.ctx, passphrase)
	if err != nil {
		return err
	}
	return f.inBatches(f.accounts, func(tx account.Tx, i int) error {
		a := account.Account{
			Email: account.Address{Text: address(i), Key: address(i)}, Name: "Student " + strconv.Itoa(i),
			PasswordHash: hash, ConfirmedAt: f.now, CreatedAt: f.now,
		}
		id, err := tx.AddAccount(a, hasher.Class())
		if err != nil {
			return err
		}
		if id != int64(i+1) {
			return fmt.Errorf("account %d has the id %d", i, id) // the tokens name the ids
		}
		student := account.Student{Account: id, Year: f.year(), NusnetID: fmt.Sprintf("e%07d", i), MatricNo: fmt.Sprintf("A%07dX", i)}
		if _, err := tx.AddStudent(student); err != nil || i%clubEvery != 0 {
			return err
		}
		return f.addClub(tx, id)
	})
}

func (f filler) addClub(tx account.Tx, owner int64) error {
	name := "Chess Club " + strconv.FormatInt(owner, 10)
	_, err := tx.AddClub(account.Club{
		Owner: owner, Name: name, LinkName: "chess-club-" + strconv.FormatInt(owner, 10), Tags: []int64{1, 12}, NewMembers: true, NumUsers: 1,
		AboutUs: description, GetInvolved: description, ApplyLink: "https://chess.campus.example/apply",
		Social:      map[string]string{"website": "https://chess.campus.example", "contact_email": "chess@campus.example"},
		Reactivated: true, LastUpdated: f.now,
	})
	return err
}

// addSessions adds them in the order of their ids, which are random: in that order
// a table of any size is written from front to back.
func (f filler) addSessions() error {
	var all []account.Session
	for i := range f.accounts {
		digest := token.SecretOf(cookie(i)).Digest()
		all = append(all, f.session(i, account.Cohorts, digest[:]))
		if i%clubEvery == 0 {
			id := clubSession(i)
			all = append(all, f.session(i, account.Clubs, id[:]))
		}
	}
	slices.SortFunc(all, func(a, b account.Session) int { return bytes.Compare(a.ID, b.ID) })
	return f.inBatches(len(all), func(tx account.Tx, i int) error { return tx.AddSession(all[i]) })
}

func (f filler) session(i int, c account.Contract, id []byte) account.Session {
	return account.Session{
		ID: id, Account: int64(i + 1), Contract: c, Client: "127.0.0.1", CreatedAt: f.now, ExpiresAt: f.ends(), KeepUntil: f.ends(),
	}
}

// inBatches calls add for 0 to n-1, many in one change.
func (f filler) inBatches(n int, add func(account.Tx, int) error) error {
	for first := 0; first < n; first += batch {
		err := f.store.Update(f.ctx, func(tx account.Tx) error {
			for i := first; i < min(first+batch, n); i++ {
				if err := add(tx, i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// address is the address of an account, applicant one on the roster that has none.
func address(i int) string   { return fmt.Sprintf("u%07d@campus.example", i) }
func applicant(i int) string { return fmt.Sprintf("applicant%07d@campus.example", i) }

// cookie is the value of an account's session cookie: as long as a true one.
func cookie(i int) string { return fmt.Sprintf("bench%038d", i) }

// clubSession is the id of an officer's session.
func clubSession(i int) (id token.ID) {
	sum := sha256.Sum256([]byte("club session " + strconv.Itoa(i)))
	copy(id[:], sum[:])
	return id
}

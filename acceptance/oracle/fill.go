package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"matricula/internal/account"
	"matricula/internal/password"
	"matricula/internal/store/sqlite"
)

// crew is how many people an installation is filled with.
type crew struct {
	each       int
	applicants int
	cheap      bool
}

// installSecret is the secret of installations that are filled.
const installSecret = "the secret of the oracle, longer than it need be"

// Hashes that nobody knows a password for, as the two backends of old made them,
// and the same as cheap as they get.
const (
	tailPBKDF2    = "$b3JhY2xlLm9yYWNsZQ$b2YtdGhpcy1vbmUtbm9ib2R5LWtub3dzLXRoZS1wYXNzd29yZC1ub3QtZXZlbi13aG8tbWFkZS10aGlzLWhhcw"
	tailBcrypt    = "$oracleoracleoracleoraOnobodyknowsapasswordtothisone.."
	costPBKDF2    = "$pbkdf2-sha512$25000"
	costBcrypt    = "$2b$10"
	cheapPBKDF2   = "$pbkdf2-sha512$1"
	cheapBcrypt   = "$2b$04"
	cheapArgon2id = "argon2id,m=64,t=1,p=1" // the setting hash
)

// fill makes an installation of people of every class. All have one and the same
// hash of their class, which nobody sees: to make thousands would take minutes.
func fill(ctx context.Context, data string, c crew) (found *people, err error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, err
	}
	secret, err := os.OpenFile(filepath.Join(data, "secret"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("fill an empty directory only: %w", err)
	}
	_, err = secret.WriteString(installSecret + "\n")
	if err := errors.Join(err, secret.Close()); err != nil {
		return nil, err
	}
	store, err := sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(data, "matricula.db"), Migrate: true})
	if err != nil {
		return nil, err
	}
	f := filler{crew: c, ctx: ctx, store: store, now: time.Now().UTC().Truncate(time.Millisecond), people: newPeople()}
	return f.people, errors.Join(f.fill(), store.Close())
}

// filler fills one installation.
type filler struct {
	crew
	ctx    context.Context
	store  account.Store
	now    time.Time
	people *people
}

func (f filler) fill() error {
	config := password.Config{}
	pbkdf2, bcrypt := costPBKDF2+tailPBKDF2, costBcrypt+tailBcrypt
	if f.cheap {
		config = password.Config{Memory: 64, Time: 1, Threads: 1}
		pbkdf2, bcrypt = cheapPBKDF2+tailPBKDF2, cheapBcrypt+tailBcrypt
	}
	hasher, err := password.New(config)
	if err != nil {
		return err
	}
	today, err := hasher.Hash(f.ctx, "a passphrase that the oracle has forgotten")
	if err != nil {
		return err
	}
	hashes := map[class]string{
		confirmed: today, unconfirmed: today, disabled: today, clubless: today, oldPBKDF2: pbkdf2, oldBcrypt: bcrypt, passwordless: "",
	}
	for c, hash := range hashes {
		if err := f.accounts(c, hash); err != nil {
			return fmt.Errorf("fill with %s: %w", c, err)
		}
	}
	return f.strangers()
}

// address has as many characters whoever it is of.
func address(c class, i int) string {
	return fmt.Sprintf("%s%07d@oracle.example", (string(c) + "-------------")[:13], i)
}

func (f filler) accounts(c class, hash string) error {
	name := ""
	if hash != "" {
		var err error
		if name, err = password.ClassOf(hash); err != nil {
			return err
		}
	}
	return f.batches(f.each, func(tx account.Tx, i int) (person, error) {
		a := account.Account{Email: addressed(c, i), Name: "Oracle", PasswordHash: hash, ConfirmedAt: f.now, CreatedAt: f.now}
		switch c {
		case unconfirmed:
			a.ConfirmedAt = time.Time{}
		case disabled:
			a.DisabledAt = f.now
		}
		id, err := tx.AddAccount(a, name)
		if err != nil || c == clubless {
			return person{a.Email.Text, id}, err
		}
		club := account.Club{
			Owner: id, Name: "Oracle Club", LinkName: "oracle-" + strconv.FormatInt(id, 10), Tags: []int64{1}, Reactivated: true, LastUpdated: f.now,
		}
		_, err = tx.AddClub(club)
		return person{a.Email.Text, id}, err
	}, c)
}

func addressed(c class, i int) account.Address {
	return account.Address{Text: address(c, i), Key: address(c, i)}
}

// strangers have no account. Their ids are those that the next accounts will have,
// but for some thousands, which those will have who register.
func (f filler) strangers() error {
	for c, n := range map[class]int{unknown: f.each, applicant: f.applicants} {
		err := f.batches(n, func(_ account.Tx, i int) (person, error) {
			return person{address(c, i), int64(1_000_000 + i)}, nil
		}, c)
		if err != nil {
			return err
		}
	}
	return nil
}

// batches makes n people of a class, many in one change, and puts them on the roster.
func (f filler) batches(n int, add func(account.Tx, int) (person, error), c class) error {
	const batch = 5000
	for first := 0; first < n; first += batch {
		var made []person
		err := f.store.Update(f.ctx, func(tx account.Tx) error {
			made = nil
			for i := first; i < min(first+batch, n); i++ {
				one, err := add(tx, i)
				if err != nil {
					return err
				}
				made = append(made, one)
				if _, err := tx.AddToRoster(account.RosterEntry{Email: addressed(c, i), AddedAt: f.now}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, one := range made {
			f.people.add(c, one)
		}
	}
	return nil
}

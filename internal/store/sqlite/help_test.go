package sqlite

import (
	"strconv"
	"testing"
	"time"

	"matricula/internal/account"
	"matricula/internal/store"
)

// openTest opens an engine that is closed with the test.
func openTest(t testing.TB, c Config) *engine {
	t.Helper()
	e, err := openEngine(t.Context(), c, migrations())
	if err != nil {
		t.Fatalf("open %s: %v", c.Path, err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return e
}

// addAccount adds an account with this address and answers its id.
func addAccount(s *store.Store, t testing.TB, address string) (id int64, err error) {
	err = s.Update(t.Context(), func(tx account.Tx) (err error) {
		id, err = tx.AddAccount(account.Account{
			Email: account.Address{Text: address, Key: address}, Name: "A name", CreatedAt: time.UnixMicro(1),
		}, "")
		return err
	})
	return id, err
}

// newest is the version of the program's schema.
func newest(t testing.TB) string {
	t.Helper()
	version, err := store.Latest(migrations())
	if err != nil {
		t.Fatal(err)
	}
	return strconv.FormatInt(version, 10)
}

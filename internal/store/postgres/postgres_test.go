package postgres

import (
	"context"
	"sync"
	"testing"

	"matricula/internal/account"
	"matricula/internal/store"
	"matricula/internal/store/postgres/pgtest"
	"matricula/internal/store/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, openAgain(Config{Pool: 8}, func(url string) string { return url }))
}

// openAgain opens the database of a test, the same one at each call, by the way that
// through answers.
func openAgain(c Config, through func(url string) string) storetest.Open {
	var mu sync.Mutex
	urls := map[string]string{}
	return func(t *testing.T) account.Store {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		if urls[t.Name()] == "" {
			urls[t.Name()] = filled(t)
		}
		c := c
		c.URL = through(urls[t.Name()])
		return store.New(openTest(t, c))
	}
}

// filled makes a database with the schema, and answers its URL.
func filled(t testing.TB) string {
	t.Helper()
	return pgtest.Filled(t, "schema", func(url string) error {
		_, _, err := Migrate(context.Background(), Config{URL: url, AllowLoss: true})
		return err
	})
}

// openTest opens an engine that is closed with the test.
func openTest(t testing.TB, c Config) *engine {
	t.Helper()
	c.AllowLoss = true // the server of the tests doesn't sync
	e, err := openEngine(t.Context(), c, migrations())
	if err != nil {
		t.Fatalf("open %s: %v", c.URL, err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return e
}

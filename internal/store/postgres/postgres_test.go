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

// TestStore plays the suite, and then asks the server how it would run each statement
// that it was asked for.
func TestStore(t *testing.T) {
	all := &heard{texts: map[string]bool{}}
	storetest.Run(t, openAgain(Config{Pool: 8}, func(url string) string { return url }, all.listen))
	all.wantSearches(t)
}

// openAgain opens the database of a test, the same one at each call, by the way that
// through answers. see sees each engine before it is closed.
func openAgain(c Config, through func(url string) string, see func(*testing.T, *engine)) storetest.Open {
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
		e := openTest(t, c)
		t.Cleanup(func() { see(t, e) })
		return store.New(e)
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

package sqlite

import (
	"path/filepath"
	"sync"
	"testing"

	"matricula/internal/account"
	"matricula/internal/store"
	"matricula/internal/store/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, openAgain(func(t *testing.T, e *engine) {}))
}

// openAgain opens the database of a test, the same one at each call, and shows the
// engine to see.
func openAgain(see func(*testing.T, *engine)) storetest.Open {
	var mu sync.Mutex
	paths := map[string]string{}
	return func(t *testing.T) account.Store {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		if paths[t.Name()] == "" {
			paths[t.Name()] = filepath.Join(t.TempDir(), "test.db")
		}
		e := openTest(t, Config{Path: paths[t.Name()], Migrate: true})
		see(t, e)
		return store.New(e)
	}
}

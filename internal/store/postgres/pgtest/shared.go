package pgtest

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
)

// shared is the server of this process.
var shared struct {
	sync.Mutex
	server    *Server
	err       error
	templates map[string]string // what fill has filled, by its key
}

// Shared answers the server that all tests of the process share. Without an
// installed PostgreSQL the test is skipped, or fails where all tests are wanted
// (TEST_ALL=1).
func Shared(t testing.TB) *Server {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = Start(context.Background(), Config{})
	}
	OrSkip(t, shared.err)
	return shared.server
}

// OrSkip ends a test that can't have its server.
func OrSkip(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, ErrMissing) && os.Getenv("TEST_ALL") != "1":
		t.Skip(err)
	default:
		t.Fatal(err)
	}
}

// Database makes an empty database on the shared server, which goes with the test,
// and answers the URL that leads to it.
func Database(t testing.TB) string {
	t.Helper()
	return database(t, "")
}

// Filled makes a database like Database does, a copy of one that fill was called
// for: once in the process for each key, with its URL. fill leaves no connection.
func Filled(t testing.TB, key string, fill func(url string) error) string {
	t.Helper()
	s := Shared(t)
	shared.Lock()
	defer shared.Unlock()
	template, made := shared.templates[key]
	if !made {
		name, err := s.Make(context.Background(), "")
		if err == nil {
			err = fill(s.URL(name))
		}
		if err != nil {
			t.Fatal(err)
		}
		if shared.templates == nil {
			shared.templates = map[string]string{}
		}
		shared.templates[key], template = name, name
	}
	return database(t, template) // in turn: a template that is being copied can't be copied
}

func database(t testing.TB, like string) string {
	t.Helper()
	s := shared.server
	if like == "" {
		s = Shared(t)
	}
	name, err := s.Make(context.Background(), like)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Drop(context.Background(), name); err != nil {
			t.Error(err)
		}
	})
	return s.URL(name)
}

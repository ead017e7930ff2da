package sqlite

import (
	"context"
	"io/fs"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"matricula/internal/account"
	"matricula/internal/store"
	"matricula/internal/token"
)

// upTo is the program's migrations up to the one of this name.
func upTo(t *testing.T, last string) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	names, err := fs.Glob(migrations(), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		octets, err := fs.ReadFile(migrations(), name)
		if err != nil {
			t.Fatal(err)
		}
		if name <= last {
			files[name] = &fstest.MapFile{Data: octets}
		}
	}
	return files
}

// TestFailuresOutliveTheirLanes: who was counted when there was one count for
// everybody is counted among strangers from then on.
func TestFailuresOutliveTheirLanes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	older, err := openEngine(t.Context(), Config{Path: path, Migrate: true}, upTo(t, "00001_start.sql"))
	if err != nil {
		t.Fatal(err)
	}
	address := token.Digest{1}
	err = older.Update(t.Context(), nil, func(ctx context.Context, w store.Writer) error {
		_, err := w.Exec(ctx, "INSERT INTO failures (address, count, last_at) VALUES ($1, 7, 1000000)", address[:])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := older.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Config{Path: path, Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	got, err := s.Read(t.Context()).Failures(address, token.Digest{})
	if want := (account.Failures{Count: 7, LastAt: time.Unix(1, 0).UTC()}); err != nil || got != want {
		t.Errorf("got %v and %v, want %v", got, err, want)
	}
}

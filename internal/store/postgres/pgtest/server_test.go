package pgtest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"testing"
	"time"
)

// TestServer kills a server and starts it again: what was written is there. Stopped,
// it leaves nothing behind.
func TestServer(t *testing.T) {
	s, err := Start(t.Context(), Config{Settings: []string{"max_connections=17"}})
	OrSkip(t, err)
	t.Cleanup(func() { _ = s.Stop() })
	do := func(statements ...string) {
		t.Helper()
		if err := s.Do(t.Context(), "postgres", statements...); err != nil {
			t.Fatal(err)
		}
	}
	do("CREATE TABLE t (x INT)", "INSERT INTO t VALUES (1)", "DO $$ BEGIN ASSERT current_setting('max_connections') = '17'; END $$")
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := s.Do(t.Context(), "postgres", "SELECT 1"); err == nil {
		t.Error("a killed server answered")
	}
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	do("DO $$ BEGIN ASSERT (SELECT x FROM t) = 1; END $$")
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(s.Dir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory is still there: %v", err)
	}
	if conn, err := net.DialTimeout("tcp", fmt.Sprint("127.0.0.1:", s.Port()), time.Second); err == nil {
		_ = conn.Close()
		t.Error("somebody still listens")
	}
}

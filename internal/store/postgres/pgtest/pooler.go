package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrNoPooler says that PgBouncer is not installed.
var ErrNoPooler = fmt.Errorf("%w: PgBouncer is what is lacking: apt-get install pgbouncer", ErrMissing)

// poolerOf is what PgBouncer is told. Whoever gets to its socket is the superuser.
const poolerOf = `
[databases]
* = host=%[1]s port=%[2]d user=%[3]s

[pgbouncer]
pool_mode = %[4]s
auth_type = any
listen_addr =
listen_port = %[5]d
unix_socket_dir = %[1]s
default_pool_size = 8
logfile =
`

// Pooler starts a PgBouncer before the server, in pool_mode "transaction",
// "session" or "statement", which ends with the test, and answers what leads to a
// database through it.
func (s *Server) Pooler(t testing.TB, mode string) func(database string) string {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program = "/usr/sbin/pgbouncer"
	}
	if _, err := os.Stat(program); err != nil {
		OrSkip(t, ErrNoPooler)
	}
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(s.dir, fmt.Sprintf("pgbouncer-%d.ini", port))
	if err := os.WriteFile(file, fmt.Appendf(nil, poolerOf, s.dir, s.port, Superuser, mode, port), 0o644); err != nil { // for its user
		t.Fatal(err)
	}
	cmd := s.command(context.Background(), "/bin/sh", "-c", `"$1" -q "$2" 2>"$2.log" & cat; kill -INT $!; wait`, "nanny", program, file)
	leash, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(leash.Close(), cmd.Wait()) })
	to := func(database string) string {
		return fmt.Sprintf("postgres://%s@/%s?host=%s&port=%d", Superuser, database, url.QueryEscape(s.dir), port)
	}
	awaitPooler(t, to("postgres"), file+".log")
	return to
}

func awaitPooler(t testing.TB, url, log string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTime)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, url)
		if err == nil {
			_ = conn.Close(ctx)
			return
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			said, _ := os.ReadFile(log)
			t.Fatalf("PgBouncer does not answer: %v\n%s", err, said)
		}
	}
}

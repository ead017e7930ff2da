package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
)

// Follow makes a standby, and has the server answer no commit from then on that the
// standby hasn't written too
// (https://www.postgresql.org/docs/current/warm-standby.html#SYNCHRONOUS-REPLICATION).
func (s *Server) Follow(ctx context.Context) (*Server, error) {
	dir, err := os.MkdirTemp(filepath.Dir(s.dir), "pg-")
	if err != nil {
		return nil, err
	}
	standby := &Server{dir: dir, bin: s.bin, ids: s.ids, password: s.password}
	standby.made.Store(s.made.Load())
	if err := standby.follow(ctx, s); err != nil {
		return nil, errors.Join(err, standby.Stop())
	}
	return standby, nil
}

func (s *Server) follow(ctx context.Context, primary *Server) error {
	if err := s.own(); err != nil {
		return err
	}
	cmd := s.command(ctx, filepath.Join(s.bin, "pg_basebackup"), "-D", s.data(), "-h", primary.dir, "-p", fmt.Sprint(primary.port),
		"-U", Superuser, "--write-recovery-conf", "--checkpoint=fast", "--no-sync")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("pg_basebackup: %w\n%s", err, out)
	}
	if err := s.settle(); err != nil { // after the primary's own, so that they win
		return err
	}
	if err := s.Run(ctx); err != nil {
		return err
	}
	return primary.awaitStandby(ctx)
}

// awaitStandby waits for the standby at every commit, and first until it has all that was
// committed before.
func (s *Server) awaitStandby(ctx context.Context) error {
	if err := s.Do(ctx, "postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for {
		var waits bool
		err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming')").Scan(&waits)
		if err != nil {
			return fmt.Errorf("the standby does not follow: %w", err)
		}
		if waits {
			_, err := conn.Exec(ctx, "SELECT pg_current_xact_id()") // commits behind all others
			return err
		}
		<-time.After(10 * time.Millisecond)
	}
}

// Promote makes the standby a server of its own. The one that it has followed must have
// ended.
func (s *Server) Promote(ctx context.Context) error {
	return s.Do(ctx, "postgres", "SELECT pg_promote()")
}

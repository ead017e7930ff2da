package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"matricula/internal/account"
	"matricula/internal/store"
	"matricula/internal/store/postgres/pgtest"
)

// someTime is when the tests happen.
var someTime = time.Unix(1_800_000_000, 0).UTC()

// openStore opens a database of its own, with the schema.
func openStore(t testing.TB, c Config) (*store.Store, *engine) {
	t.Helper()
	if c.URL == "" {
		c.URL = filled(t)
	}
	e := openTest(t, c)
	return store.New(e), e
}

// adding adds an account with this address.
func adding(address string) func(account.Tx) error {
	return func(tx account.Tx) error {
		_, err := tx.AddAccount(account.Account{
			Email: account.Address{Text: address, Key: address}, Name: "A name", CreatedAt: someTime,
		}, "")
		return err
	}
}

func wantThere(t *testing.T, s *store.Store, address string, wanted bool) {
	t.Helper()
	_, err := s.Read(t.Context()).AccountByEmail(address)
	if there := err == nil; there != wanted || err != nil && !errors.Is(err, account.NotFound) {
		t.Errorf("%s: got %v, want it there %v", address, err, wanted)
	}
}

// TestConflictRunsAgain has two changes each read what the other writes: one of them
// must run again, and then sees what the first has written.
func TestConflictRunsAgain(t *testing.T) {
	s, e := openStore(t, Config{})
	var read sync.WaitGroup
	read.Add(2)
	var runs atomic.Int64
	together := func(mine, other string) error {
		first := true
		return s.Update(context.Background(), func(tx account.Tx) error {
			runs.Add(1)
			_, err := tx.AccountByEmail(other)
			if first {
				first = false
				read.Done()
				read.Wait()
			}
			if !errors.Is(err, account.NotFound) {
				return err
			}
			return adding(mine)(tx)
		})
	}
	var one, two error
	var both sync.WaitGroup
	both.Go(func() { one = together("ada@x.test", "bob@x.test") })
	both.Go(func() { two = together("bob@x.test", "ada@x.test") })
	both.Wait()
	if err := errors.Join(one, two); err != nil {
		t.Fatal(err)
	}
	accounts, err := s.Read(t.Context()).Accounts(0, 10)
	if err != nil || len(accounts) != 1 {
		t.Errorf("got %d accounts and %v, want one: each asked whether the other was there", len(accounts), err)
	}
	if runs.Load() != 3 || e.Stats().Waits != 1 || e.Stats().Failed != 0 {
		t.Errorf("got %d runs and %+v, want 3 runs, one that met another, and none that failed", runs.Load(), e.Stats())
	}
}

// TestTakenIsNoConflict adds what is there already: it is refused, and not tried for
// long.
func TestTakenIsNoConflict(t *testing.T) {
	s, _ := openStore(t, Config{})
	if err := s.Update(t.Context(), adding("ada@x.test")); err != nil {
		t.Fatal(err)
	}
	runs := 0
	err := s.Update(t.Context(), func(tx account.Tx) error {
		runs++
		return adding("ada@x.test")(tx)
	})
	if account.CodeOf(err) != account.Taken || runs != 2 {
		t.Errorf("got %v after %d runs, want Taken after 2", err, runs)
	}
}

// TestSwallowedErrorIsNotKept has a change go on after a row was refused: the server
// keeps nothing of it, and so it may not be answered as done.
func TestSwallowedErrorIsNotKept(t *testing.T) {
	s, _ := openStore(t, Config{})
	if err := s.Update(t.Context(), adding("ada@x.test")); err != nil {
		t.Fatal(err)
	}
	err := s.Update(t.Context(), func(tx account.Tx) error {
		_ = adding("ada@x.test")(tx)
		_ = adding("bob@x.test")(tx)
		return nil
	})
	if account.CodeOf(err) != account.Taken {
		t.Errorf("got %v, want Taken", err)
	}
	wantThere(t, s, "bob@x.test", false)
}

// TestKeptWriterIsOver keeps the writer of a change.
func TestKeptWriterIsOver(t *testing.T) {
	s, _ := openStore(t, Config{})
	var kept account.Tx
	if err := s.Update(t.Context(), func(tx account.Tx) error { kept = tx; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := adding("ada@x.test")(kept); !errors.Is(err, errOver) {
		t.Errorf("got %v, want errOver", err)
	}
	if err := kept.AddEvent(account.Event{At: someTime}); !errors.Is(err, errOver) {
		t.Errorf("got %v, want errOver", err)
	}
}

// wantBusy asks for a refusal that says when to come again.
func wantBusy(t *testing.T, err error) {
	t.Helper()
	refusal, ok := errors.AsType[*account.Error](err)
	if !ok || refusal.Code != account.Busy || refusal.RetryAfter <= 0 {
		t.Errorf("got %v, want Busy with a time", err)
	}
}

// sleeping is a change that takes long.
func sleeping(ctx context.Context, w store.Writer) error {
	_, err := w.Exec(ctx, "SELECT pg_sleep(20)")
	return err
}

// TestTimeouts lets statements sleep and wait for one another.
func TestTimeouts(t *testing.T) {
	s, e := openStore(t, Config{StatementTimeout: 200 * time.Millisecond, LockTimeout: 50 * time.Millisecond, ConnectTimeout: 200 * time.Millisecond, Pool: 4})
	nothing := func(store.Row) error { return nil }
	err := e.Query(t.Context(), nothing, "SELECT pg_sleep(20)")
	if code(err) != queryCanceled || !e.Unavailable(err) {
		t.Errorf("a statement that takes long: got %v, want the server to end it", err)
	}
	err = e.Update(t.Context(), nil, sleeping)
	if code(err) != queryCanceled {
		t.Errorf("a statement in a change: got %v, want the server to end it", err)
	}
	if err := s.Update(t.Context(), adding("ada@x.test")); err != nil {
		t.Fatal(err)
	}
	rename := func(tx account.Tx) error { return tx.SetAccount(account.Account{ID: 1, Name: "Another"}) }
	err = s.Update(t.Context(), func(tx account.Tx) error {
		if err := rename(tx); err != nil {
			return err
		}
		wantBusy(t, s.Update(context.Background(), rename)) // waits for the first
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestPoolIsBounded takes every connection: changes are refused after a while, and
// reads have some of their own.
func TestPoolIsBounded(t *testing.T) {
	s, _ := openStore(t, Config{ConnectTimeout: 100 * time.Millisecond, Pool: 4})
	var held, done sync.WaitGroup
	end := make(chan struct{})
	for range 3 {
		held.Add(1)
		done.Go(func() {
			err := s.Update(context.Background(), func(tx account.Tx) error {
				_, err := tx.Tags()
				held.Done()
				<-end
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	held.Wait()
	wantBusy(t, s.Update(t.Context(), adding("ada@x.test")))
	if _, err := s.Read(t.Context()).Tags(); err != nil {
		t.Errorf("a read beside changes that hold on: %v", err)
	}
	close(end)
	done.Wait()
	if err := s.Update(t.Context(), adding("ada@x.test")); err != nil {
		t.Error(err)
	}
}

// TestCutConnections ends every connection on the server's side: reads and changes
// don't notice, even in the middle of a change.
func TestCutConnections(t *testing.T) {
	s, e := openStore(t, Config{Pool: 6})
	cut := func() {
		run(t, e.config.URL, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	}
	for i := range 3 {
		address := fmt.Sprintf("p%d@x.test", i)
		cut()
		if _, err := s.Read(t.Context()).Tags(); err != nil {
			t.Errorf("a read after the cut: %v", err)
		}
		cut()
		if err := s.Update(t.Context(), adding(address)); err != nil {
			t.Errorf("a change after the cut: %v", err)
		}
		runs := 0
		err := s.Update(t.Context(), func(tx account.Tx) error {
			runs++
			if err := adding("again-" + address)(tx); err != nil {
				return err
			}
			if runs == 1 {
				cut()
			}
			_, err := tx.Tags()
			return err
		})
		if err != nil || runs != 2 {
			t.Errorf("a change that was cut: got %v after %d runs, want it done after 2", err, runs)
		}
		wantThere(t, s, address, true)
		wantThere(t, s, "again-"+address, true)
	}
}

// TestServerIsKilled kills the server under changes, and starts it again: whatever
// was answered is there, and the engine goes on by itself.
func TestServerIsKilled(t *testing.T) {
	server, err := pgtest.Start(t.Context(), pgtest.Config{Durable: true})
	pgtest.OrSkip(t, err)
	t.Cleanup(func() { _ = server.Stop() })
	s, _ := openStore(t, Config{URL: server.URL("postgres"), Migrate: true, Pool: 8, ConnectTimeout: 2 * time.Second})
	var mu sync.Mutex
	var answered []string
	for round := range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		enough := make(chan struct{})
		once := sync.OnceFunc(func() { close(enough) })
		var workers sync.WaitGroup
		for worker := range 6 {
			workers.Go(func() {
				for i := 0; ctx.Err() == nil; i++ {
					address := fmt.Sprintf("p%d.%d.%d@x.test", round, worker, i)
					err := s.Update(ctx, adding(address))
					switch {
					case err == nil:
						mu.Lock()
						answered = append(answered, address)
						mu.Unlock()
						if i == 5 {
							once()
						}
					case account.CodeOf(err) == account.Busy, ctx.Err() != nil:
					case account.CodeOf(err) == account.Taken: // the first try was committed, and its answer lost
					default:
						t.Errorf("%s: %v", address, err)
					}
				}
			})
		}
		<-enough
		if err := server.Kill(); err != nil {
			t.Fatal(err)
		}
		wantBusy(t, s.Update(t.Context(), adding("nobody@x.test")))
		_, err := s.Read(t.Context()).Tags()
		wantBusy(t, err)
		if err := server.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Update(t.Context(), adding(fmt.Sprintf("after%d@x.test", round))); err != nil {
			t.Errorf("round %d: after the server is back: %v", round, err)
		}
		cancel()
		workers.Wait()
		for _, address := range answered {
			wantThere(t, s, address, true)
		}
	}
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestLostAnswerOfACommit cuts the line when COMMIT has gone to the server and its
// answer not come back: the change is done, and must not be answered so, nor run
// again.
func TestLostAnswerOfACommit(t *testing.T) {
	url := filled(t)
	line := newLine(t, pgtest.Shared(t))
	through := fmt.Sprintf("postgres://%s@%s/%s?default_query_exec_mode=exec", pgtest.Superuser, line.addr, name(t, url))
	through = strings.Replace(through, "@", ":a%20password%20of%20the%20tests@", 1)
	s, _ := openStore(t, Config{URL: through})
	line.cut.Store(true)
	runs := 0
	err := s.Update(t.Context(), func(tx account.Tx) error {
		runs++
		return adding("ada@x.test")(tx)
	})
	wantBusy(t, err)
	if !isUnknown(err) || runs != 1 {
		t.Errorf("got %v after %d runs, want one that isn't known after 1", err, runs)
	}
	line.cut.Store(false)
	wantThere(t, s, "ada@x.test", true)
}

// line carries octets to a server, and cuts off what has sent COMMIT.
type line struct {
	addr net.Addr
	cut  atomic.Bool
}

func newLine(t *testing.T, server *pgtest.Server) *line {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	l := &line{addr: ln.Addr()}
	go func() {
		for {
			near, err := ln.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", server.Port()))
			if err != nil {
				_ = near.Close()
				return
			}
			go l.carry(near, far)
		}
	}()
	return l
}

// carry carries until one end ends. Behind COMMIT the answers are read to the end and
// not handed on.
func (l *line) carry(near, far net.Conn) {
	defer near.Close()
	var deaf atomic.Bool
	go func() {
		defer far.Close()
		buffer := make([]byte, 64<<10)
		for {
			n, err := near.Read(buffer)
			if l.cut.Load() && bytes.Contains(buffer[:n], []byte("COMMIT")) {
				deaf.Store(true)
			}
			if _, failed := far.Write(buffer[:n]); err != nil || failed != nil {
				return
			}
		}
	}()
	buffer := make([]byte, 64<<10)
	for {
		n, err := far.Read(buffer)
		if err != nil || deaf.Load() {
			return // the server has answered
		}
		if _, err := near.Write(buffer[:n]); err != nil && !errors.Is(err, io.EOF) {
			return
		}
	}
}

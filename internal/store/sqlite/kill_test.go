package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"matricula/internal/store"
)

// childOf names the database for the process that TestKill starts.
const childOf = "MATRICULA_TEST_KILL"

func TestMain(m *testing.M) {
	if path := os.Getenv(childOf); path != "" {
		child(path)
	}
	os.Exit(m.Run())
}

// child adds accounts, many at once, and says which ones were answered, until it
// is killed.
func child(path string) {
	s, err := Open(context.Background(), Config{Path: path, Migrate: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var mu sync.Mutex
	for worker := range 8 {
		go func() {
			for i := 0; ; i++ {
				address := fmt.Sprintf("p%d.%d.%d", os.Getpid(), worker, i)
				if err := s.Update(context.Background(), adding(address, 100)); err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				mu.Lock()
				fmt.Println(address)
				mu.Unlock()
			}
		}()
	}
	select {}
}

// TestKill kills a process that writes, again and again, and looks for everything
// that it was answered.
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	var answered []string
	for round := range 5 {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), childOf+"="+path)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			answered = append(answered, lines.Text())
			if n == 50*round {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait() // it was killed

		s := store.New(openTest(t, Config{Path: path, Migrate: true}))
		for _, address := range answered {
			wantThere(t, s, address, true)
		}
		if err := s.Check(t.Context()); err != nil {
			t.Errorf("round %d: %v", round, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(answered) < 500 {
		t.Errorf("got %d answers, want some hundreds", len(answered))
	}
}

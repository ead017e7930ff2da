package main

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func inData(t *testing.T) config {
	return config{settings: settings{Data: t.TempDir()}}
}

func TestOneServerHoldsTheLock(t *testing.T) {
	c := inData(t)
	first, err := c.lockData()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.lockData(); err == nil || !strings.Contains(err.Error(), "another server runs on "+c.Data) {
		t.Errorf("a second server: got %v", err)
	}
	if err := first.release(false); err != nil {
		t.Error(err)
	}
	next, err := c.lockData()
	if err != nil {
		t.Fatal(err)
	}
	if err := next.release(true); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(c.lockPath()); err != nil {
		t.Errorf("a lock file that was there before is gone: %v", err)
	}
}

func TestRefusedStartLeavesNoLock(t *testing.T) {
	c := inData(t)
	l, err := c.lockData()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.release(true); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(c.Data); len(left) != 0 {
		t.Errorf("%v is left", left)
	}
}

// TestLockIsOfTheNamedFile has one start look at a lock file that another, which
// was refused, takes away at that moment.
func TestLockIsOfTheNamedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	open, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	if !isStill(open, path) {
		t.Error("the file is not the one that its name leads to")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if isStill(open, path) {
		t.Error("a file without a name is taken for the lock")
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if isStill(open, path) {
		t.Error("the file of another start is taken for ours")
	}
}

func TestSecretIsMadeOnce(t *testing.T) {
	c := inData(t)
	made := make([]string, 20)
	var all sync.WaitGroup
	for i := range made {
		all.Go(func() {
			if err := makeSecretFile(c.secretPath()); err != nil {
				t.Error(err)
			}
			master, err := readSecretFile(c.secretPath())
			if err != nil {
				t.Error(err)
				return
			}
			made[i] = string(master.Key("test"))
		})
	}
	all.Wait()
	for i := range made {
		if made[i] != made[0] {
			t.Fatalf("start %d has a secret of its own", i)
		}
	}
	info, err := os.Stat(c.secretPath())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v, want mode 0600", info.Mode(), err)
	}
	if left, _ := os.ReadDir(c.Data); len(left) != 1 {
		t.Errorf("%v is left", left)
	}
}

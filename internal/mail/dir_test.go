package mail

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func newDir(t *testing.T, path string) *Dir {
	t.Helper()
	d, err := NewDir(path)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// subjects answers the subjects of all mails in the order of their files' names.
func subjects(t *testing.T, d *Dir) []string {
	t.Helper()
	list, err := d.List()
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(list)
	var got []string
	for _, s := range list {
		got = append(got, s.Subject)
	}
	return got
}

func TestDirKeepsMails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "mail")
	d := newDir(t, path)
	m := message()
	m.Subject = "Bestätige «Läufer»"
	if err := d.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	list, err := d.List()
	if err != nil || len(list) != 1 {
		t.Fatalf("got %v, %v, want one mail", list, err)
	}
	if list[0].Text != "" || list[0].HTML != "" {
		t.Error("the list carries bodies")
	}
	got, err := d.Open(list[0].Name)
	if err != nil {
		t.Fatal(err)
	}
	want := Stored{
		Name: list[0].Name, From: `"Campus Clubs" <no-reply@clubs.example.edu>`, To: m.To, Subject: m.Subject,
		Date: got.Date, Text: m.Text, HTML: m.HTML,
	}
	if got != want || !got.Date.Equal(m.Date) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for name, mode := range map[string]fs.FileMode{"": fs.ModeDir | 0o700, got.Name: 0o600} {
		info, err := os.Stat(filepath.Join(path, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != mode {
			t.Errorf("%q: got mode %v, want %v", name, info.Mode(), mode)
		}
	}
}

// TestDirNamesSort: by time, by sequence within one moment, and in the order of
// sending also when the clock is set back or the program starts again.
func TestDirNamesSort(t *testing.T) {
	path := t.TempDir()
	d := newDir(t, path)
	now := message().Date
	dates := []time.Time{now, now, now.Add(time.Second), now.Add(-time.Hour), now.In(time.FixedZone("", 8*3600)), now.Add(time.Hour)}
	var want []string
	for i := range 3 * len(dates) {
		if i%4 == 3 {
			d = newDir(t, path) // as after a restart
		}
		m := message()
		m.Date = dates[i%len(dates)]
		m.Subject = fmt.Sprintf("mail %d", i)
		if err := d.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		want = append(want, m.Subject)
	}
	if got := subjects(t, d); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDirIsBounded(t *testing.T) {
	d := newDir(t, t.TempDir())
	for i := range MaxListed + 3 {
		m := message()
		m.Subject = fmt.Sprintf("mail %d", i)
		if err := d.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	got := subjects(t, d)
	if len(got) != MaxListed || got[0] != "mail 3" {
		t.Errorf("got %d mails from %q on, want the newest %d", len(got), got[0], MaxListed)
	}
}

func TestDirTakesManyAtOnce(t *testing.T) {
	path := t.TempDir()
	dirs := []*Dir{newDir(t, path), newDir(t, path)} // as of two programs
	var senders sync.WaitGroup
	for i := range 40 {
		senders.Go(func() {
			if err := dirs[i%2].Send(t.Context(), message()); err != nil {
				t.Error(err)
			}
		})
	}
	senders.Wait()
	entries, err := os.ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, err := dirs[0].Open(e.Name()); err != nil {
			t.Error(err)
		}
	}
	if len(entries) != 40 {
		t.Errorf("got %d files, want 40", len(entries))
	}
}

func TestDirOpensOnlyItsMails(t *testing.T) {
	parent := t.TempDir()
	path := filepath.Join(parent, "mail")
	d := newDir(t, path)
	if err := d.Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	list, err := d.List()
	if err != nil {
		t.Fatal(err)
	}
	name := list[0].Name
	// A good name in the wrong place, and one that leads out.
	if err := os.Rename(filepath.Join(path, name), filepath.Join(parent, name)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join("..", name), filepath.Join(path, name)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Open(name); err == nil {
		t.Error("a symbolic link led out of the directory")
	}
	put(t, parent, "secret", "secret")
	put(t, path, "notes.eml", "From: x\r\n\r\n")
	for _, bad := range []string{
		"", ".", "..", "../secret", "../" + name, "/etc/passwd", filepath.Join(parent, name), "notes.eml", name + "\x00",
		name + "/..", "./" + name, strings.ToUpper(name), name + "\n", "..\\" + name,
		"20261122T101530.123456Z-00000001-00000000.eml",
	} {
		if _, err := d.Open(bad); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: got %v, want %v", bad, err, fs.ErrNotExist)
		}
	}
	if got := subjects(t, d); len(got) != 0 {
		t.Errorf("got %q, want none", got)
	}
}

func TestDirPassesOverDamage(t *testing.T) {
	path := t.TempDir()
	d := newDir(t, path)
	if err := d.Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	put(t, path, "20261122T101530.123456Z-00000007-00000000.eml", "")
	put(t, path, "20261122T101530.123456Z-00000008-00000000.eml", strings.Repeat("x", maxFile+1))
	put(t, path, ".writing-123", "half a mai")
	if got := subjects(t, d); len(got) != 1 {
		t.Errorf("got %q, want the one mail", got)
	}
}

func TestDirSaysWhatIsWrong(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	put(t, filepath.Dir(file), "file", "")
	if _, err := NewDir(file); err == nil {
		t.Error("a file was taken for a directory")
	}
	d := newDir(t, filepath.Join(t.TempDir(), "mail"))
	bad := message()
	bad.Subject = "a\nb"
	if err := d.Send(t.Context(), bad); !Permanent(err) {
		t.Errorf("got %v, want a permanent error", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Send(ended, message()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if err := os.Remove(d.String()); err != nil {
		t.Fatal("something was written: ", err)
	}
	if err := d.Send(t.Context(), message()); err == nil || Permanent(err) {
		t.Errorf("got %v, want an error that passes", err)
	}
}

func FuzzParseStored(f *testing.F) {
	e, err := seal(message())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(e.data)
	f.Add([]byte("Date: x\r\n\r\n"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = parseStored(data) // whatever it says, it returns
	})
}

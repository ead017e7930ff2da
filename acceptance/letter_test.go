package acceptance

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"matricula/acceptance/outside"
)

// letter is a mail as its reader sees it.
type letter struct{ outside.Letter }

func readLetter(raw []byte) (letter, error) {
	l, err := outside.ReadLetter(raw)
	return letter{l}, err
}

// link answers the link that the mail was written for.
func (l letter) link(t *testing.T) *url.URL {
	t.Helper()
	u := l.Link()
	if u == nil {
		t.Fatalf("the mail %q to %s has no link:\n%s", l.Subject, l.To, l.Text)
	}
	return u
}

// letters answers the mails in the data directory, oldest first.
func (in *installation) letters(t *testing.T) []letter {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(in.data, "mail", "*.eml"))
	if err != nil {
		t.Fatal(err)
	}
	var all []letter
	for _, path := range paths { // sorted by name, which is by time
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		l, err := readLetter(raw)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		in.secrets.Add(l.Secret())
		all = append(all, l)
	}
	return all
}

// lettersTo answers those to one address.
func (in *installation) lettersTo(t *testing.T, to string) []letter {
	t.Helper()
	var his []letter
	for _, l := range in.letters(t) {
		if l.To == to {
			his = append(his, l)
		}
	}
	return his
}

// mailTime is how long a mail may be on its way while nothing is broken.
const mailTime = 15 * time.Second

// newLetter waits until an address has n mails, and answers the newest.
func (in *installation) newLetter(t *testing.T, to string, n int) letter {
	t.Helper()
	var his []letter
	eventually(t, mailTime, "the mail to "+to, func() bool {
		his = in.lettersTo(t, to)
		return len(his) >= n
	})
	if len(his) > n {
		t.Fatalf("%s has %d mails, want %d", to, len(his), n)
	}
	return his[n-1]
}

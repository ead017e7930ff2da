package attack

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"matricula/acceptance/outside"
)

// letter is a mail as its reader sees it.
type letter = outside.Letter

// letters answers the mails to an address, oldest first.
func (a *attacker) letters(to string) []letter {
	a.t.Helper()
	a.wantSide()
	paths, err := filepath.Glob(filepath.Join(a.data, "mail", "*.eml"))
	if err != nil {
		a.t.Fatal(err)
	}
	var his []letter
	for _, path := range paths { // sorted by name, which is by time
		l, err := open(path)
		if err != nil {
			a.t.Fatal(err)
		}
		a.used.Add(l.Secret())
		if l.To == to {
			his = append(his, l)
		}
	}
	return his
}

// opened are the letters that were read, by the paths of their files, which never
// change: many attacks look for theirs among them, again and again.
var opened sync.Map

func open(path string) (letter, error) {
	if l, ok := opened.Load(path); ok {
		return l.(letter), nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return letter{}, err
	}
	l, err := outside.ReadLetter(raw)
	if err != nil {
		return letter{}, fmt.Errorf("%s: %w", path, err)
	}
	opened.Store(path, l)
	return l, nil
}

// mailTime is how long a mail may be on its way.
const mailTime = 15 * time.Second

// newLetter waits until an address has n mails, and answers the newest.
func (a *attacker) newLetter(to string, n int) letter {
	a.t.Helper()
	var his []letter
	if !outside.Poll(mailTime, func() bool { his = a.letters(to); return len(his) >= n }) {
		a.t.Fatalf("%s has %d mails after %v, want %d", to, len(his), mailTime, n)
	}
	if len(his) > n {
		a.t.Fatalf("%s has %d mails, want %d", to, len(his), n)
	}
	return his[n-1]
}

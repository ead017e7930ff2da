package linear

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/anishathalye/porcupine"
)

// verdict is what the two judges say of one history.
type verdict struct {
	user         *user
	history      []call
	ended, taken *call // by the direct rule, nil where it holds
	result       porcupine.CheckResult
	info         porcupine.LinearizationInfo
}

func (v verdict) broken() bool { return v.taken != nil || v.result != porcupine.Ok }

// judge judges a history.
func judge(u *user) verdict {
	u.mu.Lock()
	history := slices.Clone(u.history)
	u.mu.Unlock()
	slices.SortStableFunc(history, func(a, b call) int { return cmp.Compare(a.Begun, b.Begun) })
	v := verdict{user: u, history: history}
	v.ended, v.taken = late(history)
	v.result, v.info = linearize(history)
	return v
}

// judgeAll judges the histories of a run, and answers those that break a promise.
func judgeAll(users []*user) []verdict {
	var mu sync.Mutex
	var broken []verdict
	var judges sync.WaitGroup
	next := make(chan *user)
	for range 2 {
		judges.Go(func() {
			for u := range next {
				if v := judge(u); v.broken() {
					mu.Lock()
					broken = append(broken, v)
					mu.Unlock()
				}
			}
		})
	}
	for _, u := range users {
		next <- u
	}
	close(next)
	judges.Wait()
	return broken
}

// keep writes a history down: for people, for programs, and as a picture.
func (v verdict) keep(dir string) error {
	file := func(ending string) string {
		return filepath.Join(dir, fmt.Sprintf("user-%d.%s", v.user.number, ending))
	}
	var lines strings.Builder
	for _, c := range v.history {
		fmt.Fprintln(&lines, c)
	}
	if err := os.WriteFile(file("txt"), []byte(lines.String()), 0o600); err != nil {
		return err
	}
	data, err := json.MarshalIndent(v.history, "", "\t")
	if err != nil {
		return err
	}
	if err := os.WriteFile(file("json"), data, 0o600); err != nil {
		return err
	}
	return porcupine.VisualizePath(model, v.info, file("html"))
}

// String says what is broken.
func (v verdict) String() string {
	text := fmt.Sprintf("the history of %s", v.user.email)
	if v.taken != nil {
		text += fmt.Sprintf("\n  %v after the answer to\n    %v\n  this began and was taken:\n    %v", since(v.ended, v.taken), *v.ended, *v.taken)
	}
	switch v.result {
	case porcupine.Illegal:
		text += "\n  has no order in which every answer is right"
	case porcupine.Unknown:
		text += fmt.Sprintf("\n  could not be judged within %v", patience)
	}
	return text
}

// fail keeps the broken histories and fails the test with where they are.
func fail(t *testing.T, broken []verdict) {
	t.Helper()
	if len(broken) == 0 {
		return
	}
	dir, err := keepingPlace()
	if err != nil {
		t.Fatal(err)
	}
	for n, v := range broken {
		if n == 10 {
			break
		}
		if err := v.keep(dir); err != nil {
			t.Error(err)
		}
		t.Error(v)
	}
	t.Errorf("%d histories are broken; the first of them, each with its picture, are in %s", len(broken), dir)
}

// keepingPlace is the directory of the flag, or a new one.
func keepingPlace() (string, error) {
	if *keepFlag == "" {
		return os.MkdirTemp("", "linear-histories-")
	}
	dir, err := filepath.Abs(*keepFlag)
	return dir, errors.Join(err, os.MkdirAll(dir, 0o700))
}

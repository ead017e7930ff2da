package acceptance

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// program is the built binary; movable is the same with the build tag testclock,
// whose clock a test moves.
var program, movable string

// TestMain builds both, with the flags in TEST_BUILD, such as -race. Neither that
// variable nor TEST_ALL has the program's prefix, for the program refuses what it
// doesn't know.
func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "matricula-acceptance-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program, movable = filepath.Join(dir, "matricula"), filepath.Join(dir, "matricula-testclock")
	flags := strings.Fields(os.Getenv("TEST_BUILD"))
	for _, args := range [][]string{{"-o", program}, {"-o", movable, "-tags", "testclock"}} {
		args = append(append([]string{"build"}, args...), flags...)
		build := exec.Command("go", append(args, "matricula/cmd/matricula")...)
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "the program does not build: %v\n%s", err, out)
			return 1
		}
	}
	return m.Run()
}

// sources looks at every file that the program is built from, once. go test takes
// an earlier result for good while nothing has changed that a test has looked at,
// and it sees neither what a compiler reads nor what TestMain does.
var sources = sync.OnceValue(func() error {
	for _, root := range []string{"../cmd", "../internal", "../go.mod", "../go.sum"} {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			_, err = os.Stat(path)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
})

// orSkip ends a test that lacks something of the machine: it is skipped, or fails
// where all tests are wanted.
func orSkip(t *testing.T, lacking string) {
	t.Helper()
	if os.Getenv("TEST_ALL") == "1" {
		t.Fatal(lacking)
	}
	t.Skip(lacking)
}

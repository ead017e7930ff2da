package acceptance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// program is the built binary; movable is the same with the build tag testclock,
// whose clock a test moves.
var program, movable string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "matricula-acceptance-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program, movable = filepath.Join(dir, "matricula"), filepath.Join(dir, "matricula-testclock")
	for _, args := range [][]string{{"-o", program}, {"-o", movable, "-tags", "testclock"}} {
		build := exec.Command("go", append(append([]string{"build"}, args...), "matricula/cmd/matricula")...)
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "the program does not build: %v\n%s", err, out)
			return 1
		}
	}
	return m.Run()
}

// orSkip ends a test that lacks something of the machine: it is skipped, or fails
// where all tests are wanted.
func orSkip(t *testing.T, lacking string) {
	t.Helper()
	if os.Getenv("MATRICULA_TEST_ALL") == "1" {
		t.Fatal(lacking)
	}
	t.Skip(lacking)
}

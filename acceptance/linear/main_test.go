package linear

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A run of one's own; without -ops the short ones are made.
var (
	opsFlag       = flag.Int("ops", 0, "calls to record at least")
	instancesFlag = flag.Int("instances", 3, "instances of the program")
	databaseFlag  = flag.String("database", "postgres", "sqlite or postgres")
	faultsFlag    = flag.String("faults", "none", "what to break: all, none, or some of "+strings.Join(faultNames(), ","))
	clientsFlag   = flag.Int("clients", 24, "clients at once, three for each account")
	seedFlag      = flag.Uint64("seed", 0, "of the random choices; 0 chooses one")
	keepFlag      = flag.String("keep", "", "directory for histories that fail; one in the temporary directory when empty")
)

// program is the built program, with a clock that tests move.
var program string

// TestMain builds it, with the flags in TEST_BUILD, such as -race.
func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	flag.Parse()
	dir, err := os.MkdirTemp("", "matricula-linear-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "matricula")
	args := append([]string{"build", "-o", program, "-tags", "testclock"}, strings.Fields(os.Getenv("TEST_BUILD"))...)
	if out, err := exec.Command("go", append(args, "matricula/cmd/matricula")...).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "the program does not build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// sources looks at every file that the program is built from. go test takes an
// earlier result for good while nothing has changed that a test has looked at, and
// it sees neither what a compiler reads nor what TestMain does.
func sources(t *testing.T) {
	t.Helper()
	for _, root := range []string{"../../cmd", "../../internal", "../../go.mod", "../../go.sum"} {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			_, err = os.Stat(path)
			return err
		})
		if err != nil && !os.IsNotExist(err) { // another test may be writing there
			t.Fatal(err)
		}
	}
}

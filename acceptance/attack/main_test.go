package attack

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// What is attacked. Without -url it is a server that the tests start themselves.
var (
	urlFlag = flag.String("url", os.Getenv("ATTACK_URL"), "server to attack, scheme://host:port; one of our own when empty")
	opsFlag = flag.String("ops", os.Getenv("ATTACK_OPS"), "where that server shows /metrics, scheme://host:port")
	dirFlag = flag.String("data", os.Getenv("ATTACK_DATA"), "data directory of that server, for commands and mails")
	logFlag = flag.String("log", os.Getenv("ATTACK_LOG"), "file that the server's log goes to")
	outFlag = flag.String("table", os.Getenv("ATTACK_TABLE"), "file to write the table to as well")
)

// builds is where programs are built, for as long as the tests run.
var builds string

// TestMain runs the attacks, stops the server, takes a last look at what it left
// behind, and prints the table. Many attacks wait for a time limit of the server's,
// so more of them run beside one another than there are processors.
func TestMain(m *testing.M) { os.Exit(runAttacks(m)) }

func runAttacks(m *testing.M) int {
	_ = flag.Set("test.parallel", "8") // one given on the command line wins
	flag.Parse()
	if flag.Lookup("test.list").Value.String() == "" {
		if err := prepare(); err != nil {
			fmt.Fprintln(os.Stderr, "attack:", err)
			return 2
		}
	}
	dir, err := os.MkdirTemp("", "matricula-attack-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	builds = dir
	status := m.Run()
	if !lastLook() {
		status = 1
	}
	if err := printTable(*outFlag); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	return status
}

// program is the built binary; movable is the same with the build tag testclock,
// whose clock a test moves.
var (
	program = sync.OnceValues(func() (string, error) { return build("matricula") })
	movable = sync.OnceValues(func() (string, error) { return build("matricula-testclock", "-tags", "testclock") })
)

// build builds the program with more flags, and those in TEST_BUILD, such as -race.
func build(name string, flags ...string) (string, error) {
	if err := look(); err != nil {
		return "", err
	}
	fmt.Fprintf(os.Stderr, "attack: building %s\n", name)
	path := filepath.Join(builds, name)
	args := append([]string{"build", "-o", path}, flags...)
	args = append(args, strings.Fields(os.Getenv("TEST_BUILD"))...)
	if out, err := exec.Command("go", append(args, "matricula/cmd/matricula")...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("the program does not build: %w\n%s", err, out)
	}
	return path, nil
}

// look looks at every file that the program is built from: go test takes an
// earlier result for good while nothing has changed that a test has looked at, and
// it doesn't see what a compiler reads.
func look() error {
	for _, root := range []string{"../../cmd", "../../internal", "../../go.mod", "../../go.sum"} {
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
}

// scale multiplies what an attack can have more or less of, such as connections:
// ATTACK_SCALE=10 is the whole attack, 1 is what every change has to pass.
func scale(n int) int {
	if factor, err := strconv.Atoi(os.Getenv("ATTACK_SCALE")); err == nil && factor > 0 {
		return n * factor
	}
	return n
}

// orSkip ends a test that lacks something of the machine: it is skipped, or fails
// where all tests are wanted.
func orSkip(t *testing.T, lacking string) {
	t.Helper()
	if os.Getenv("TEST_ALL") == "1" {
		t.Fatal(lacking)
	}
	t.Skip(lacking)
}

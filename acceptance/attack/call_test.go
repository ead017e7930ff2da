package attack

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// prepare reads the call: it puts the arguments into the flags and looks at what
// they name. What is wrong with a call is told before any attack, for an attack that
// fails says that the server is broken. The error is one line.
func prepare() error {
	for _, path := range []*string{dirFlag, logFlag, outFlag} {
		*path = fromHere(*path)
	}
	run := flag.Lookup("test.run").Value
	wanted, err := choose(run.String(), flag.Args())
	if err != nil {
		return err
	}
	if err := run.Set(wanted); err != nil {
		return err
	}
	if err := anyTest(wanted); err != nil {
		return err
	}
	if *urlFlag == "" {
		return nothingGiven()
	}
	return lookAtGiven()
}

// fromHere makes a path whole: make calls us in the folder of the sources, and tells
// in ATTACK_FROM where a path begins.
func fromHere(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	if whole, err := filepath.Abs(filepath.Join(os.Getenv("ATTACK_FROM"), path)); err == nil {
		return whole
	}
	return path
}

var (
	writtenID = regexp.MustCompile(`(?i)\b([a-z]{3})-?(\d\d)\b`)
	kindOrID  = regexp.MustCompile(`(?i)^[a-z]{3}(-?\d\d)?$`)
)

// choose answers the pattern of the tests that are wanted: by -test.run, and by ids or
// their first letters as arguments. An id may be written as the list has it, TOK-05.
func choose(run string, args []string) (string, error) {
	for _, arg := range args {
		if !kindOrID.MatchString(arg) {
			return "", fmt.Errorf("%q is no id such as RAT-01, nor the beginning of some, such as RAT; flags go before ids", arg)
		}
	}
	if len(args) > 0 && run != "" {
		return "", errors.New("give ids or -test.run, not both")
	}
	if len(args) > 0 {
		run = "^Test(" + strings.ToUpper(strings.Join(args, "|")) + ")"
	}
	top, rest, sub := strings.Cut(run, "/")
	for _, m := range writtenID.FindAllStringSubmatch(top, -1) {
		id := strings.ToUpper(m[1] + "-" + m[2])
		i := slices.IndexFunc(entries(), func(e entry) bool { return e.id == id })
		switch {
		case i < 0:
			return "", fmt.Errorf("there is no attack %s; acceptance/attack/testdata lists them", id)
		case entries()[i].reason != "":
			return "", fmt.Errorf("%s has no test yet: %s", id, entries()[i].reason)
		case lookedAtLast[id]:
			return "", fmt.Errorf("%s looks at what the others left behind: run some of them", id)
		}
	}
	top = writtenID.ReplaceAllStringFunc(top, func(id string) string { return strings.ToUpper(strings.ReplaceAll(id, "-", "")) })
	if sub {
		top += "/" + rest
	}
	return top, nil
}

// anyTest asks this very program which tests it has, for nobody else knows: a run
// without one would pass.
func anyTest(run string) error {
	if run == "" {
		return nil
	}
	top, _, _ := strings.Cut(run, "/")
	cmd := exec.Command(os.Args[0], "-test.list", top)
	out, err := cmd.Output()
	switch {
	case err != nil:
		return fmt.Errorf("-test.run %q is no pattern: %w", run, err)
	case !strings.HasPrefix(string(out), "Test"):
		return fmt.Errorf("no attack is named by %q; want ids such as RAT-01, or the beginning of some, such as RAT", run)
	}
	return nil
}

// chosen reports whether an attack is among those that were asked for.
func chosen(id string) bool {
	run, _, _ := strings.Cut(flag.Lookup("test.run").Value.String(), "/")
	pattern, err := regexp.Compile(run)
	return err == nil && pattern.MatchString("Test"+strings.ReplaceAll(id, "-", ""))
}

// nothingGiven refuses what would say something about a server, if there were one.
func nothingGiven() error {
	for name, value := range map[string]string{"-ops": *opsFlag, "-data": *dirFlag, "-log": *logFlag} {
		if value != "" {
			return fmt.Errorf("%s is of a server that runs: give its -url, too", name)
		}
	}
	return nil
}

// lookAtGiven looks at what is said of a server that runs.
func lookAtGiven() error {
	u, err := url.Parse(*urlFlag)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/")+u.RawQuery != "" {
		return fmt.Errorf("-url %q is no scheme://host:port", *urlFlag)
	}
	if err := answers("-url", u.Scheme+"://"+u.Host, "/healthz"); err != nil {
		return err
	}
	if *opsFlag != "" {
		if err := answers("-ops", strings.TrimSuffix(*opsFlag, "/"), "/metrics"); err != nil {
			return err
		}
	}
	if *logFlag != "" {
		file, err := os.Open(*logFlag)
		if err != nil {
			return fmt.Errorf("-log: %w", err)
		}
		_ = file.Close() // nothing was written
	}
	if *dirFlag == "" {
		return nil
	}
	return isData(*dirFlag)
}

// answers reports what keeps a server from answering at a path as Matricula does.
func answers(name, base, path string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+path, nil)
	if err != nil {
		return fmt.Errorf("%s %q is no scheme://host:port", name, base)
	}
	response, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("%s: nothing answers: %w", name, err)
	}
	_ = response.Body.Close() // nothing in it is wanted
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s answers %d, so no Matricula serves there", name, base+path, response.StatusCode)
	}
	return nil
}

// isData reports why a directory isn't the data of a server whose commands can be
// run: its database lies there, or a variable says where else.
func isData(dir string) error {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("-data: there is no directory %s", dir)
	}
	if os.Getenv("MATRICULA_DATABASE") != "" || os.Getenv("MATRICULA_DATABASE_FILE") != "" {
		return nil
	}
	file, err := os.Open(filepath.Join(dir, "matricula.db"))
	if err != nil {
		return fmt.Errorf("-data: %w; set MATRICULA_DATABASE if the database is elsewhere", err)
	}
	return file.Close()
}

// TestAMistakeInTheCallIsNoDefect calls this program as people do by mistake: it must
// say so in a line, and neither attack nor pass.
func TestAMistakeInTheCallIsNoDefect(t *testing.T) {
	t.Parallel()
	nobody, err := freeAddr()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, says string }{
		{"-url http://" + nobody + " -test.run JSN01", "-url: nothing answers: "},
		{"-url localhost:8080 -test.run JSN01", "no scheme://host:port"},
		{"-data . -test.run TOK01", "-data is of a server that runs"},
		{"-test.run RAT-99", "there is no attack RAT-99"},
		{"-test.run REF01", "REF-01 has no test yet: "},
		{"-test.run Nonesuch", `no attack is named by "Nonesuch"`},
		{"XYZ", "no attack is named by "},
		{"RAT-99", "there is no attack RAT-99"},
		{"RAT-01 -url http://" + nobody, `"-url" is no id such as RAT-01`},
		{"LGG-01", "LGG-01 looks at what the others left behind"},
	} {
		cmd := exec.Command(os.Args[0], strings.Fields(c.args)...)
		cmd.Env = append(os.Environ(), "ATTACK_URL=", "ATTACK_OPS=", "ATTACK_DATA=", "ATTACK_LOG=")
		out, err := cmd.CombinedOutput()
		said := string(out)
		if err == nil || !strings.HasPrefix(said, "attack: ") || strings.Count(said, "\n") != 1 || !strings.Contains(said, c.says) {
			t.Errorf("%s: %v, want one line with %q:\n%s", c.args, err, c.says, said)
		}
	}
}

func TestIDsAreChosenAsTheyAreWritten(t *testing.T) {
	for _, c := range []struct{ run, args, want string }{
		{"RAT-01", "", "RAT01"},
		{"rat01|tok-05/x-12", "", "RAT01|TOK05/x-12"},
		{"TOK", "", "TOK"},
		{"", "rat-01 TOK", "^Test(RAT01|TOK)"},
		{"^TestTheTable", "", "^TestTheTable"},
	} {
		got, err := choose(c.run, strings.Fields(c.args))
		if err != nil || got != c.want {
			t.Errorf("%q, %q: got %q, %v, want %q", c.run, c.args, got, err, c.want)
		}
	}
}

func TestWhatIsNoDataDirectoryIsTold(t *testing.T) {
	t.Setenv("MATRICULA_DATABASE", "")
	t.Setenv("MATRICULA_DATABASE_FILE", "")
	dir := t.TempDir()
	for _, path := range []string{filepath.Join(dir, "nothing"), dir} {
		if err := isData(path); err == nil || !strings.HasPrefix(err.Error(), "-data: ") {
			t.Errorf("%s: got %v", path, err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "matricula.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := isData(dir); err != nil {
		t.Error(err)
	}
	t.Setenv("ATTACK_FROM", dir)
	if got := fromHere("data"); got != filepath.Join(dir, "data") {
		t.Errorf("a path from there is %s", got)
	}
}

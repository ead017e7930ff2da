package matricula_test

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestDocsAreInStepWithTheProgram builds the program and asks it what it has.
func TestDocsAreInStepWithTheProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the program")
	}
	p := build(t)
	t.Run("settings", p.settings)
	t.Run("commands", p.commands)
}

// program is the path of a built binary.
type program string

func build(t *testing.T) program {
	t.Helper()
	path := filepath.Join(t.TempDir(), "matricula")
	if out, err := exec.Command("go", "build", "-o", path, "./cmd/matricula").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program(path)
}

// run answers what the program prints, in an environment without settings.
func (p program) run(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command(string(p), args...)
	cmd.Dir = t.TempDir()
	cmd.Env = slices.DeleteFunc(os.Environ(), func(entry string) bool { return strings.HasPrefix(entry, "MATRICULA_") })
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("matricula %s: %v", strings.Join(args, " "), err)
	}
	return string(out)
}

// documented is a row of docs/settings.md.
type documented struct{ variable, fallback string }

var settingRow = regexp.MustCompile("(?m)^\\| `--(?:\\[no-\\])?([a-z-]+)` \\| `([^`]*)` \\| `([^`]*)` \\| .+ \\|$")

// settings holds the tables of docs/settings.md to the flags of serve, and the
// defaults in them to what is in force without any setting.
func (p program) settings(t *testing.T) {
	text, err := os.ReadFile("docs/settings.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := map[string]documented{}
	for _, row := range settingRow.FindAllStringSubmatch(string(text), -1) {
		doc[row[1]] = documented{variable: row[2], fallback: row[3]}
	}

	_, help, found := strings.Cut(p.run(t, "serve", "--help"), "\nSettings:")
	if !found {
		t.Fatal("serve --help has no settings")
	}
	var flags []string
	for _, match := range regexp.MustCompile(`(?m)^\s+--(?:\[no-\])?([a-z-]+)`).FindAllStringSubmatch(help, -1) {
		flags = append(flags, match[1])
	}
	slices.Sort(flags)
	if rows := slices.Sorted(maps.Keys(doc)); !slices.Equal(rows, flags) {
		t.Errorf("docs/settings.md has the settings\n%v\nand serve --help\n%v", rows, flags)
	}

	inForce := map[string]string{}
	if err := json.Unmarshal([]byte(p.run(t, "serve", "--print-config", "--json")), &inForce); err != nil {
		t.Fatal(err)
	}
	for name, row := range doc {
		if want := "MATRICULA_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")); row.variable != want {
			t.Errorf("docs/settings.md calls the variable of %s %s, want %s", name, row.variable, want)
		}
		if got := inForce[name]; !sameValue(row.fallback, got) {
			t.Errorf("docs/settings.md says that %s is %q without a setting; it is %q", name, row.fallback, got)
		}
	}
}

// sameValue takes 15m for 15m0s.
func sameValue(a, b string) bool {
	x, errX := time.ParseDuration(a)
	y, errY := time.ParseDuration(b)
	return a == b || errX == nil && errY == nil && x == y
}

var commandHeading = regexp.MustCompile("(?m)^#{2,4} `matricula ([a-zA-Z -]+)`$")

// commands holds the headings of docs/commands.md to the commands that there are.
func (p program) commands(t *testing.T) {
	text, err := os.ReadFile("docs/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	var headings []string
	for _, match := range commandHeading.FindAllStringSubmatch(string(text), -1) {
		headings = append(headings, match[1])
	}
	slices.Sort(headings)
	commands := p.commandsBelow(t)
	slices.Sort(commands)
	if !slices.Equal(headings, commands) {
		t.Errorf("docs/commands.md has the commands\n%q\nand matricula --help\n%q", headings, commands)
	}
}

// commandInHelp is a line that is indented by two spaces; what a command does
// stands behind two more, or on a line of its own that is indented further.
var commandInHelp = regexp.MustCompile(`(?m)^  (\S+(?: \S+)*)`)

// commandsBelow lists the commands whose names begin with path.
func (p program) commandsBelow(t *testing.T, path ...string) []string {
	t.Helper()
	_, list, found := strings.Cut(p.run(t, append(path, "--help")...), "\nCommands:\n")
	if !found {
		return []string{strings.Join(path, " ")}
	}
	var all []string
	for _, match := range commandInHelp.FindAllStringSubmatch(list, -1) {
		name := strings.ReplaceAll(match[1], "<account>", "ACCOUNT")
		name = strings.TrimPrefix(name, strings.Join(path, " ")+" ")
		all = append(all, p.commandsBelow(t, append(slices.Clone(path), name)...)...)
	}
	return all
}

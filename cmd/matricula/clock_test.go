package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestClockMovesInTestBuildsAlone builds the program both ways: what is released
// must know no way to bring an expired token back.
func TestClockMovesInTestBuildsAlone(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program twice")
	}
	dir := t.TempDir()
	clock := filepath.Join(dir, "clock")
	for _, test := range []struct {
		tags  string
		file  string
		moved time.Duration
	}{
		{"", "864000\n", 0},
		{"testclock", "864000\n", 240 * time.Hour},
		{"testclock", "-864000", -240 * time.Hour},
		{"testclock", "soon", 0},
	} {
		binary := filepath.Join(dir, "matricula"+test.tags)
		if _, err := os.Stat(binary); err != nil {
			if out, err := exec.Command("go", "build", "-tags", test.tags, "-o", binary, ".").CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
		}
		if err := os.WriteFile(clock, []byte(test.file), 0o600); err != nil {
			t.Fatal(err)
		}
		data := t.TempDir()
		matricula := func(args ...string) []byte {
			cmd := exec.Command(binary, append(args, "--data", data, "--json")...)
			cmd.Env = append(os.Environ(), testClock+"="+clock)
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v: %v", args, err)
			}
			return out
		}
		matricula("roster", "add", "chess@example.edu")
		var roster []rosterShape
		if err := json.Unmarshal(matricula("roster", "list"), &roster); err != nil || len(roster) != 1 {
			t.Fatalf("%v, %v", roster, err)
		}
		if off := time.Until(roster[0].AddedAt) - test.moved; off.Abs() > time.Minute {
			t.Errorf("tags %q, file %q: the clock is off by %v", test.tags, test.file, off)
		}
	}
}

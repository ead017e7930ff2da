package sqlite

import (
	"os/exec"
	"strings"
	"testing"
)

// TestLibcIsTheDriversOwn asks that modernc.org/libc has the very version that
// modernc.org/sqlite was made with, as its authors demand: another one may crash
// ("Fragile modernc.org/libc dependency" in its documentation).
func TestLibcIsTheDriversOwn(t *testing.T) {
	used := list(t, "list", "-m", "-f", "{{.Version}}", "modernc.org/libc")
	file := list(t, "list", "-m", "-f", "{{.GoMod}}", "modernc.org/sqlite")
	wanted := ""
	for line := range strings.Lines(list(t, "mod", "edit", "-print", file)) {
		if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == "modernc.org/libc" {
			wanted = fields[1]
		}
	}
	if wanted == "" {
		t.Fatalf("%s requires no modernc.org/libc", file)
	}
	if used != wanted {
		t.Errorf("got modernc.org/libc %s, want %s as %s says", used, wanted, file)
	}
}

// list runs the go command.
func list(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", args...).Output()
	if err != nil {
		t.Skipf("go %s: %v", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out))
}

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// module writes a package with one file, in a module of its own.
func module(t *testing.T, source string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module planted\n\ngo 1.26\n", "planted.go": "package planted\n\n" + source} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestWhatIsPlantedIsFound: each of these must turn the check red.
func TestWhatIsPlantedIsFound(t *testing.T) {
	for rule, source := range map[string]string{
		"G402": `import "crypto/tls"
var C = tls.Config{InsecureSkipVerify: true}`,
		"G404": `import "math/rand/v2"
func Token() uint64 { return rand.Uint64() }`,
		"G202": `import "database/sql"
func Q(db *sql.DB, name string) (*sql.Rows, error) {
	rows, err := db.Query("SELECT id FROM a WHERE name = " + name)
	return rows, err
}`,
		"G401": `import "crypto/md5"
func H(b []byte) [16]byte { return md5.Sum(b) }`,
		"G306": `import "os"
func W(b []byte) error { return os.WriteFile("secret", b, 0o644) }`,
		"G104": `import "os"
func R() { os.Remove("secret") }`,
		"G114": `import "net/http"
func S() error { return http.ListenAndServe(":80", nil) }`,
		"say which rule is off": `import "os"
func R() { os.Remove("secret") } //gosec:disable G104`,
	} {
		found, err := find([]string{module(t, source)})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(found, func(line string) bool { return strings.Contains(line, rule) }) {
			t.Errorf("%s: found %q", rule, found)
		}
	}
}

func TestAReasonSilencesARule(t *testing.T) {
	found, err := find([]string{module(t, `import "os"
func R() { os.Remove("secret") } //gosec:disable G104 -- it may be gone`)})
	if err != nil || len(found) > 0 {
		t.Errorf("found %q, %v, want nothing", found, err)
	}
}

func TestNothingToReadIsAnError(t *testing.T) {
	if found, err := find([]string{t.TempDir()}); err == nil {
		t.Errorf("found %q and no error", found)
	}
	if found, err := find([]string{module(t, "func Broken() { return nothing }")}); err == nil {
		t.Errorf("broken code: found %q and no error", found)
	}
}

package matricula_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSecurityNamesItsTests holds docs/security.md to what it promises with: each test
// that it names is there, and each promise names one.
func TestSecurityNamesItsTests(t *testing.T) {
	text, err := os.ReadFile("docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	there := testNames(t)
	named := regexp.MustCompile("`(Test\\w+)`")
	for _, match := range named.FindAllStringSubmatch(string(text), -1) {
		if !there[match[1]] {
			t.Errorf("docs/security.md names %s, which is not there", match[1])
		}
	}
	_, defended, found := strings.Cut(string(text), "## What is defended\n")
	defended, _, ended := strings.Cut(defended, "\n## ")
	if !found || !ended {
		t.Fatal("docs/security.md doesn't say what is defended")
	}
	promises := strings.Split(strings.TrimSpace(defended), "\n\n")
	if len(promises) < 8 {
		t.Errorf("got %d promises", len(promises))
	}
	for _, promise := range promises {
		if !named.MatchString(promise) {
			t.Errorf("no test shows this: %.80s…", promise)
		}
	}
}

// testNames are the names of all tests of the module.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	read := func(path string) {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range declared.FindAllStringSubmatch(string(source), -1) {
			names[match[1]] = true
		}
	}
	eachGoFile(t, func(path string) {
		if strings.HasSuffix(path, "_test.go") {
			read(path)
		}
	})
	ours, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range ours {
		read(path)
	}
	return names
}

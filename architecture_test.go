package matricula_test

import (
	"bufio"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "matricula"

// TestImportsAreAsDrawn holds the code to the block "imports" of ARCHITECTURE.md,
// either way: an import that is not drawn fails, and so does a drawn one that is
// not there. Tests may import what they need.
func TestImportsAreAsDrawn(t *testing.T) {
	drawn := drawnImports(t)
	real := realImports(t)
	for room, imports := range real {
		want, known := drawn[room]
		if !known {
			t.Errorf("%s is not in the list of ARCHITECTURE.md", room)
			continue
		}
		if !slices.Equal(imports, want) {
			t.Errorf("%s imports %v; ARCHITECTURE.md says %v", room, imports, want)
		}
	}
	for room := range drawn {
		if _, there := real[room]; !there {
			t.Errorf("ARCHITECTURE.md draws %s, which is not there", room)
		}
	}
}

// drawnImports reads the fenced block that starts with "```imports".
func drawnImports(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, found := strings.Cut(string(text), "```imports\n")
	block, _, closed := strings.Cut(block, "```")
	if !found || !closed {
		t.Fatal("ARCHITECTURE.md has no block of imports")
	}
	drawn := map[string][]string{}
	lines := bufio.NewScanner(strings.NewReader(block))
	for lines.Scan() {
		room, imports, arrow := strings.Cut(lines.Text(), "→")
		if !arrow {
			t.Fatalf("this line of the import list has no arrow: %q", lines.Text())
		}
		rooms := strings.Fields(imports)
		if slices.Equal(rooms, []string{"–"}) {
			rooms = nil
		}
		slices.Sort(rooms)
		drawn[strings.TrimSpace(room)] = rooms
	}
	return drawn
}

// realImports answers, for every room, which rooms its code imports.
func realImports(t *testing.T) map[string][]string {
	t.Helper()
	real := map[string][]string{}
	eachGoFile(t, func(path string) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		room := roomOf(filepath.ToSlash(filepath.Dir(path)))
		if _, there := real[room]; !there {
			real[room] = nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			inner, ours := strings.CutPrefix(imported, module+"/")
			if !ours || slices.Contains(real[room], roomOf(inner)) {
				continue
			}
			real[room] = append(real[room], roomOf(inner))
			slices.Sort(real[room])
		}
	})
	return real
}

// roomOf is a package's name in the list: its path without "internal/".
func roomOf(path string) string { return strings.TrimPrefix(path, "internal/") }

// eachGoFile calls visit with the path of every Go file of the module.
func eachGoFile(t *testing.T, visit func(path string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if name != "." && strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules" || name == "tools" {
				return filepath.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(name, ".go") && path != name { // the root holds only these tests
			visit(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

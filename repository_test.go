package matricula_test

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestEveryFileIsFormatted keeps diffs about what they change.
func TestEveryFileIsFormatted(t *testing.T) {
	eachGoFile(t, func(path string) {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		formatted, err := format.Source(source)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return
		}
		if !bytes.Equal(source, formatted) {
			t.Errorf("%s is not formatted: run gofmt -w %s", path, path)
		}
	})
}

// TestEveryPackageSaysWhatItIs wants one package comment a package.
func TestEveryPackageSaysWhatItIs(t *testing.T) {
	comments := map[string]int{}
	eachGoFile(t, func(path string) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		file := parse(t, path, parser.PackageClauseOnly|parser.ParseComments)
		folder := filepath.Dir(path)
		comments[folder] += 0
		if file.Doc != nil {
			comments[folder]++
		}
	})
	for folder, n := range comments {
		if n != 1 {
			t.Errorf("%s has %d package comments, want 1", folder, n)
		}
	}
}

// TestEveryExportedNameIsDescribed wants a sentence on whatever a room offers.
func TestEveryExportedNameIsDescribed(t *testing.T) {
	eachGoFile(t, func(path string) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		for _, decl := range parse(t, path, parser.ParseComments).Decls {
			for _, name := range undescribed(decl) {
				t.Errorf("%s: %s has no comment", path, name)
			}
		}
	})
}

// undescribed lists the exported names of a declaration that have no comment.
func undescribed(decl ast.Decl) []string {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
			return []string{d.Name.Name}
		}
	case *ast.GenDecl:
		var names []string
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && d.Doc == nil && s.Doc == nil {
					names = append(names, s.Name.Name)
				}
			case *ast.ValueSpec:
				if s.Names[0].IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
					names = append(names, s.Names[0].Name)
				}
			}
		}
		return names
	}
	return nil
}

// exportedReceiver reports whether a function is one, or a method of an exported
// type: what an unexported type does for an interface needs no second telling.
func exportedReceiver(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	kind := f.Recv.List[0].Type
	if star, ok := kind.(*ast.StarExpr); ok {
		kind = star.X
	}
	if generic, ok := kind.(*ast.IndexExpr); ok {
		kind = generic.X
	}
	name, ok := kind.(*ast.Ident)
	return ok && name.IsExported()
}

func parse(t *testing.T, path string, mode parser.Mode) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, mode)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// TestDirectDependenciesStayFew defends two bounds, for each module is a choice.
// What the program carries is what its operators trust and update, so that block
// of go.mod has the bound that matters; what tests alone use stands in a block of
// its own with another, so that a good test need not be weighed against a feature.
func TestDirectDependenciesStayFew(t *testing.T) {
	const program, tests = 25, 15
	text, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	requirement := regexp.MustCompile(`(?m)^(?:\t|require )\S+ v\d.*$`)
	carried, alone, found := strings.Cut(string(text), "\n// Used by tests alone.\nrequire (")
	if !found {
		t.Fatal(`go.mod has no block "Used by tests alone."`)
	}
	for _, block := range []struct {
		name string
		text string
		most int
	}{{"the program", carried, program}, {"tests", alone, tests}} {
		direct := slices.DeleteFunc(requirement.FindAllString(block.text, -1), func(line string) bool {
			return strings.HasSuffix(line, "// indirect")
		})
		if len(direct) > block.most {
			t.Errorf("go.mod has %d direct requirements of %s, at most %d are allowed: drop one, or give a reason and raise the bound", len(direct), block.name, block.most)
		}
		if len(direct) == 0 {
			t.Errorf("go.mod has no direct requirement of %s", block.name)
		}
	}
	if replaced := regexp.MustCompile(`(?m)^replace .*$`).FindString(string(text)); replaced != "" {
		t.Errorf("go.mod replaces a module: %s", replaced)
	}
}

// TestLinksInDocsLead finds links between the documents that lead nowhere.
func TestLinksInDocsLead(t *testing.T) {
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"docs/*.md", "docs/*/*.md"} {
		more, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, more...)
	}
	link := regexp.MustCompile(`\]\(([^)#\s]+)(?:#[^)]*)?\)`)
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range link.FindAllStringSubmatch(string(text), -1) {
			target := match[1]
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), target)); err != nil {
				t.Errorf("%s links to %s, which is not there", page, target)
			}
		}
	}
}

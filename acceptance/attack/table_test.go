package attack

import (
	"embed"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

//go:embed testdata/*.txt
var lists embed.FS

// entry is an attack in the list.
type entry struct {
	id, title string
	reason    string // why there is no test of it, "" when there is one
}

// entries reads the lists: an id and a title a line; after a bar, why there is no
// test yet; lines that begin with # are headings.
func entries() []entry {
	var all []entry
	for line := range strings.Lines(listsText()) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		text, reason, _ := strings.Cut(line, " | ")
		id, title, _ := strings.Cut(text, " ")
		all = append(all, entry{id, strings.TrimSpace(title), strings.TrimSpace(reason)})
	}
	return all
}

// listsText answers the lists, one after the other.
func listsText() string {
	var text strings.Builder
	files, _ := lists.ReadDir("testdata") // it is embedded: these can't fail
	for _, file := range files {
		octets, _ := lists.ReadFile("testdata/" + file.Name())
		text.Write(octets)
	}
	return text.String()
}

// lookedAtLast are attacks on what is left behind: no test, but lastLook tells.
var lookedAtLast = map[string]bool{"LGG-01": true}

var testName = regexp.MustCompile(`^Test([A-Z]{3})(\d\d)$`)

// idOf answers the id that a test is named by, "" for another test.
func idOf(name string) string {
	name, _, _ = strings.Cut(name, "/")
	if m := testName.FindStringSubmatch(name); m != nil {
		return m[1] + "-" + m[2]
	}
	return ""
}

// TestEveryAttackIsInTheList holds list and tests together, either way: each id has
// a test, or a reason why not, and never both.
func TestEveryAttackIsInTheList(t *testing.T) {
	listed := map[string]entry{}
	for _, e := range entries() {
		if _, twice := listed[e.id]; twice || e.title == "" || idOf("Test"+strings.ReplaceAll(e.id, "-", "")) != e.id {
			t.Errorf("this line of the list is no id with a title, or is there twice: %v", e)
		}
		listed[e.id] = e
	}
	tests := testsHere(t)
	for id := range tests {
		if e, there := listed[id]; !there || e.reason != "" {
			t.Errorf("%s has a test, and the list doesn't say so", id)
		}
	}
	for id, e := range listed {
		if !tests[id] && e.reason == "" && !lookedAtLast[id] {
			t.Errorf("%s has neither a test nor a reason why not", id)
		}
	}
}

// testsHere answers the ids that tests of this package are named by.
func testsHere(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("the sources of the tests are not here")
	}
	ids := map[string]bool{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && idOf(f.Name.Name) != "" {
				ids[idOf(f.Name.Name)] = true
			}
		}
	}
	return ids
}

// row is what the table says of one attack.
type row struct {
	id      string
	tried   string
	did     string // what the server did
	verdict string
}

var table struct {
	mu   sync.Mutex
	rows map[string]row
}

// tell puts a row into the table.
func tell(r row) {
	table.mu.Lock()
	defer table.mu.Unlock()
	if table.rows == nil {
		table.rows = map[string]row{}
	}
	table.rows[r.id] = r
	if n := len(table.rows); n%10 == 0 {
		fmt.Fprintf(os.Stderr, "attack: %d attacks were made\n", n)
	}
}

// printTable prints what was told, in the order of the list, and the attacks that
// don't apply; into a file too, if one is named. It says nothing when no attack ran.
func printTable(path string) error {
	table.mu.Lock()
	defer table.mu.Unlock()
	if len(table.rows) == 0 {
		return nil
	}
	text := tableText(table.rows)
	fmt.Print(text)
	if path == "" {
		return nil
	}
	return os.WriteFile(path, []byte(text), 0o600)
}

func tableText(rows map[string]row) string {
	var out strings.Builder
	line := func(r row) {
		fmt.Fprintf(&out, "%-7s %-9s %s\n%-17s → %s\n", r.id, r.verdict, r.tried, "", r.did)
	}
	rows = maps.Clone(rows)
	for _, e := range entries() {
		r, ran := rows[e.id]
		switch {
		case ran:
			line(r)
			delete(rows, e.id)
		case !chosen(e.id):
		case e.reason != "":
			line(row{e.id, e.title, e.reason, "not yet"})
		default:
			line(row{e.id, e.title, "it was not run", "-"})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		line(rows[id])
	}
	return out.String()
}

// TestTheTableTellsAll shows what a run prints: what ran, what didn't, and why; and
// of what wasn't asked for nothing.
func TestTheTableTellsAll(t *testing.T) {
	run := flag.Lookup("test.run").Value
	was := run.String()
	defer func() { _ = run.Set(was) }()
	_ = run.Set("TOK01")
	if got := tableText(map[string]row{"TOK-01": {"TOK-01", "no algorithm", "401", held}}); strings.Count(got, "\n") != 2 {
		t.Errorf("one attack was asked for:\n%s", got)
	}
	_ = run.Set("")
	got := tableText(map[string]row{"TOK-01": {"TOK-01", "no algorithm", "401", held}})
	for _, want := range []string{
		"TOK-01  held      no algorithm\n                  → 401\n",
		"REF-02  not yet   ",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the table lacks %q:\n%s", want, got)
		}
	}
}

package main

import (
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// TestEveryCommandHasAnExampleThatWorks reads the commands as --help shows them,
// and holds each example to the grammar.
func TestEveryCommandHasAnExampleThatWorks(t *testing.T) {
	parser := grammar(t)
	commands := 0
	for _, leaf := range parser.Model.Leaves(true) {
		commands++
		_, example, found := strings.Cut(leaf.Detail, "Example:\n\n")
		lines := regexp.MustCompile(`(?m)^    matricula .*$`).FindAllString(example, -1)
		if !found || len(lines) != 1 {
			t.Errorf("%s has %d examples, want 1", leaf.FullPath(), len(lines))
			continue
		}
		got := selected(t, lines[0])
		if got != leaf.FullPath() {
			t.Errorf("%s is an example of %s, want %s", lines[0], got, leaf.FullPath())
		}
		if leaf.Help == "" {
			t.Errorf("%s has no help", leaf.FullPath())
		}
	}
	if commands < 44 {
		t.Errorf("there are %d commands, want 44 at least", commands)
	}
}

// selected answers which command a line of a shell runs.
func selected(t *testing.T, line string) string {
	t.Helper()
	ctx, err := grammar(t).Parse(shellWords(strings.TrimSpace(line))[1:])
	if err != nil {
		t.Errorf("%s: %v", line, err)
		return ""
	}
	return ctx.Selected().FullPath()
}

// TestEveryGroupHasAnExampleThatWorks does the same with what only has commands
// beneath it.
func TestEveryGroupHasAnExampleThatWorks(t *testing.T) {
	groups := 0
	for _, group := range grammar(t).Model.Children {
		if group.Leaf() {
			continue
		}
		groups++
		lines := regexp.MustCompile(`(?m)^    matricula .*$`).FindAllString(group.Detail, -1)
		if len(lines) != 1 || !strings.HasPrefix(selected(t, lines[0]), group.FullPath()+" ") {
			t.Errorf("%s has the examples %q, want one of a command of its own", group.FullPath(), lines)
		}
	}
	if groups < 10 {
		t.Errorf("there are %d groups, want 10 at least", groups)
	}
}

// TestEveryCommandAnswersPrograms wants --json wherever there is something to say.
func TestEveryCommandAnswersPrograms(t *testing.T) {
	for _, leaf := range grammar(t).Model.Leaves(true) {
		has := map[string]bool{}
		for _, flag := range leaf.Flags {
			has[flag.Name] = true
			if flag.Help == "" {
				t.Errorf("%s: --%s has no help", leaf.FullPath(), flag.Name)
			}
		}
		if !has["json"] {
			t.Errorf("%s has no --json", leaf.FullPath())
		}
		if has["password"] {
			t.Errorf("%s takes a password from a flag, which others see", leaf.FullPath())
		}
	}
}

// TestFlagsInGroupsAreSettings guards what environment.Resolve goes by.
func TestFlagsInGroupsAreSettings(t *testing.T) {
	known := map[string]bool{}
	for _, name := range settingNames() {
		known[name] = true
	}
	serves := 0
	for _, leaf := range grammar(t).Model.Leaves(true) {
		for _, flag := range leaf.Flags {
			if flag.Group != nil && !known[flag.Name] {
				t.Errorf("%s: --%s is in a group and no setting", leaf.FullPath(), flag.Name)
			}
			if flag.Group != nil && leaf.Name == "serve" {
				serves++
			}
		}
	}
	if serves != len(known) {
		t.Errorf("serve has %d settings, want %d", serves, len(known))
	}
}

func grammar(t *testing.T) *kong.Kong {
	t.Helper()
	parser, err := kong.New(&cli{}, kong.Name("matricula"), kong.Writers(io.Discard, io.Discard), kong.Exit(func(int) {}), settingGroups)
	if err != nil {
		t.Fatal(err)
	}
	return parser
}

// shellWords divides a line as a shell does, as far as examples go: double quotes,
// and a redirection at the end.
func shellWords(line string) []string {
	line, _, _ = strings.Cut(line, " < ")
	var words []string
	for _, word := range regexp.MustCompile(`"[^"]*"|\S+`).FindAllString(line, -1) {
		words = append(words, strings.Trim(word, `"`))
	}
	return words
}

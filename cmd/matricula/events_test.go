package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"matricula/internal/account"
)

// TestEveryEventIsDescribed holds the table of docs/commands.md to the kinds that there
// are.
func TestEveryEventIsDescribed(t *testing.T) {
	text, err := os.ReadFile("../../docs/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "\n| kind |")
	table, _, _ = strings.Cut(table, "\n\n")
	var described, kinds []string
	for _, row := range strings.Split(table, "\n") {
		cell, _, _ := strings.Cut(strings.TrimPrefix(row, "| "), " |")
		for _, name := range regexp.MustCompile("`([a-z.-]+)`").FindAllStringSubmatch(cell, -1) {
			described = append(described, name[1])
		}
	}
	for _, kind := range account.EventKinds {
		kinds = append(kinds, string(kind))
	}
	wantSame(t, "docs/commands.md", described, kinds)
}

// wantSame wants a page to name what there is, and nothing else.
func wantSame(t *testing.T, page string, named, there []string) {
	t.Helper()
	slices.Sort(named)
	slices.Sort(there)
	if !slices.Equal(named, there) {
		t.Errorf("%s names\n%q\nand there are\n%q", page, named, there)
	}
}

// TestEveryCodeIsNamed holds the codes in docs/metrics.md to those that there are.
func TestEveryCodeIsNamed(t *testing.T) {
	text, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(text), "The codes are those of the\nrefusals: ")
	list, _, _ = strings.Cut(list, ". ")
	var named, codes []string
	for _, name := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(list, -1) {
		named = append(named, name[1])
	}
	for _, code := range account.Codes {
		codes = append(codes, string(code))
	}
	wantSame(t, "docs/metrics.md", named, codes)
}

package password

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestCommonIsInOrder(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(common, "\n"), "\n")
	if len(lines) != 39928 {
		t.Errorf("%d lines, want 39928 as the notice has it", len(lines))
	}
	if !slices.IsSorted(lines) || len(slices.Compact(slices.Clone(lines))) != len(lines) {
		t.Error("not sorted, or a line stands twice")
	}
	for _, line := range lines {
		if utf8.RuneCountInString(line) < minRunes {
			t.Errorf("%q is refused for its length", line)
		}
		if line != lowerASCII(norm.NFC.String(line)) {
			t.Errorf("%q can't be found: not in lower case, or not NFC", line)
		}
		if !isCommon(line) || !isCommon(strings.ToUpper(line)) {
			t.Errorf("%q is not found", line)
		}
	}
}

func TestIsCommonFindsWholeLines(t *testing.T) {
	first, _, _ := strings.Cut(common, "\n")
	for _, password := range []string{
		"",
		"\n",
		" ",
		"~~~~~~~~~~~~~~~~",
		first[:len(first)-1],
		first + "x",
		first + "\n",
		common[:len(first)+5],
		"examplepassword",
		"matricula",
		"passwor",
		"password\n",
		"\npassword",
	} {
		if isCommon(password) {
			t.Errorf("isCommon(%q) = true, want false", password)
		}
	}
}

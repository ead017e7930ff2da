package password

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestGuessableIsZxcvbnsVerdict(t *testing.T) {
	file, err := os.Open("testdata/zxcvbn.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()

	lines := 0
	scanner := bufio.NewScanner(file)
	for scanner.Scan() {
		score, quoted, ok := strings.Cut(scanner.Text(), "\t")
		if !ok {
			continue // the comment
		}
		var password string
		if err := json.Unmarshal([]byte(quoted), &password); err != nil {
			t.Fatal(err)
		}
		lines++
		if got, want := guess(password) != "", score < "3"; got != want {
			t.Errorf("isGuessable(%s) = %v, but zxcvbn's score is %s", quoted, got, score)
		}
	}
	if err := scanner.Err(); err != nil || lines < 200 {
		t.Errorf("read %d lines, %v, want 200 at least", lines, err)
	}
}

func TestSingleOctets(t *testing.T) {
	for password, want := range map[string]string{
		"p@ssw0rd ~": "p@ssw0rd ~",
		"äbä":        "\x01b\x01",
		"абг":        "\x01\x02\x04",
		"гба":        "\x04\x02\x01",
		"a\x7f\x00b": "a\x07\x01b",
		"日本東京大阪名古屋":  "\x01\x11\x03\x13\x05\x15\x07\x17\x09",
	} {
		if got := singleOctets(password); got != want {
			t.Errorf("singleOctets(%q) = %q, want %q", password, got, want)
		}
	}
}

func FuzzSingleOctets(f *testing.F) {
	f.Add("абвгдежзийклмн")
	f.Add("日本語東京大阪名古屋神戸京都")
	f.Add("\x00\x01\u0301\U0010ffffa")

	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) || utf8.RuneCountInString(s) >= longRunes {
			t.Skip("never asked")
		}
		got := singleOctets(s)
		runes := []rune(s)
		if len(got) != len(runes) {
			t.Fatalf("singleOctets(%q) = %q, of %d octets, want %d", s, got, len(got), len(runes))
		}
		for i := range runes {
			if isStrange(runes[i]) != (got[i] > 0 && got[i] < ' ') {
				t.Errorf("singleOctets(%q) = %q, wrong at %d", s, got, i)
			}
			for j := range i {
				if (runes[i] == runes[j]) != (got[i] == got[j]) {
					t.Errorf("singleOctets(%q) = %q, which confuses %d and %d", s, got, i, j)
				}
			}
		}
	})
}

package main

import (
	"fmt"
	"strings"
	"testing"
)

func TestSheetIsRead(t *testing.T) {
	text := "\uFEFF Email ,note,Email2\r\na@x.test,\"two\r\nlines\",\r\n\r\n,,\r\nb@x.test\r\n"
	s, err := parseSheet("a.csv", []byte(text), columns{needed: []string{"email"}, optional: []string{"note"}, more: true})
	if err != nil {
		t.Fatal(err)
	}
	want := []line{
		{2, map[string]string{"email": "a@x.test", "note": "two\nlines", "email2": ""}},
		{6, map[string]string{"email": "b@x.test"}},
	}
	if fmt.Sprint(s.lines) != fmt.Sprint(want) || s.err() != nil {
		t.Errorf("got %v, %v\nwant %v", s.lines, s.err(), want)
	}
}

func TestSheetIsRefused(t *testing.T) {
	want := columns{needed: []string{"id"}, optional: []string{"name"}}
	for text, says := range map[string]string{
		"":                   "a.csv is empty; its first line names the columns: id",
		"\uFEFF":             "a.csv is empty; its first line names the columns: id",
		"name\n":             "a.csv: line 1 must name the columns (id,name), and id is missing",
		"id,colour\n":        `a.csv: line 1 must name the columns (id,name), and "colour" is none`,
		"id,ID\n":            "a.csv: line 1 names the column id twice",
		"id\n\"":             `a.csv: line 2 is not CSV: extraneous or missing " in quoted-field`,
		"id\n\xff\n":         "a.csv is not UTF-8; save it as CSV UTF-8",
		"id;name\n1;chess\n": `a.csv: line 1 must name the columns (id,name), and "id;name" is none`,
	} {
		if _, err := parseSheet("a.csv", []byte(text), want); err == nil || err.Error() != says {
			t.Errorf("%q: got %v, want %s", text, err, says)
		}
	}
}

func TestEveryBadLineIsNamed(t *testing.T) {
	s := &sheet{name: "a.csv"}
	for n := 40; n > 1; n-- {
		s.refuse(n, "it is odd.")
	}
	said := s.err().Error()
	if strings.Contains(said, "\n") || !strings.HasPrefix(said, "a.csv: nothing was imported; put right line 2: it is odd; line 3: ") {
		t.Errorf("got %s", said)
	}
	for n := 2; n <= 40; n++ {
		if !strings.Contains(said+";", fmt.Sprintf("line %d;", n)) && !strings.Contains(said, fmt.Sprintf("line %d:", n)) {
			t.Errorf("line %d is not named in %s", n, said)
		}
	}
}

func FuzzSheet(f *testing.F) {
	for _, seed := range []string{"id,name\n0,a\n", "\uFEFFid\n\"1\"\n", "id\n\"", "id,\n,,,\n", "ID\r\n1\r\n\r\n2", "\x00", "id\n\n\n1,2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseSheet("a.csv", []byte(text), columns{needed: []string{"id"}, optional: []string{"name"}})
		if err != nil {
			if strings.ContainsAny(strings.Join(strings.Fields(err.Error()), " "), "\n\r") {
				t.Errorf("the refusal %q is more than a line", err)
			}
			return
		}
		last, lines := 1, strings.Count(text, "\n")+strings.Count(text, "\r")+1
		for _, l := range s.lines {
			if l.number <= last || l.number > lines {
				t.Errorf("line %d follows %d of %d", l.number, last, lines)
			}
			last = l.number
		}
	})
}

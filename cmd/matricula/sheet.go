package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

// sheet is a CSV file with a header row (RFC 4180), read whole.
type sheet struct {
	name  string
	lines []line
	bad   []badLine
}

// line is one row below the header.
type line struct {
	number int // in the file, from 1
	cells  map[string]string
}

// badLine says why a line can't be taken.
type badLine struct {
	number int
	why    string
}

// columns are what a header may hold. Others are refused, for a misspelt one
// would silently be left out, unless more of them are let through.
type columns struct {
	needed, optional []string
	more             bool
}

// readSheet reads a file, or with "-" what is given. It tolerates the byte order
// mark that spreadsheets put first, upper case in the header and empty lines.
func readSheet(path string, in io.Reader, want columns) (*sheet, error) {
	read, name := os.ReadFile, path
	if path == "-" {
		read, name = func(string) ([]byte, error) { return io.ReadAll(in) }, "standard input"
	}
	text, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("%s can't be read: %w", name, cause(err))
	}
	return parseSheet(name, text, want)
}

func parseSheet(name string, text []byte, want columns) (*sheet, error) {
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("%s is not UTF-8; save it as CSV UTF-8", name)
	}
	reader := csv.NewReader(bytes.NewReader(text))
	reader.FieldsPerRecord = -1 // lines that are too short are told of all at once
	header, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s is empty; its first line names the columns: %s", name, strings.Join(want.needed, ","))
	}
	if err != nil {
		return nil, notCSV(name, err)
	}
	if err := want.check(name, header); err != nil {
		return nil, err
	}
	s := &sheet{name: name}
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return s, nil
		}
		if err != nil {
			return nil, notCSV(name, err)
		}
		number, _ := reader.FieldPos(0)
		s.add(number, header, record)
	}
}

// notCSV words a broken quote. Behind it no line can be told from the next.
func notCSV(name string, err error) error {
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		return fmt.Errorf("%s: line %d is not CSV: %w", name, parse.Line, parse.Err)
	}
	return fmt.Errorf("%s can't be read: %w", name, err)
}

// check brings the header's names to lower case and says what is wrong with them.
func (c columns) check(name string, header []string) error {
	for i, column := range header {
		header[i] = strings.ToLower(strings.TrimSpace(column))
		known := slices.Contains(c.needed, header[i]) || slices.Contains(c.optional, header[i])
		if !known && !c.more {
			return fmt.Errorf("%s: line 1 must name the columns (%s), and %q is none", name, c, column)
		}
		if known && slices.Contains(header[:i], header[i]) {
			return fmt.Errorf("%s: line 1 names the column %s twice", name, header[i])
		}
	}
	for _, needed := range c.needed {
		if !slices.Contains(header, needed) {
			return fmt.Errorf("%s: line 1 must name the columns (%s), and %s is missing", name, c, needed)
		}
	}
	return nil
}

// String shows a header.
func (c columns) String() string {
	return strings.Join(append(slices.Clone(c.needed), c.optional...), ",")
}

// add takes a line; the cells of the columns that aren't there are empty.
func (s *sheet) add(number int, header, record []string) {
	if len(record) > len(header) {
		s.refuse(number, "it has %d cells, the header %d", len(record), len(header))
		return
	}
	l := line{number: number, cells: map[string]string{}}
	empty := true
	for i, cell := range record {
		l.cells[header[i]] = strings.TrimSpace(cell)
		empty = empty && l.cells[header[i]] == ""
	}
	if !empty {
		s.lines = append(s.lines, l)
	}
}

// refuse notes that a line can't be taken.
func (s *sheet) refuse(number int, why string, args ...any) {
	s.bad = append(s.bad, badLine{number, fmt.Sprintf(why, args...)})
}

// err names every bad line, nil where there is none. The reasons of the first
// ones stand for those of hundreds more.
func (s *sheet) err() error {
	if len(s.bad) == 0 {
		return nil
	}
	const reasons = 20
	slices.SortStableFunc(s.bad, func(a, b badLine) int { return a.number - b.number })
	var parts []string
	for i, bad := range s.bad {
		if i < reasons {
			parts = append(parts, fmt.Sprintf("line %d: %s", bad.number, strings.TrimSuffix(bad.why, ".")))
		} else {
			parts = append(parts, fmt.Sprintf("line %d", bad.number))
		}
	}
	return fmt.Errorf("%s: nothing was imported; put right %s", s.name, strings.Join(parts, "; "))
}

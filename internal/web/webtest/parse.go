package webtest

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// exchange is one part of a transcript.
type exchange struct {
	line int      // of its first line in the file, from 1
	head []string // above the --, as written

	hooks   [][]string // each a name and its arguments
	request *message   // nil if there are only hooks or comments
	notes   []string   // the comments above the status, as written
	answer  *message   // nil without a request
}

// message is a request or an answer, as written.
type message struct {
	start   string // "POST /path", "200"
	headers [][2]string
	body    string
}

// parse reads a transcript.
func parse(transcript string) ([]*exchange, error) {
	lines := strings.Split(strings.TrimSuffix(transcript, "\n"), "\n")
	var list []*exchange
	for from := 0; from <= len(lines); {
		to := len(lines)
		if n := slices.IndexFunc(lines[from:], separates); n >= 0 {
			to = from + n
		}
		e, err := parseExchange(lines[from:to])
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", from+1, err)
		}
		e.line = from + 1
		list = append(list, e)
		from = to + 1
	}
	return list, nil
}

// separates reports whether a line stands between two exchanges.
func separates(line string) bool { return strings.TrimRight(line, " \t") == "==" }

func parseExchange(lines []string) (*exchange, error) {
	head, tail, both := lines, []string(nil), false
	if n := slices.Index(lines, "--"); n >= 0 {
		head, tail, both = lines[:n], lines[n+1:], true
	}
	e := &exchange{head: head}
	rest := head
	for len(rest) > 0 {
		fields := strings.Fields(rest[0])
		switch {
		case skipped(rest[0]):
		case fields[0] == "!" && len(fields) > 1:
			e.hooks = append(e.hooks, fields[1:])
		default:
			e.request = parseMessage(rest)
			rest = nil
			continue
		}
		rest = rest[1:]
	}
	if both != (e.request != nil) {
		return nil, errors.New("want a request, a line -- and an answer")
	}
	if !both {
		return e, nil
	}
	for len(tail) > 0 && skipped(tail[0]) {
		if tail[0] != "" {
			e.notes = append(e.notes, tail[0])
		}
		tail = tail[1:]
	}
	if len(tail) == 0 {
		// Waiting for -update to write it.
		e.answer = &message{}
		return e, nil
	}
	e.answer = parseMessage(tail)
	return e, nil
}

// skipped says whether a line is a comment or empty.
func skipped(line string) bool {
	return strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#")
}

var headerLine = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9-]*):(?: +(.*))?$`)

func parseMessage(lines []string) *message {
	m := &message{start: strings.TrimRight(lines[0], " \t")}
	lines = lines[1:]
	for len(lines) > 0 {
		parts := headerLine.FindStringSubmatch(lines[0])
		if parts == nil {
			break
		}
		m.headers = append(m.headers, [2]string{parts[1], strings.TrimSpace(parts[2])})
		lines = lines[1:]
	}
	m.body = strings.Trim(strings.Join(lines, "\n"), "\n")
	return m
}

// render writes a transcript back.
func render(list []*exchange) string {
	var parts []string
	for _, e := range list {
		lines := slices.Clone(e.head)
		if e.answer != nil {
			lines = append(lines, "--")
			lines = append(lines, e.notes...)
			if e.answer.start != "" {
				lines = append(lines, e.answer.start)
			}
			for _, h := range e.answer.headers {
				lines = append(lines, strings.TrimSpace(h[0]+": "+h[1]))
			}
			if e.answer.body != "" {
				lines = append(lines, e.answer.body)
			}
		}
		parts = append(parts, strings.Join(lines, "\n"))
	}
	return strings.Join(parts, "\n==\n") + "\n"
}

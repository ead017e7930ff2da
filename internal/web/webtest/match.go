package webtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

var (
	variable = regexp.MustCompile(`\$\$|\$[A-Za-z_][A-Za-z0-9_]*|\$\{[A-Za-z_][A-Za-z0-9_]*\}`)
	stand    = regexp.MustCompile(`\{\{[A-Za-z_][A-Za-z0-9_]*\}\}|<any>|<int>`)
	wholeInt = regexp.MustCompile(`^-?[0-9]+$`)
)

// expand replaces the variables in s.
func expand(s string, vars map[string]string) (string, error) {
	var missing error
	out := variable.ReplaceAllStringFunc(s, func(ref string) string {
		if ref == "$$" {
			return "$"
		}
		name := strings.Trim(ref, "${}")
		value, ok := vars[name]
		if !ok {
			missing = fmt.Errorf("the variable $%s is not set", name)
		}
		return value
	})
	return out, missing
}

// matcher compares what came with what was written, and keeps what {{name}}
// stood for.
type matcher struct {
	vars map[string]string // as they are before the answer
	kept map[string]string
}

// text says whether got is what want describes.
func (m *matcher) text(want, got string) (bool, error) {
	pattern, names, err := m.compile(want)
	if err != nil {
		return false, err
	}
	parts := pattern.FindStringSubmatch(got)
	if parts == nil {
		return false, nil
	}
	for i, name := range names {
		m.kept[name] = parts[i+1]
	}
	return true, nil
}

// compile makes a pattern of want, and lists what its groups are kept as.
func (m *matcher) compile(want string) (*regexp.Regexp, []string, error) {
	var pattern strings.Builder
	var names []string
	literal := func(s string) error {
		plain, err := expand(s, m.vars)
		pattern.WriteString(regexp.QuoteMeta(plain))
		return err
	}
	pattern.WriteString(`(?s)\A`)
	at := 0
	for _, loc := range stand.FindAllStringIndex(want, -1) {
		if err := literal(want[at:loc[0]]); err != nil {
			return nil, nil, err
		}
		switch word := want[loc[0]:loc[1]]; word {
		case "<any>":
			pattern.WriteString(`.*`)
		case "<int>":
			pattern.WriteString(`-?[0-9]+`)
		default:
			pattern.WriteString(`(.+?)`)
			names = append(names, strings.Trim(word, "{}"))
		}
		at = loc[1]
	}
	if err := literal(want[at:]); err != nil {
		return nil, nil, err
	}
	pattern.WriteString(`\z`)
	compiled, err := regexp.Compile(pattern.String())
	return compiled, names, err
}

// value says whether the JSON value got is what want describes.
func (m *matcher) value(want, got any) (bool, error) {
	switch want := want.(type) {
	case string:
		return m.stringValue(want, got)
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return false, nil
		}
		for i := range want {
			if ok, err := m.value(want[i], list[i]); !ok || err != nil {
				return false, err
			}
		}
		return true, nil
	case map[string]any:
		members, ok := got.(map[string]any)
		if !ok || len(members) != len(want) {
			return false, nil
		}
		for _, name := range slices.Sorted(maps.Keys(want)) {
			member, ok := members[name]
			if !ok {
				return false, nil
			}
			if ok, err := m.value(want[name], member); !ok || err != nil {
				return false, err
			}
		}
		return true, nil
	default:
		return want == got, nil
	}
}

func (m *matcher) stringValue(want string, got any) (bool, error) {
	if s, ok := got.(string); ok && want != "<int>" {
		return m.text(want, s)
	}
	switch {
	case want == "<any>":
		return true, nil
	case want == "<int>":
		n, ok := got.(json.Number)
		return ok && wholeInt.MatchString(n.String()), nil
	case strings.HasPrefix(want, "{{") && stand.FindString(want) == want:
		m.kept[strings.Trim(want, "{}")] = encode(got)
		return true, nil
	}
	return false, nil
}

// merge returns got with what is written in want where that still matches, so
// that -update keeps {{name}}, <any>, <int> and variables.
func (m *matcher) merge(want, got any) any {
	if ok, err := m.value(want, got); ok && err == nil {
		return want
	}
	switch got := got.(type) {
	case string:
		return strings.ReplaceAll(got, "$", "$$")
	case []any:
		old, _ := want.([]any)
		out := make([]any, len(got))
		for i := range got {
			var was any
			if i < len(old) {
				was = old[i]
			}
			out[i] = m.merge(was, got[i])
		}
		return out
	case map[string]any:
		old, _ := want.(map[string]any)
		out := make(map[string]any, len(got))
		for name := range got {
			out[name] = m.merge(old[name], got[name])
		}
		return out
	default:
		return got
	}
}

// decode reads a JSON text whose numbers stay as they are written.
func decode(text string) (any, error) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("something stands after the JSON value")
	}
	return v, nil
}

// encode writes a value on one line, members sorted.
func encode(v any) string {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // v came out of decode
	}
	return strings.TrimSuffix(out.String(), "\n")
}

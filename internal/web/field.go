package web

import (
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Body is a JSON object whose members are asked for by name. Names are compared
// exactly, types are never coerced, and members that nobody asks for are ignored.
// What is wrong is collected, so that one refusal names every field at fault:
// ask for all that is needed, then for [Body.Err].
type Body struct {
	members map[string]jsontext.Value
	prefix  string // "social_media_links." in a nested object
	errs    *[]FieldError
}

// Format shows nothing of a body, in every way of printing: there is a password in
// many.
func (b *Body) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, shownBody) }

// LogValue logs nothing of it either.
func (b *Body) LogValue() slog.Value { return slog.StringValue(shownBody) }

const shownBody = "[body]"

// Opt is a member that may be absent or null.
type Opt[T any] struct {
	Set   bool // the member is there, null or not, and of the right type
	Null  bool // it is null
	Value T    // the zero value unless it is there and not null
}

// Text returns the text of a member that must be there.
func (b *Body) Text(name string) string { return need(b, name, text) }

// Bool returns the truth value of a member that must be there.
func (b *Body) Bool(name string) bool { return need(b, name, boolean) }

// Int returns the integer of a member that must be there, written as an integer:
// 1.0, 1e2, -0 and "1" are none, nor is one that does not fit.
func (b *Body) Int(name string) int64 { return need(b, name, integer) }

// Ints returns the list of at most limit integers of a member that must be there.
func (b *Body) Ints(name string, limit int) []int64 { return need(b, name, integers(limit)) }

// IntOrText returns the text of a member that must be there, or its integer as it
// is written: 7 and "7" are both "7". Whether "07" will do, the door says.
func (b *Body) IntOrText(name string) string { return need(b, name, intOrText) }

// OptText returns the text of a member, or nil if it is absent or null.
func (b *Body) OptText(name string) *string {
	if o := b.MaybeText(name); o.Set && !o.Null {
		return &o.Value
	}
	return nil
}

// MaybeText returns the text of a member that may be absent or null.
func (b *Body) MaybeText(name string) Opt[string] { return maybe(b, name, text) }

// MaybeBool returns the truth value of a member that may be absent or null.
func (b *Body) MaybeBool(name string) Opt[bool] { return maybe(b, name, boolean) }

// MaybeInt returns the integer, as of [Body.Int], of a member that may be absent
// or null.
func (b *Body) MaybeInt(name string) Opt[int64] { return maybe(b, name, integer) }

// MaybeInts returns the list of at most limit integers of a member that may be
// absent or null.
func (b *Body) MaybeInts(name string, limit int) Opt[[]int64] {
	return maybe(b, name, integers(limit))
}

// MaybeTime returns the instant of a member that may be absent or null: RFC 3339,
// seconds and offset included, in UTC and cut to the microsecond. The year must
// still have four digits in UTC.
func (b *Body) MaybeTime(name string) Opt[time.Time] { return maybe(b, name, instant) }

// MaybeObject returns the object of a member that may be absent or null. Its
// fields' errors join those of b, as "social_media_links.website".
func (b *Body) MaybeObject(name string) Opt[*Body] {
	return maybe(b, name, func(v jsontext.Value) (*Body, string) {
		if v.Kind() != '{' {
			return nil, "This field must be an object."
		}
		return &Body{members: membersOf(v), prefix: b.prefix + name + ".", errs: b.errs}, ""
	})
}

// Raw returns the JSON of a member as it was sent, and whether it is there.
func (b *Body) Raw(name string) (jsontext.Value, bool) {
	v, ok := b.members[name]
	return v, ok
}

// Fail adds what a door finds wrong with a field, in a sentence for people. The
// field "" is the object as a whole.
func (b *Body) Fail(field, sentence string) {
	full := b.prefix + field
	if field == "" {
		full = strings.TrimSuffix(b.prefix, ".")
	}
	for i := range *b.errs {
		if f := &(*b.errs)[i]; f.Field == full {
			f.Errors = append(f.Errors, sentence)
			return
		}
	}
	*b.errs = append(*b.errs, FieldError{Field: full, Errors: []string{sentence}})
}

// Err returns a *[BodyError] with every field found at fault up to now, or nil.
func (b *Body) Err() error {
	if len(*b.errs) == 0 {
		return nil
	}
	return &BodyError{Fields: *b.errs}
}

// reader reads a value that is not null, or says in a sentence what it must be.
type reader[T any] func(jsontext.Value) (T, string)

func need[T any](b *Body, name string, read reader[T]) T {
	var zero T
	v, ok := b.members[name]
	if !ok {
		b.Fail(name, "This field is required.")
		return zero
	}
	value, wrong := read(v)
	if wrong != "" {
		b.Fail(name, wrong)
		return zero
	}
	return value
}

func maybe[T any](b *Body, name string, read reader[T]) Opt[T] {
	v, ok := b.members[name]
	switch {
	case !ok:
		return Opt[T]{}
	case v.Kind() == 'n':
		return Opt[T]{Set: true, Null: true}
	}
	value, wrong := read(v)
	if wrong != "" {
		b.Fail(name, wrong)
		return Opt[T]{}
	}
	return Opt[T]{Set: true, Value: value}
}

func text(v jsontext.Value) (string, string) {
	const want = "This field must be a text."
	if v.Kind() != '"' {
		return "", want
	}
	plain, err := jsontext.AppendUnquote(nil, v)
	if err != nil {
		return "", want
	}
	return string(plain), ""
}

func boolean(v jsontext.Value) (bool, string) {
	if kind := v.Kind(); kind != 't' && kind != 'f' {
		return false, "This field must be true or false."
	}
	return v.Kind() == 't', ""
}

func integer(v jsontext.Value) (int64, string) {
	n, err := strconv.ParseInt(string(v), 10, 64)
	if v.Kind() != '0' || err != nil || string(v) == "-0" {
		return 0, "This field must be an integer."
	}
	return n, ""
}

func integers(limit int) reader[[]int64] {
	return func(v jsontext.Value) ([]int64, string) {
		const want = "This field must be a list of integers."
		if v.Kind() != '[' {
			return nil, want
		}
		list := []int64{}
		for item := range items(v) {
			n, wrong := integer(item)
			if wrong != "" {
				return nil, want
			}
			if len(list) == limit {
				return nil, "This field must have at most " + strconv.Itoa(limit) + " items."
			}
			list = append(list, n)
		}
		return list, ""
	}
}

func intOrText(v jsontext.Value) (string, string) {
	if s, wrong := text(v); wrong == "" {
		return s, ""
	}
	if _, wrong := integer(v); wrong == "" {
		return string(v), ""
	}
	return "", "This field must be a text or an integer."
}

// rfc3339 is its grammar (section 5.6). Package time takes more: a comma, a single
// digit for the hour, offsets of a day or of 60 minutes.
var rfc3339 = regexp.MustCompile(
	`^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

func instant(v jsontext.Value) (time.Time, string) {
	const want = "This field must be a date and time with an offset, such as 2026-09-01T18:00:00Z."
	s, wrong := text(v)
	if wrong != "" || !rfc3339.MatchString(s) {
		return time.Time{}, want
	}
	var t time.Time
	if err := t.UnmarshalText([]byte(strings.ToUpper(s))); err != nil {
		return time.Time{}, want
	}
	// With an offset, a year at the edge may leave the four digits in UTC, and
	// could not be written again.
	t = t.UTC().Truncate(time.Microsecond)
	if t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}, want
	}
	return t, ""
}

package store

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// micros is an instant as a column keeps it.
func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// instant scans what micros wrote.
type instant struct{ t *time.Time }

// Scan implements sql.Scanner.
func (i instant) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*i.t = time.Time{}
	case int64:
		*i.t = time.UnixMicro(v).UTC()
	default:
		return fmt.Errorf("an instant is a number, not %T", v)
	}
	return nil
}

// ref is an id as a column keeps it: NULL where it stands for nothing.
func ref(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

// optional scans an id or a text that may be NULL, which is its zero value.
type optional[T int64 | string] struct{ v *T }

// Scan implements sql.Scanner.
func (o optional[T]) Scan(v any) error {
	var zero T
	switch v := v.(type) {
	case nil:
		*o.v = zero
	case T:
		*o.v = v
	default:
		return fmt.Errorf("got %T, want %T or NULL", v, zero)
	}
	return nil
}

func orZero[T int64 | string](v *T) optional[T] { return optional[T]{v} }

// unset is a text as a column keeps it that must be NULL where there is none: so
// that it counts for no uniqueness.
func unset(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// text is what a text column takes of anything: PostgreSQL refuses NUL, and octets
// that are no UTF-8.
func text(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// flag is a yes or no as a column keeps it.
func flag(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

// yes scans what flag wrote, and the truth of a condition, which the engines write
// differently.
type yes struct{ v *bool }

// Scan implements sql.Scanner.
func (y yes) Scan(v any) error {
	switch v := v.(type) {
	case bool:
		*y.v = v
	case int64:
		*y.v = v != 0
	default:
		return fmt.Errorf("got %T, want a yes or no", v)
	}
	return nil
}

// octets scans a blob of a fixed length; NULL leaves zeros.
type octets struct{ v []byte }

// Scan implements sql.Scanner.
func (o octets) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		clear(o.v)
	case []byte:
		if len(v) != len(o.v) {
			return fmt.Errorf("got %d octets, want %d", len(v), len(o.v))
		}
		copy(o.v, v)
	default:
		return fmt.Errorf("got %T, want octets", v)
	}
	return nil
}

// ids scans the numbers that string_agg put in a row, "3,1,4"; NULL is none.
type ids struct{ v *[]int64 }

// Scan implements sql.Scanner.
func (i ids) Scan(v any) error {
	*i.v = nil
	if v == nil {
		return nil
	}
	joined, ok := v.(string)
	if !ok {
		return fmt.Errorf("got %T, want ids", v)
	}
	for part := range strings.SplitSeq(joined, ",") {
		n, err := strconv.ParseInt(part, 10, 64)
		if err != nil {
			return err
		}
		*i.v = append(*i.v, n)
	}
	return nil
}

// document scans a JSON text into v.
type document struct{ v any }

// Scan implements sql.Scanner.
func (d document) Scan(v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("got %T, want JSON", v)
	}
	return json.Unmarshal([]byte(s), d.v)
}

// encode is v as JSON text. What is encoded here are strings and maps of them,
// which can't fail.
func encode(v any) string {
	octets, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("store: encode %T: %v", v, err))
	}
	return string(octets)
}

// array scans a JSON array, kept as it came.
type array struct{ v *json.RawMessage }

// Scan implements sql.Scanner.
func (a array) Scan(v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("got %T, want a JSON array", v)
	}
	*a.v = json.RawMessage(s)
	return nil
}

// arrayText is a JSON array as a column keeps it; nothing is an empty one.
func arrayText(v json.RawMessage) string {
	if len(v) == 0 {
		return "[]"
	}
	return string(v)
}

// placeholders answers n of them from $first on: "$2, $3".
func placeholders(first, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(first + i))
	}
	return b.String()
}

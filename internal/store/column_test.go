package store

import (
	"database/sql"
	"encoding/json"
	"slices"
	"testing"
	"time"
)

// TestInstants keeps whole microseconds, before 1970 too, and the zero time.
func TestInstants(t *testing.T) {
	zone := time.FixedZone("", 3600)
	for _, test := range []struct{ in, want time.Time }{
		{time.Time{}, time.Time{}},
		{time.Unix(0, 0), time.Unix(0, 0).UTC()},
		{time.Date(2026, 3, 1, 12, 0, 0, 123_456_789, zone), time.Date(2026, 3, 1, 11, 0, 0, 123_456_000, time.UTC)},
		{time.Date(1969, 12, 31, 23, 59, 59, 999_999_999, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 999_999_000, time.UTC)},
		{time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)},
	} {
		got := time.Now()
		if err := (instant{&got}).Scan(micros(test.in)); err != nil || got != test.want {
			t.Errorf("%v: got %v and %v, want %v", test.in, got, err, test.want)
		}
	}
}

func TestIDs(t *testing.T) {
	for _, test := range []struct {
		in   any
		want []int64
	}{
		{nil, nil},
		{"7", []int64{7}},
		{"3,1,4", []int64{3, 1, 4}},
	} {
		got := []int64{99}
		if err := (ids{&got}).Scan(test.in); err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%v: got %v and %v, want %v", test.in, got, err, test.want)
		}
	}
}

// TestScannersRefuse gives each scanner what its column can't hold.
func TestScannersRefuse(t *testing.T) {
	var (
		at   time.Time
		n    int64
		s    string
		list []int64
		m    map[string]string
		raw  json.RawMessage
	)
	for _, test := range []struct {
		name string
		to   sql.Scanner
		from any
	}{
		{"an instant from a text", instant{&at}, "2026-03-01"},
		{"an id from a text", orZero(&n), "1"},
		{"a text from a number", orZero(&s), int64(1)},
		{"octets of another length", octets{make([]byte, 16)}, make([]byte, 15)},
		{"octets from a text", octets{make([]byte, 1)}, "x"},
		{"ids from words", ids{&list}, "1,x"},
		{"ids from nothing between commas", ids{&list}, "1,,2"},
		{"ids from a number", ids{&list}, int64(1)},
		{"JSON that is none", document{&m}, "{"},
		{"JSON from NULL", document{&m}, nil},
		{"an array from NULL", array{&raw}, nil},
	} {
		if err := test.to.Scan(test.from); err == nil {
			t.Errorf("%s: got no error", test.name)
		}
	}
}

func TestPlaceholders(t *testing.T) {
	for n, want := range []string{"", "$2", "$2, $3", "$2, $3, $4"} {
		if got := placeholders(2, n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}

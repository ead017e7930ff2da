package main

import (
	"testing"
	"time"
)

func TestDaysAreThoseOfTheZone(t *testing.T) {
	tests := []struct{ zone, day, start, end string }{
		{"UTC", "2026-08-31", "2026-08-31T00:00:00Z", "2026-08-31T23:59:59.999Z"},
		{"Asia/Singapore", "2026-08-31", "2026-08-30T16:00:00Z", "2026-08-31T15:59:59.999Z"},
		{"America/Los_Angeles", "2026-03-08", "2026-03-08T08:00:00Z", "2026-03-09T06:59:59.999Z"}, // 23 hours
		{"America/Los_Angeles", "2026-11-01", "2026-11-01T07:00:00Z", "2026-11-02T07:59:59.999Z"}, // 25 hours
		{"UTC", "2024-02-29", "2024-02-29T00:00:00Z", "2024-02-29T23:59:59.999Z"},
	}
	for _, test := range tests {
		zone, err := time.LoadLocation(test.zone)
		if err != nil {
			t.Fatal(err)
		}
		from, to, err := period(test.day, test.day, zone)
		if err != nil {
			t.Errorf("%s in %s: %v", test.day, test.zone, err)
			continue
		}
		start, end := from.UTC().Format(time.RFC3339Nano), to.UTC().Format(time.RFC3339Nano)
		if start != test.start || end != test.end {
			t.Errorf("%s in %s: got %s to %s, want %s to %s", test.day, test.zone, start, end, test.start, test.end)
		}
	}
}

func TestWhatIsNoDay(t *testing.T) {
	for _, day := range []string{"", "2026", "2026-2-1", "2026-02-30", "01/02/2026", "2026-08-01T00:00:00Z", " 2026-08-01"} {
		if _, err := startOf(day, time.UTC); err == nil {
			t.Errorf("%q is taken for a day", day)
		}
	}
	if _, _, err := period("2026-08-02", "2026-08-01", time.UTC); err == nil {
		t.Error("an end before the start is taken")
	}
}

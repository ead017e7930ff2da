package main

import (
	"fmt"
	"time"
)

// startOf answers the first instant of a day, such as 2026-08-01.
func startOf(day string, zone *time.Location) (time.Time, error) {
	t, err := time.ParseInLocation(time.DateOnly, day, zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not a day such as 2026-08-31", day)
	}
	return t, nil
}

// endOf answers the last millisecond of a day: a period holds while start ≤ now ≤
// end (cohorts contract), and the day named is one of it.
func endOf(day string, zone *time.Location) (time.Time, error) {
	t, err := startOf(day, zone)
	if err != nil {
		return time.Time{}, err
	}
	return t.AddDate(0, 0, 1).Add(-time.Millisecond), nil
}

// period reads the two days that a cohort or a grant runs from and to.
func period(start, end string, zone *time.Location) (from, to time.Time, err error) {
	if from, err = startOf(start, zone); err != nil {
		return from, to, fmt.Errorf("start: %w", err)
	}
	if to, err = endOf(end, zone); err != nil {
		return from, to, fmt.Errorf("end: %w", err)
	}
	if to.Before(from) {
		return from, to, fmt.Errorf("end: %s lies before the start, %s", end, start)
	}
	return from, to, nil
}

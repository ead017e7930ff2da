package main

import (
	"slices"
	"testing"
	"time"
)

func TestQuantileIsTheNearestRank(t *testing.T) {
	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(i+1))
	}
	for _, c := range []struct {
		name string
		of   []time.Duration
		q    float64
		want time.Duration
	}{
		{"none", nil, 0.5, 0},
		{"one", hundred[:1], 0.99, 1},
		{"the middle of an even number", hundred, 0.50, 50},
		{"the middle of an odd number", hundred[:3], 0.50, 2},
		{"the last but one", hundred, 0.99, 99},
		{"all", hundred, 1, 100},
		{"the least", hundred, 0, 1},
	} {
		if got := quantile(c.of, c.q); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		of   []float64
		want float64
	}{
		{nil, 0},
		{[]float64{7}, 7},
		{[]float64{9, 1, 5}, 5},
		{[]float64{9, 1, 5, 4}, 4.5},
	} {
		given := slices.Clone(c.of)
		if got := median(c.of); got != c.want {
			t.Errorf("median of %v: got %v, want %v", c.of, got, c.want)
		}
		if !slices.Equal(c.of, given) {
			t.Errorf("median changed its values to %v", c.of)
		}
	}
}

func TestRatiosArePairByPair(t *testing.T) {
	got := ratios([]float64{10, 20, 30, 40}, []float64{20, 0, 15})
	if want := []float64{0.5, 2}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

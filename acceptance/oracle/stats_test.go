package main

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func TestSeparation(t *testing.T) {
	times := func(all ...time.Duration) []time.Duration { return all }
	for _, c := range []struct {
		what       string
		one, other []time.Duration
		auc, gap   float64
	}{
		{"the same", times(1, 2, 3), times(1, 2, 3), 0.5, 0},
		{"all equal", times(7, 7), times(7, 7, 7), 0.5, 0},
		{"always longer", times(4, 5, 6), times(1, 2, 3), 1, 1},
		{"always shorter", times(1, 2), times(3, 4, 5), 0, 1},
		{"one tie", times(2, 3), times(1, 2), 0.875, 0.5},
		{"two humps", times(1, 1, 9, 9), times(4, 5, 5, 6), 0.5, 0.5},
	} {
		s := separate(c.one, c.other)
		if math.Abs(s.AUC-c.auc) > 1e-9 || math.Abs(s.Gap-c.gap) > 1e-9 {
			t.Errorf("%s: got AUC %v, gap %v, want %v, %v", c.what, s.AUC, s.Gap, c.auc, c.gap)
		}
		if s.Low > s.AUC || s.High < s.AUC || s.Low < 0 || s.High > 1 {
			t.Errorf("%s: %v is not within %v–%v", c.what, s.AUC, s.Low, s.High)
		}
	}
	if s := separate(nil, times(1)); s.suspect() {
		t.Errorf("nothing to compare is suspect: %+v", s)
	}
}

// TestTheBoundsTellALeakFromNone draws times as servers take them.
func TestTheBoundsTellALeakFromNone(t *testing.T) {
	source := rand.New(rand.NewPCG(1, 2))
	draw := func(n int, more float64) (all []time.Duration) {
		for range n {
			all = append(all, time.Duration((1+more+0.5*source.ExpFloat64())*float64(time.Millisecond)))
		}
		return all
	}
	suspected := 0
	for range 200 {
		if separate(draw(400, 0), draw(400, 0)).suspect() {
			suspected++
		}
		if separate(draw(2000, 0), draw(2000, 0)).told() {
			t.Fatal("the same is told apart")
		}
	}
	if suspected > 12 {
		t.Errorf("%d of 200 first looks at the same ask for a second, want some 1.5 %%", suspected)
	}
	if s := separate(draw(2000, 0.1), draw(2000, 0)); !s.told() {
		t.Errorf("a tenth of a millisecond is not told: %+v", s)
	}
	for _, n := range []int{5, 50, 100, 500} {
		for range 200 {
			if s := separate(draw(n, 0), draw(n, 0)); s.told() {
				t.Fatalf("%d samples of the same are told apart: %+v", n, s)
			}
		}
	}
	if s := separate(draw(100, 0.1), draw(100, 0)); s.told() || !s.undecided() {
		t.Errorf("a hundred samples decide about a tenth of a millisecond: %+v", s)
	}
	if s := separate(draw(100, 2), draw(100, 0)); !s.told() {
		t.Errorf("a hundred samples don't show two milliseconds: %+v", s)
	}
	within := 0
	for range 200 {
		if s := separate(draw(400, 0), draw(400, 0)); s.Low <= 0.5 && 0.5 <= s.High {
			within++
		}
	}
	if within < 180 {
		t.Errorf("0.5 lies within %d of 200 intervals of 95 %%", within)
	}
}

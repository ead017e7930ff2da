package main

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// separation says how well two samples of times can be told apart.
type separation struct {
	// AUC is the area under the ROC curve, the Mann-Whitney statistic as a share:
	// how often one of the first takes longer than one of the second. 0.5 tells
	// nothing, 0 and 1 tell them apart at a look.
	AUC float64 `json:"auc"`
	// Low and High bound it with a confidence of 95 % (Hanley and McNeil, 1982).
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Gap is the largest distance between the two distributions (Kolmogorov and
	// Smirnov). It sees what the AUC doesn't: one that is quick and slow by turns
	// beside one that is neither.
	Gap float64 `json:"gap"`
	// The sizes of both samples and their medians.
	One         int           `json:"one_n"`
	Other       int           `json:"other_n"`
	OneMedian   time.Duration `json:"one_median_ns"`
	OtherMedian time.Duration `json:"other_median_ns"`
}

// The bounds. A stranger may not do better than this; the first look uses a wider
// gap, since few samples have one by chance. The last two are for samples of
// enough: what chance does to fewer grows with the root of their number.
const (
	mostAUC   = 0.05 // away from 0.5
	lookedGap = 0.17
	mostGap   = 0.10
	enough    = 2000
)

// suspect reports whether a first look asks for a second.
func (s separation) suspect() bool { return s.off() > mostAUC || s.Gap > lookedGap }

// told reports whether the second look tells them apart, as surely as one at enough
// samples would.
func (s separation) told() bool {
	wider := 1.0
	if n := min(s.One, s.Other); n < enough {
		wider = math.Sqrt(enough / float64(max(n, 1)))
	}
	return s.off() > mostAUC*wider || s.Gap > mostGap*wider
}

// undecided reports whether the samples of a second look are too few to say either:
// they differ by more than two that are the same may, and by no more than chance
// explains.
func (s separation) undecided() bool {
	return !s.told() && (s.off() > mostAUC || s.Gap > mostGap)
}

// off is how far the AUC is from telling nothing.
func (s separation) off() float64 { return math.Abs(s.AUC - 0.5) }

// separate compares two samples.
func separate(one, other []time.Duration) separation {
	if len(one) == 0 || len(other) == 0 {
		return separation{AUC: 0.5, Low: 0, High: 1}
	}
	s := separation{One: len(one), Other: len(other), OneMedian: median(one), OtherMedian: median(other)}
	s.AUC, s.Gap = sweep(one, other)
	n, m := float64(len(one)), float64(len(other))
	a := s.AUC
	q1, q2 := a/(2-a), 2*a*a/(1+a)
	half := 1.96 * math.Sqrt(max(0, a*(1-a)+(n-1)*(q1-a*a)+(m-1)*(q2-a*a))/(n*m))
	s.Low, s.High = max(0, a-half), min(1, a+half)
	return s
}

// sweep goes through both samples by time. Equal times count half.
func sweep(one, other []time.Duration) (auc, gap float64) {
	type mark struct {
		time time.Duration
		one  bool
	}
	var all []mark
	for _, t := range one {
		all = append(all, mark{t, true})
	}
	for _, t := range other {
		all = append(all, mark{t, false})
	}
	slices.SortFunc(all, func(a, b mark) int { return cmp.Compare(a.time, b.time) })
	n, m := float64(len(one)), float64(len(other))
	var ones, others, wins float64 // so far
	for i := 0; i < len(all); {
		var ties, otherTies float64
		at := all[i].time
		for ; i < len(all) && all[i].time == at; i++ {
			if all[i].one {
				ties++
			} else {
				otherTies++
			}
		}
		wins += ties * (others + otherTies/2)
		ones, others = ones+ties, others+otherTies
		gap = max(gap, math.Abs(ones/n-others/m))
	}
	return wins / (n * m), gap
}

// median is the middle of the times, the later one of two.
func median(times []time.Duration) time.Duration {
	if len(times) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(times))[len(times)/2]
}

package main

import (
	"context"
	"fmt"
	"slices"
)

// limitsPart measures what the limits cost the calls that they don't limit.
const limitsPart = "limits"

// limited are the calls that a page asks all the time.
var limited = []string{"info", "refresh"}

func limitsName(call string) string { return call + " with the limits on, of without, 64 clients" }

// limits measures them with the limits and without, one after the other in turn.
func (b *bench) limits(ctx context.Context) error {
	if !b.measures(limitsPart) {
		return nil
	}
	for range b.rounds {
		rates := map[string]map[string]float64{}
		for _, setting := range []string{"off", "on"} {
			found, err := b.ratesWith(ctx, setting)
			if err != nil {
				return fmt.Errorf("limits %s: %w", setting, err)
			}
			rates[setting] = found
		}
		for _, call := range limited {
			if without := rates["off"][call]; without > 0 {
				b.results.value(limitsName(call), "", rates["on"][call]/without)
			}
		}
	}
	return nil
}

// ratesWith answers how many of each call a server with that setting answers in a
// second.
func (b *bench) ratesWith(ctx context.Context, limits string) (map[string]float64, error) {
	in := b.places[0]
	s, err := b.serve(ctx, in, "MATRICULA_LIMITS="+limits)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	rates := map[string]float64{}
	for _, call := range limited {
		i := slices.IndexFunc(works, func(w work) bool { return w.name == call })
		found, err := b.weigh(ctx, []*running{s.running}, 64, works[i].script(in))
		if err != nil {
			return nil, err
		}
		rates[call] = found.PerSecond
	}
	return rates, s.forgetLog()
}

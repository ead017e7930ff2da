package account

import (
	"context"
	"time"
)

// What a change costs differs a little with the address: a new club is more rows
// than a word to the owner of an old one, and a mail's rows refer to an account
// where a decoy's refer to none. So answers leave at multiples of a grain that is
// many times the difference, and few of them tell which side of one they were on.
// A registration's differs the most, and is the rarest.
const (
	mailGrain   = time.Millisecond
	signUpGrain = 50 * time.Millisecond
)

// evenly runs a change, and returns at the next multiple of the grain since it
// began. Nothing is held meanwhile.
func (s *Service) evenly(ctx context.Context, grain time.Duration, change func(Tx) error) error {
	if s.config.Uneven {
		return s.store.Update(ctx, change)
	}
	tick := time.NewTicker(grain)
	defer tick.Stop()
	err := s.store.Update(ctx, change)
	select {
	case <-tick.C: // that was one during the change
	default:
	}
	select {
	case <-tick.C:
	case <-ctx.Done():
	}
	return err
}

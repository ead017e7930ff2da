package main

import (
	"errors"
	"fmt"
	"time"

	"matricula/internal/account"
	"matricula/internal/limit"
	"matricula/internal/web"
)

// rateKeys is how many pairs of a call and a client network are remembered at once:
// at most 4 MiB. A pair is forgotten once its burst is whole again, so it takes
// thousands of requests a second, each from another network, to fill them.
const rateKeys = 65_536

// errRate says in the log which limit refused a request.
var errRate = errors.New("limit-requests, of this call and the client's network")

// rate is limit-requests and limit-requests-burst.
func (s settings) rate() limit.Config {
	return limit.Config{Events: s.LimitRequests, Per: time.Minute, Burst: s.LimitRequestsBurst, Keys: rateKeys}
}

// rates answers what holds client networks to the rate, nil where limits are off,
// and what it has done.
func (c config) rates(now func() time.Time) (web.Wrap, func() limit.Stats) {
	if c.Limits == "off" {
		return nil, func() limit.Stats { return limit.Stats{} }
	}
	limiter, err := limit.New[web.Visit](c.rate())
	if err != nil {
		panic(err) // config has asked already
	}
	return web.Limited(func(v web.Visit) error {
		ok, wait := limiter.Allow(v, now())
		if ok {
			return nil
		}
		return &account.Error{Code: account.TooMany, RetryAfter: wait, Err: errRate}
	}), limiter.Stats
}

// mostRequests is more than any machine that this runs on answers in a minute.
const mostRequests = 1_000_000

// checkRate refuses a rate that can't be meant.
func (s settings) checkRate() error {
	requests, burst := s.LimitRequests, s.LimitRequestsBurst
	switch {
	case requests < 1:
		return fmt.Errorf("limit-requests: %d is too few; limits=off lifts every limit", requests)
	case requests > mostRequests:
		return fmt.Errorf("limit-requests: %d a minute is no limit; %d is the most, and limits=off lifts every limit", requests, mostRequests)
	case burst < 1:
		return fmt.Errorf("limit-requests-burst: %d is too few; limits=off lifts every limit", burst)
	case burst > requests:
		return fmt.Errorf("limit-requests-burst: %d at once is more than the %d a minute of limit-requests", burst, requests)
	}
	return nil
}

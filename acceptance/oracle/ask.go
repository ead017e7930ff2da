package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"
)

// asker asks one server about people.
type asker struct {
	plan
	ctx     context.Context
	clients chan *client // those that nobody asks with at this moment
	people  *people
	errs    io.Writer // is told what is going on
	report  *report
}

// ask carries a plan out against the server at its URL.
func ask(ctx context.Context, p plan, known *people, errs io.Writer) (*report, error) {
	a := &asker{plan: p, ctx: ctx, clients: make(chan *client, waiters*p.askers), people: known, errs: errs, report: newReport(p)}
	known.setAside(askersOfRow * len(everyCall))
	for range cap(a.clients) {
		c, err := newClient(p.url)
		if err != nil {
			return nil, err
		}
		defer c.close()
		a.clients <- c
	}
	for _, c := range everyCall {
		if !p.asks(c) {
			continue
		}
		if c.wantID && !known.haveIDs(a.classesOf(c)) {
			a.report.Left = append(a.report.Left, c.name+" wants the ids of the accounts, and the file of the people has none")
			continue
		}
		if err := a.call(c); err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
	}
	a.report.end()
	return a.report, nil
}

// call asks one call in every way.
func (a *asker) call(c call) error {
	found, err := a.sameAnswers(c)
	if err != nil {
		return err
	}
	a.report.add(found)
	for _, watch := range a.watches(c) {
		if watch.samples == 0 {
			continue
		}
		begun := time.Now()
		findings, err := watch.compare()
		if err != nil {
			return fmt.Errorf("%s: %w", watch.when, err)
		}
		a.report.add(findings...)
		fmt.Fprintf(a.errs, "oracle: %s, %s: %v\n", c.name, watch.when, time.Since(begun).Round(100*time.Millisecond))
	}
	return nil
}

// classesOf are the classes that a call is asked about, those who are unknown at the
// front, for the others are held against them.
func (a *asker) classesOf(c call) []class {
	stranger := unknown
	if c.uses {
		stranger = applicant
	}
	all := []class{stranger}
	for _, cl := range a.people.classes() {
		if cl != unknown && (len(a.classes) == 0 || slices.Contains(a.classes, cl)) {
			all = append(all, cl)
		}
	}
	return all
}

// network is where somebody asks from whom no limit has met before.
func (a *asker) network() string {
	n := rand.Uint32()
	return fmt.Sprintf("10.%d.%d.%d", n>>16&0xff, n>>8&0xff, n&0xff)
}

// errLimited says that limits, and not the answers, would be measured.
var errLimited = errors.New("429: the limits of a network are in the way; start the server with --trusted-proxies and the address of this machine, or with --limits off")

// answered asks until the server is not too busy to answer.
func (a *asker) answered(c call, who person, network string) (answer, error) {
	return a.patiently(c.about(a.url, who), network, who.email)
}

func (a *asker) patiently(r request, network, email string) (answer, error) {
	c := <-a.clients
	defer func() { a.clients <- c }()
	for range 200 {
		got, err := c.do(r, network, email)
		if err != nil || got.status != http.StatusServiceUnavailable {
			return got, err
		}
		select { // whoever is too busy says so about everybody
		case <-a.ctx.Done():
			return answer{}, a.ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
	return answer{}, errors.New("503, again and again")
}

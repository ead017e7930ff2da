// Command oracle looks for answers that tell who has an account. It asks every
// public call of both contracts about many addresses of several classes (with an
// account, without one, unconfirmed, disabled and so on), and compares what a
// stranger sees: status, headers, body, the same call again and again, the time
// that an answer takes, idle and while others keep the server busy, and the time of
// the call after it.
//
// It is a client like any other and asks any server at a URL. It knows the wire and
// nothing of how an answer is made; only to fill an installation of its own with
// people it goes past the wire, through the rooms that keep them. docs/oracle.md
// says how to read what it prints.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// The exit status.
const (
	exitAlike   = 0
	exitLeak    = 1
	exitTrouble = 2 // nothing can be said
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the command; what goes wrong is one line on errs.
func run(args []string, out, errs io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	r, err := command(ctx, args, out, errs)
	switch {
	case err != nil:
		if ctx.Err() != nil {
			err = errors.New("stopped")
		}
		fmt.Fprintln(errs, "oracle:", err)
		return exitTrouble
	case r != nil && len(r.Leaks) > 0:
		return exitLeak
	case r != nil && len(r.Open) > 0:
		return exitTrouble
	}
	return exitAlike
}

// command answers what it found, or nil when it was told to ask nothing.
func command(ctx context.Context, args []string, out, errs io.Writer) (*report, error) {
	p, err := parsePlan(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return nil, usage(out)
	case err != nil:
		return nil, err
	case p.fill != "":
		return nil, p.fillOnly(ctx, out)
	}
	if p.again < enough {
		fmt.Fprintf(errs, "oracle: -again %d can show a leak; that there is none wants %d wherever two look different\n", p.again, enough)
	}
	r, err := p.carryOut(ctx, errs)
	if err != nil {
		return nil, err
	}
	if err := r.print(out, p.all); err != nil {
		return nil, err
	}
	if p.json != "" {
		return r, r.save(p.json)
	}
	return r, nil
}

// fillOnly makes an installation that somebody else will serve, and says how.
func (p plan) fillOnly(ctx context.Context, out io.Writer) error {
	found, err := fill(ctx, p.fill, p.people())
	if err != nil {
		return err
	}
	if err := found.save(p.peopleFile); err != nil {
		return err
	}
	hash := ""
	if p.cheap {
		hash = " MATRICULA_HASH=" + cheapArgon2id
	}
	_, err = fmt.Fprintf(out, `%s is filled, and %s says with whom. Serve it, and ask:

MATRICULA_DATA=%s%s matricula serve --trusted-proxies 127.0.0.1
go run ./acceptance/oracle http://localhost:8080 -people %s
`, p.fill, p.peopleFile, p.fill, hash, p.peopleFile)
	return err
}

// carryOut asks the server at the URL, or one of its own.
func (p plan) carryOut(ctx context.Context, errs io.Writer) (*report, error) {
	if p.url == "" {
		return p.alone(ctx, errs)
	}
	known, err := loadPeople(p.peopleFile)
	if err != nil {
		return nil, err
	}
	return ask(ctx, p, known, errs)
}

// alone fills an installation in a temporary directory, serves it and asks it.
func (p plan) alone(ctx context.Context, errs io.Writer) (*report, error) {
	temp, err := os.MkdirTemp(p.dir, "matricula-oracle-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temp)
	s, err := p.install(ctx, temp, errs)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	p.url = s.url
	return ask(ctx, p, s.people, errs)
}

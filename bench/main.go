// Command bench measures the built program and, in the same run on the same
// machine with the same load generator, what it is held against: a bare JSON
// handler, raw hashes, raw point reads and raw commits. A figure is a ratio of two
// of these, so it says something on any machine; docs/bench.md says how to read it.
//
// It is a client like any other: it knows the wire and nothing of how an answer is
// made. Only to fill a database with a million accounts it goes past the wire,
// through the rooms that keep them.
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

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the command; what goes wrong is one line on errs.
func run(args []string, out, errs io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := command(ctx, args, out, errs)
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		err = errors.New("stopped")
	}
	fmt.Fprintln(errs, "bench:", err)
	return 1
}

func command(ctx context.Context, args []string, out, errs io.Writer) error {
	if len(args) == 1 && args[0] == bareArgument {
		return serveBare(ctx, out)
	}
	p, err := parsePlan(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return usage(out)
	case err != nil:
		return err
	case p.compare:
		return compareFiles(out, p.old, p.new)
	}
	r, err := p.measure(ctx, errs)
	if err != nil {
		return err
	}
	if err := r.print(out); err != nil || p.json == "" {
		return err
	}
	return r.save(p.json)
}

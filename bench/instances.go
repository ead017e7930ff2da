package main

import (
	"context"
	"fmt"
	"slices"
)

// Several instances of the program on one database: the same clients, spread over
// more of them. On one machine nothing is gained; what is seen is how little is lost.
const (
	instancesPart = "instances"
	instancesMost = 3
)

// instances measures a call on 2 and 3 instances, of which the first runs already.
func (b *bench) instances(ctx context.Context, w work, in *installation, first *server, round int) error {
	if !b.measures(instancesPart) {
		return nil
	}
	servers := []*server{first}
	for n := 2; n <= instancesMost; n++ {
		s, err := b.serveAnother(ctx, in, n)
		if err != nil {
			return err
		}
		defer s.stop()
		servers = append(servers, s)
		if err := b.call(ctx, w, in, servers, b.crowd(), round); err != nil {
			return err
		}
	}
	return nil
}

// serveAnother starts the nth instance of an installation, with a data directory of
// its own.
func (b *bench) serveAnother(ctx context.Context, in *installation, n int, env ...string) (*server, error) {
	return b.serve(ctx, in, append(slices.Clone(env), fmt.Sprintf("MATRICULA_DATA=%s-%d", in.data, n))...)
}

// crowd is the most clients that are measured, which is how many several instances
// share.
func (p plan) crowd() int { return p.clients[len(p.clients)-1] }

func instancesName(work string, clients, n int) string {
	return fmt.Sprintf("%s, %d clients, %d instances of 1", work, clients, n)
}

// lostName is the figure that must be nothing: calls that were answered, and of which
// the database holds no trace.
func lostName(work string) string { return work + ", answered and lost" }

package main

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"
)

// spin calls work from several goroutines, each again as soon as it returns, for
// warm and then for length.
func spin(ctx context.Context, workers int, warm, length time.Duration, work func(worker int) error) (sample, error) {
	opens := time.Now().Add(warm)
	ends := opens.Add(length)
	tallies, errs := make([]tally, workers), make([]error, workers)
	var spinning sync.WaitGroup
	for i := range workers {
		spinning.Go(func() {
			for begun := time.Now(); begun.Before(ends) && errs[i] == nil && ctx.Err() == nil; {
				errs[i] = work(i)
				tallies[i].calls++
				now := time.Now()
				if !now.Before(opens) && now.Before(ends) {
					tallies[i].took = append(tallies[i].took, now.Sub(begun))
				}
				begun = now
			}
		})
	}
	spinning.Wait()
	all := tally{length: length}
	for i := range workers {
		if errs[i] != nil {
			return sample{}, errs[i]
		}
		all.add(tallies[i])
	}
	return all.sample(), ctx.Err()
}

// rawHashes makes argon2id hashes at the program's default cost, on as many cores
// as that many clients could keep busy.
func rawHashes(ctx context.Context, clients int, warm, length time.Duration) (sample, error) {
	salt := []byte("sixteen octets..")
	return spin(ctx, min(clients, runtime.GOMAXPROCS(0)), warm, length, func(int) error {
		argon2.IDKey([]byte(passphrase), salt, 2, 19456, 1, 32)
		return nil
	})
}

// note is what a raw commit writes.
var note = strings.Repeat("note ", 20)

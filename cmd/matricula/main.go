// Command matricula is the account server. It reads the settings, puts the rooms
// together and runs what was asked for: the server, or one of the commands that
// work beside it.
//
// It knows every room and is imported by none. It holds no rule: what a command
// does to accounts, clubs or cohorts is one call of account.Service.
package main

import (
	"context"
	"os"
)

func main() {
	c := &console{
		ctx: context.Background(), env: readEnvironment(os.Environ()), now: clock(),
		in: os.Stdin, out: os.Stdout, errs: os.Stderr,
	}
	os.Exit(c.run(os.Args[1:]))
}

// Command matricula is the account server. It reads the settings, puts the rooms
// together and runs what was asked for: the server, or one of the commands that
// work beside it.
//
// It knows every room and is imported by none. It holds no rule: what a command
// does to accounts, clubs or cohorts is one call of account.Service.
package main

import (
	"context"
	"fmt"
	"os"

	"matricula/internal/password/apart"
)

func main() {
	if apart.Is(os.Args[1:]) { // a server has started us to hash its passwords
		if err := apart.Serve(os.Args[1:], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "matricula:", err)
			os.Exit(1)
		}
		return
	}
	c := &console{
		ctx: context.Background(), env: readEnvironment(os.Environ()), now: clock(),
		in: os.Stdin, out: os.Stdout, errs: os.Stderr,
	}
	os.Exit(c.run(os.Args[1:]))
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// cli is every command. A file of its own has each.
type cli struct {
	Serve     serveCommand     `cmd:"" help:"Serve both contracts."`
	Demo      demoCommand      `cmd:"" help:"Serve a throw-away installation with something in it."`
	Check     checkCommand     `cmd:"" help:"Say what is wrong with settings, database, keys and mail."`
	Migrate   migrateCommand   `cmd:"" help:"Bring the database's schema up to date."`
	Roster    rosterCommand    `cmd:"" help:"Who may register a club."`
	Account   accountCommand   `cmd:"" help:"Accounts, their passwords and sessions."`
	Network   networkCommand   `cmd:"" help:"Client networks, and the limits that they meet."`
	Club      clubCommand      `cmd:"" help:"Clubs."`
	Tags      tagsCommand      `cmd:"" help:"The tags that clubs choose from."`
	Sizes     sizesCommand     `cmd:"" help:"The sizes that clubs choose from."`
	Cohort    cohortCommand    `cmd:"" help:"Cohorts: the years of the programme."`
	Project   projectCommand   `cmd:"" help:"Projects of the cohorts."`
	Role      roleCommand      `cmd:"" help:"Who is a student, adviser, mentor or administrator."`
	Events    eventsCommand    `cmd:"" help:"The audit log."`
	Keys      keysCommand      `cmd:"" help:"The keys that sign access tokens."`
	Passwords passwordsCommand `cmd:"" help:"Passwords that nobody should have."`
	Version   versionCommand   `cmd:"" help:"Which build this is."`
}

// about stands at the top of matricula --help.
const about = "Matricula is an account server for campus communities. Commands work beside a running server and before the first one;" +
	" they find the installation by --data or the MATRICULA_ variables that matricula serve --help lists."

// console is what a command has of the world outside.
type console struct {
	ctx  context.Context
	env  environment
	now  func() time.Time
	in   io.Reader
	out  io.Writer
	errs io.Writer
}

// run runs one command and answers the exit status: 0, or 1 after one line on
// standard error that says what to do.
func (c *console) run(args []string) int {
	var grammar cli
	helped := false
	parser, err := kong.New(&grammar,
		kong.Name("matricula"), kong.Description(about),
		kong.Writers(c.out, c.errs), kong.Exit(func(int) { helped = true }),
		kong.ConfigureHelp(kong.HelpOptions{NoExpandSubcommands: true, Compact: true}),
		kong.Resolvers(c.env), settingGroups,
	)
	if err != nil {
		return c.fail(err)
	}
	command, err := parser.Parse(args)
	switch {
	case helped:
		return 0
	case err != nil:
		if bad := c.env.check(); bad != nil { // it may be the very reason, and says it better
			return c.fail(bad)
		}
		return c.fail(misused(err))
	}
	if command.Command() != "demo" { // which reads no variable
		if err := c.env.check(); err != nil {
			return c.fail(err)
		}
	}
	if err := command.Run(c); err != nil {
		return c.fail(err)
	}
	return 0
}

// misused says where a person finds how the command is written.
func misused(err error) error {
	help := "matricula --help"
	if parse, ok := errors.AsType[*kong.ParseError](err); ok && parse.Context != nil {
		if node := parse.Context.Selected(); node != nil {
			path, _, _ := strings.Cut(node.FullPath(), " <") // what stands between is the operator's
			help = path + " --help"
		}
		if missing := withheld(parse); missing != "" {
			return fmt.Errorf("%w, and %s; %s says how", err, missing, help)
		}
	}
	return fmt.Errorf("%w; %s says how", err, help)
}

// withheld names the arguments that are missing beside the flags: kong tells of them
// only when the flags are there.
func withheld(err *kong.ParseError) string {
	node := err.Context.Selected()
	if node == nil || !strings.HasPrefix(err.Error(), "missing flags") {
		return ""
	}
	given := 0
	for _, step := range err.Context.Path {
		if step.Positional != nil {
			given++
		}
	}
	var missing []string
	for _, argument := range node.Positional[min(given, len(node.Positional)):] {
		if argument.Required {
			missing = append(missing, argument.Summary())
		}
	}
	return strings.Join(missing, " ")
}

// fail prints the one line that a failure is.
func (c *console) fail(err error) int {
	fmt.Fprintln(c.errs, "matricula: "+oneLine(explain(err)))
	return 1
}

// cause is an error without the operation and the path that a sentence names
// already.
func cause(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	if link, ok := errors.AsType[*os.LinkError](err); ok {
		return link.Err
	}
	return err
}

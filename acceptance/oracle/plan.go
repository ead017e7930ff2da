package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
)

// plan is what is to be asked, and how often.
type plan struct {
	url        string // "" for an installation of its own
	peopleFile string
	fill       string // a data directory to fill, and then nothing more

	calls   []string // names, or the beginnings of names; none is every call
	classes []class  // none is every class that there is

	samples int // timed calls of each class, idle
	load    int // the same under load
	next    int // timed calls after a call
	again   int // fresh samples of each side where two seemed to differ
	crowd   int // clients that make the load
	askers  int // clients that take samples side by side

	program string
	env     []string // NAME=VALUE, for a server of its own
	limits  string
	dir     string
	each    int
	cheap   bool

	json string
	all  bool
}

func (p *plan) flagSet() *flag.FlagSet {
	s := flag.NewFlagSet("oracle", flag.ContinueOnError)
	s.SetOutput(io.Discard) // what is wrong is told in one line
	s.StringVar(&p.peopleFile, "people", "", "`file` of the addresses to ask about, by class; needed with a URL, written with -fill")
	s.StringVar(&p.fill, "fill", "", "fill an empty data `directory` with people, write them to the file -people, and ask nothing")
	s.Func("calls", "ask only these `calls`, separated by commas: names from below or how they begin, such as login or clubs (default every call)", func(text string) error {
		p.calls = strings.Split(text, ",")
		return nil
	})
	s.Func("classes", "ask only about these `classes`, separated by commas (default every class there is)", func(text string) error {
		for name := range strings.SplitSeq(text, ",") {
			p.classes = append(p.classes, class(name))
		}
		return nil
	})
	s.IntVar(&p.samples, "samples", 400, "timed `calls` of each class while nobody else asks")
	s.IntVar(&p.load, "load", 400, "timed `calls` of each class under load")
	s.IntVar(&p.next, "next", 400, "timed `calls` after a call about each class")
	s.IntVar(&p.again, "again", enough, "fresh `samples` where two classes seem to differ, before it counts; fewer can show a leak, but not that there is none")
	s.IntVar(&p.crowd, "crowd", 8, "`clients` that keep the server's hashing busy under load")
	s.IntVar(&p.askers, "askers", 1, "`clients` that take samples side by side, four times as many at calls that wait for a tick: quicker, and a little less sharp")
	s.StringVar(&p.program, "program", "", "built program `file` to serve with, in place of this tree's")
	s.Func("env", "`NAME=VALUE` for the environment of a server of its own; may be given again", func(text string) error {
		if name, _, ok := strings.Cut(text, "="); !ok || name == "" {
			return errors.New("want NAME=VALUE")
		}
		p.env = append(p.env, text)
		return nil
	})
	s.StringVar(&p.limits, "limits", "on", "`on` or off: the limits of a server of its own")
	s.StringVar(&p.dir, "dir", "", "`directory` for an installation of its own (default the system's for temporary files)")
	s.IntVar(&p.each, "each", 3000, "`people` of each class in an installation that is filled")
	s.BoolVar(&p.cheap, "cheap", false, "fill with hashes that cost next to nothing, and serve so: the rest of the work shows the better")
	s.StringVar(&p.json, "json", "", "`file` to write the result to")
	s.BoolVar(&p.all, "all", false, "print every comparison, not just the worst of each call")
	return s
}

// usage tells the arguments, and what can be asked.
func usage(out io.Writer) error {
	var p plan
	s := p.flagSet()
	s.SetOutput(out)
	_, err := fmt.Fprint(out, `go run ./acceptance/oracle [flags]                      asks an installation of its own
go run ./acceptance/oracle URL -people FILE [flags]     asks the server at URL
go run ./acceptance/oracle -fill DIRECTORY -people FILE makes an installation to serve

Exit status 0: nothing tells them apart; 1: something does; 2: it could not be found out.

`)
	if err != nil {
		return err
	}
	s.PrintDefaults()
	_, err = fmt.Fprintln(out, "\nThe calls; -calls takes the second word alone, too:")
	for _, c := range everyCall {
		if err == nil {
			_, err = fmt.Fprintln(out, "  "+c.name)
		}
	}
	return err
}

// parsePlan reads the arguments; the URL stands before or after the flags. The error
// is flag.ErrHelp, or one line.
func parsePlan(args []string) (plan, error) {
	var p plan
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		p.url, args = args[0], args[1:]
	}
	s := p.flagSet()
	if err := s.Parse(args); err != nil {
		return plan{}, err
	}
	switch rest := s.Args(); {
	case len(rest) == 1 && p.url == "":
		p.url = rest[0]
	case len(rest) > 0:
		return plan{}, fmt.Errorf("%q is no flag; -h shows them", rest[0])
	}
	return p, p.check()
}

func (p *plan) check() error {
	if p.url != "" {
		u, err := url.Parse(p.url)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/")+u.RawQuery != "" {
			return fmt.Errorf("%q is not a URL such as http://localhost:8080", p.url)
		}
		p.url = u.Scheme + "://" + u.Host
	}
	switch {
	case p.url != "" && p.fill != "":
		return errors.New("-fill asks nothing, so it wants no URL")
	case (p.url != "" || p.fill != "") && p.peopleFile == "":
		return errors.New("name the file of the people with -people")
	case p.limits != "on" && p.limits != "off":
		return fmt.Errorf("-limits is on or off, not %q", p.limits)
	case p.samples < 0 || p.load < 0 || p.next < 0 || p.crowd < 1 || p.askers < 1 || p.again < 1 || p.each < 1:
		return errors.New("a number is too small; -h says what each is")
	}
	for _, wanted := range p.calls {
		if !slices.ContainsFunc(everyCall, func(c call) bool { return c.named(wanted) }) {
			return fmt.Errorf("-calls: no call begins with %q; -h lists them", wanted)
		}
	}
	for _, wanted := range p.classes {
		if !slices.Contains(everyClass, wanted) {
			return fmt.Errorf("-classes: there is no %q, only %v", wanted, everyClass)
		}
	}
	return nil
}

// asks reports whether a call is to be asked.
func (p plan) asks(c call) bool {
	return len(p.calls) == 0 || slices.ContainsFunc(p.calls, c.named)
}

// people says how many of each class the plan needs. Applicants are used up, so
// there must be one for each time that register may be asked.
func (p plan) people() crew {
	return crew{each: p.each, applicants: p.samples + p.load + p.next + 3*len(everyClass)*p.again + 3*warm*waiters*p.askers + 100, cheap: p.cheap}
}

package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// demoCommand serves a throw-away installation.
type demoCommand struct {
	jsonFlag
	Addr string `name:"addr" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Address to serve at, on this machine; port 0 picks one (${default})."`
}

// Help shows how it is used.
func (demoCommand) Help() string {
	return `It fills a new data directory with a roster, clubs, cohorts, projects and accounts of every role, prints how to get in, and takes the directory away when it ends. Front ends at http://localhost:3000 may call it. It reads no variable of the environment.

Example:

    matricula demo --addr 127.0.0.1:8090`
}

// Run serves the demonstration until a signal ends it.
func (cmd *demoCommand) Run(c *console) (err error) {
	if host, _, err := net.SplitHostPort(cmd.Addr); err == nil && !isLoopback(host) && cmd.Addr != ":0" {
		return fmt.Errorf("addr: the passwords of a demonstration are known to all, so it serves this machine alone; such as at 127.0.0.1:8080")
	}
	dir, err := os.MkdirTemp("", "matricula-demo-")
	if err != nil {
		return fmt.Errorf("there is no place for the demonstration's data: %w", err)
	}
	defer func() {
		if gone := os.RemoveAll(dir); err == nil && gone != nil {
			err = fmt.Errorf("%s can't be taken away: %w", dir, cause(gone))
		}
	}()
	set, err := environment{}.settings(
		"--addr="+cmd.Addr, "--data="+filepath.Join(dir, "data"), "--origins=http://localhost:3000", "--dev-mail", "--log-level=warn")
	if err != nil {
		return err
	}
	cfg, err := set.config(os.ReadFile)
	if err != nil {
		return err
	}
	err = c.serve(cfg, func(s *server) error {
		accounts, err := s.core.fillDemo(c.ctx, c.now())
		if err != nil {
			return fmt.Errorf("the demonstration can't be filled: %w", err)
		}
		shape := demoShape{
			Address: s.site.publicURL, DevMail: s.site.publicURL + "/dev/mail",
			Accounts: accounts, Try: tryFirst(s.site.publicURL, filepath.Join(dir, "cookies")),
		}
		return cmd.print(c.out, shape, shape.write)
	})
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("another program serves at %s; choose another address with --addr (make demo ADDR=127.0.0.1:8081)", cmd.Addr)
	}
	return err
}

// demoShape is what a demonstration tells of itself.
type demoShape struct {
	Address  string        `json:"address"`
	DevMail  string        `json:"dev_mail"`
	Accounts []demoAccount `json:"accounts"`
	Try      []string      `json:"try"`
}

// demoAccount is an account of the demonstration, with the password that nobody
// else would tell.
type demoAccount struct {
	Email    string `json:"email"`
	Password string `json:"password"`
	Role     string `json:"role"`
}

// write tells it to people.
func (d demoShape) write(out io.Writer) {
	fmt.Fprintf(out, "Matricula serves %s\nIts mails are shown at %s\n\n", d.Address, d.DevMail)
	var rows [][]string
	for _, a := range d.Accounts {
		rows = append(rows, []string{a.Email, a.Password, a.Role})
	}
	table(out, []string{"EMAIL", "PASSWORD", "ROLE"}, rows)
	fmt.Fprintf(out, "\nTry first:\n\n%s\n\nCtrl-C ends it and takes its data away.\n", strings.Join(d.Try, "\n"))
}

// tryFirst are three lines for a shell: a call of the clubs contract that needs no
// account, a login there, and a sign-in of the cohorts contract with the call that
// its cookie is for.
func tryFirst(address, jar string) []string {
	post := func(path, body string) string {
		return fmt.Sprintf("%s%s -H 'Content-Type: application/json' -d '%s'", address, path, body)
	}
	const curl = `curl -s -w '\n' `
	return []string{
		curl + post("/api/user/email-exists", `{"email":"`+demoFree+`"}`),
		curl + post("/api/user/login", credentials(demoOfficer)),
		"curl -s -c '" + jar + "' -o " + os.DevNull + " " + post("/api/auth/sign-in", credentials(demoStudent)) +
			" && " + curl + "-b '" + jar + "' " + address + "/api/auth/info",
	}
}

func credentials(a demoAccount) string {
	return fmt.Sprintf(`{"email":"%s","password":"%s"}`, a.Email, a.Password)
}

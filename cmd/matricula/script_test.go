package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"matricula/internal/password/apart"
)

// TestMain lets the test binary stand in for matricula in the scripts. The tests
// themselves know no setting of whoever runs them.
func TestMain(m *testing.M) {
	if apart.Is(os.Args[1:]) { // a server within the tests has started us
		main()
		return
	}
	if filepath.Base(os.Args[0]) != "matricula" { // there, the environment is the script's
		for _, entry := range os.Environ() {
			if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, envPrefix) {
				_ = os.Unsetenv(name)
			}
		}
	}
	testscript.Main(m, map[string]func(){"matricula": main})
}

// TestScript plays testdata/script: one file a subject, told as a session at a
// shell. Besides testscript's own commands there are
//
//	await FILE               waits until a server has written its address, and puts it into $ADDR
//	ask METHOD PATH [FILE]   sends a request there, with the file as its JSON, and prints status and body
//	mailed ADDRESS           waits until a mail to the address lies in the data directory
//	oneline FILE             holds the last standard error to the one line in FILE
func TestScript(t *testing.T) { playScripts(t, "testdata/script") }

// playScripts plays the scripts of a directory, with these variables in their
// environment.
func playScripts(t *testing.T, dir string, env ...string) {
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Deadline:            time.Now().Add(5 * time.Minute), // a server that should have been refused runs on
		Setup: func(e *testscript.Env) error {
			e.Setenv("MATRICULA_HASH", "argon2id,m=64,t=1,p=1") // what is tested here is not the hash
			e.Vars = append(e.Vars, env...)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"await": await, "ask": ask, "mailed": mailed, "oneline": oneline,
		},
	})
}

func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await FILE")
	}
	path := ts.MkAbs(args[0])
	until(ts, "a server has written "+args[0], func() bool {
		text, err := os.ReadFile(path)
		ts.Setenv("ADDR", strings.TrimSpace(string(text)))
		return err == nil
	})
}

func mailed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: mailed ADDRESS")
	}
	until(ts, "there is a mail to "+args[0], func() bool {
		mails, err := filepath.Glob(ts.MkAbs("matricula-data/mail/*.eml"))
		ts.Check(err)
		return slices.ContainsFunc(mails, func(path string) bool {
			return strings.Contains(ts.ReadFile(path), "To: <"+args[0]+">")
		})
	})
}

// until looks again and again, for what another process does.
func until(ts *testscript.TestScript, what string, is func() bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			ts.Fatalf("waited in vain until %s", what)
		}
	}
}

func ask(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: ask METHOD PATH [FILE]")
	}
	var body io.Reader
	if len(args) == 3 {
		body = strings.NewReader(ts.ReadFile(args[2]))
	}
	request, err := http.NewRequest(args[0], "http://"+ts.Getenv("ADDR")+args[1], body)
	ts.Check(err)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultTransport.RoundTrip(request)
	ts.Check(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%d\n%s\n", response.StatusCode, text)
}

func oneline(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: oneline FILE")
	}
	got, want := ts.ReadFile("stderr"), ts.ReadFile(args[0])
	if got != want {
		ts.Fatalf("standard error\ngot  %swant %s", got, want)
	}
	if strings.Count(got, "\n") != 1 || !strings.HasPrefix(got, "matricula: ") {
		ts.Fatalf("standard error is not one line of matricula: %q", got)
	}
}

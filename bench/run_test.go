package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"matricula/internal/store/postgres/pgtest"
)

// TestEveryWorkIsAnswered runs all of it for an instant: the program is built and
// called as in earnest, since a request that the program refuses ends the run.
func TestEveryWorkIsAnswered(t *testing.T) {
	t.Run(onSQLite, func(t *testing.T) {
		runsAll(t, onSQLite, stormInfo, []string{bareWork, hashWork, commitWork}, key{Work: "info", Accounts: 200, Clients: 3})
	})
	t.Run(onPostgres, func(t *testing.T) {
		runsAll(t, onPostgres, stormOther, []string{hashWork, commitWork}, key{Work: "request-reset", Accounts: 100, Clients: 3, Instances: 3})
	})
}

// runsAll wants, on an engine, every call measured, and the bases, a figure of the
// storm and a cell that the engine alone has.
func runsAll(t *testing.T, database, storm string, bases []string, own key) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	if err := lacksProc(); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} { // for the user that PostgreSQL runs as
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("TMPDIR", dir)
	result := filepath.Join(dir, "result.json")
	var out, errs bytes.Buffer
	args := "-database " + database + " -accounts 100,200 -clients 1,3 -rounds 1 -time 100ms -env MATRICULA_LOG_LEVEL=warn -json " + result
	code := run(strings.Fields(args), &out, &errs)
	if strings.Contains(errs.String(), pgtest.ErrMissing.Error()) {
		pgtest.OrSkip(t, pgtest.ErrMissing)
	}
	if code != 0 {
		t.Fatalf("status %d:\n%s", code, errs.String())
	}
	r, err := loadReport(result)
	if err != nil {
		t.Fatal(err)
	}
	found := results{cells: r.Cells}
	for _, w := range works {
		for _, accounts := range []int{100, 200} {
			if c := found.find(key{Work: w.name, Accounts: accounts, Clients: 3}); c == nil || c.Peak == 0 { // how many is the machine's business
				t.Errorf("%s at %d accounts: got %+v", w.name, accounts, c)
			}
		}
	}
	if found.find(own) == nil {
		t.Errorf("%s was not measured", own.label())
	}
	for _, base := range bases {
		if c := found.find(key{Work: base, Clients: 1}); c == nil {
			t.Errorf("%s: got %+v", base, c)
		}
	}
	for _, name := range []string{storm, stormServed, stormErrors, stormCut, stormRefusal, stormMemory, stormAfter, lostName("request-reset")} {
		if !slices.ContainsFunc(r.Figures, func(f figure) bool { return f.Name == name }) {
			t.Errorf("%s was not measured", name)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, "*-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestMain is the bare handler when it is asked to be, as main is.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == bareArgument {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

func TestWhatIsLackingIsSaid(t *testing.T) {
	t.Chdir(t.TempDir())
	err := build(t.Context(), "matricula")
	if err == nil || !strings.Contains(err.Error(), "source tree") {
		t.Errorf("elsewhere: %v", err)
	}
	t.Setenv("PATH", "")
	err = build(t.Context(), "matricula")
	if err == nil || !strings.Contains(err.Error(), "no go") {
		t.Errorf("without go: %v", err)
	}
	var out, errs bytes.Buffer
	if code := run([]string{"-program", "/nonexistent/matricula"}, &out, &errs); code != 1 || strings.Count(errs.String(), "\n") != 1 {
		t.Errorf("without a program: status %d, said %q", code, errs.String())
	}
	errs.Reset()
	if code := run([]string{"-dir", "/nonexistent"}, &out, &errs); code != 1 || strings.Count(errs.String(), "\n") != 1 {
		t.Errorf("without a directory: status %d, said %q", code, errs.String())
	}
}

func TestBareHandlerServesUntilItIsStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	in, out := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- serveBare(ctx, out) }()
	line := make([]byte, 100)
	n, err := in.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	c, err := dial(strings.TrimSpace(string(line[:n])), patience)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	a, err := c.do(get(nil, nil))
	if err != nil || a.status != 200 || !strings.HasPrefix(string(a.body), `{"user":{"id":6,"name":"Edsger Dijkstra"`) {
		t.Errorf("got %d %q, %v", a.status, a.body, err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestSinkTakesMails talks to it as a mail client does.
func TestSinkTakesMails(t *testing.T) {
	s, err := openSink()
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	conn, err := net.Dial("tcp", s.addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	mail := "EHLO localhost\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<b@x.test>\r\nDATA\r\nSubject: x\r\n\r\nQUIT\r\n..\r\n.\r\n"
	if _, err := io.WriteString(conn, mail+mail+"QUIT\r\n"); err != nil {
		t.Fatal(err)
	}
	said, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for line := range strings.Lines(string(said)) {
		codes = append(codes, line[:3])
	}
	if got, want := strings.Join(codes, " "), "220 250 250 250 354 250 250 250 250 354 250 221"; got != want {
		t.Errorf("the sink said %s, want %s", got, want)
	}
}

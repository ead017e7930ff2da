package attack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// attacker makes one attack on a target, from a client network of its own.
type attacker struct {
	*target
	t       *testing.T
	network string // X-Forwarded-For of its calls; "" sends none
	row     *row
}

// The verdicts of the table.
const (
	held   = "held"
	broken = "BROKEN"
	passed = "skipped"

	// trouble is of this machine, and says nothing about the server.
	trouble = "trouble"
)

// attack begins the attack that the test is named by, beside others, on the shared
// target. tried says in a line what it sends. The test ends with did, which says what
// the server did about it.
func attack(t *testing.T, tried string) *attacker {
	t.Helper()
	t.Parallel()
	return attackAlone(t, tried)
}

// attackAlone is attack for what can't bear others beside it, or would harm them.
func attackAlone(t *testing.T, tried string) *attacker {
	t.Helper()
	a := &attacker{t: t, network: freshNetwork(), row: &row{id: idOf(t.Name()), tried: tried}}
	t.Cleanup(a.judge)
	begun.Store(true)
	g, err := shared()
	if err != nil {
		a.row.verdict, a.row.did = trouble, "there is no server to attack: see the test's output"
		t.Fatal(err)
	}
	a.target = g
	return a
}

// begun says whether any attack has.
var begun atomic.Bool

// judge writes the attack into the table.
func (a *attacker) judge() {
	switch {
	case a.row.verdict == trouble:
	case a.t.Failed():
		a.row.verdict, a.row.did = broken, "something else than it should: see the test's output"
	case a.t.Skipped():
		a.row.verdict = passed
	case a.row.did == "":
		a.t.Errorf("the test does not say what the server did")
		return
	default:
		a.row.verdict = held
	}
	tell(*a.row)
}

// did says what the server did: the last word of a test.
func (a *attacker) did(format string, args ...any) {
	a.row.did = fmt.Sprintf(format, args...)
}

// skip ends the attack for want of something.
func (a *attacker) skip(lacking string) {
	a.t.Helper()
	a.row.did = lacking
	a.t.Skip(lacking)
}

// lacks ends the attack for want of something that this machine should have.
func (a *attacker) lacks(what string) {
	a.t.Helper()
	a.row.did = what
	orSkip(a.t, what)
}

// wantSide ends the attack unless the server's commands and mails are at hand.
func (a *attacker) wantSide() {
	a.t.Helper()
	if a.data == "" {
		a.skip("needs the server's side: give -data")
	}
}

// wantOps ends the attack unless the server's metrics are at hand.
func (a *attacker) wantOps() {
	a.t.Helper()
	if a.ops == "" {
		a.skip("needs the server's metrics: give -ops")
	}
}

// alone answers the same attacker before a target of its own, started with more
// flags. It ends with the test, and is searched for the secrets that were used.
func (a *attacker) alone(flags ...string) *attacker {
	a.t.Helper()
	return a.aloneAs(program, nil, flags...)
}

// inTime is alone with a clock that the test moves, to that many seconds ahead.
func (a *attacker) inTime(flags ...string) (b *attacker, move func(seconds int)) {
	a.t.Helper()
	file := filepath.Join(a.t.TempDir(), "clock")
	move = func(seconds int) {
		a.t.Helper()
		if err := os.WriteFile(file, []byte(fmt.Sprintln(seconds)), 0o600); err != nil {
			a.t.Fatal(err)
		}
	}
	move(0)
	return a.aloneAs(movable, []string{"MATRICULA_TEST_CLOCK=" + file}, flags...), move
}

func (a *attacker) aloneAs(built func() (string, error), env []string, flags ...string) *attacker {
	a.t.Helper()
	if *urlFlag != "" {
		a.skip("needs a server that it starts itself: leave -url out")
	}
	path, err := built()
	if err != nil {
		a.row.verdict, a.row.did = trouble, "the program doesn't build: see the test's output"
		a.t.Fatal(err)
	}
	g := newTarget(path, a.t.TempDir())
	g.env = append(g.env, env...)
	g.flags = append(g.flags, flags...)
	if err := g.start(); err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { g.leave(a.t) })
	b := *a
	b.target = g
	return &b
}

// run runs a command on the server's side, which must be at hand.
func (a *attacker) run(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	a.wantSide()
	return a.target.run(t, stdin, args...)
}

// restart stops the target, which must be one of its own, and starts it again.
func (a *attacker) restart() {
	a.t.Helper()
	if err := a.stop(); err != nil {
		a.t.Fatal(err)
	}
	if err := a.start(); err != nil {
		a.t.Fatal(err)
	}
}

var networks atomic.Uint32

func init() { networks.Store(rand.Uint32()) } // another run may have met the same server

// freshNetwork answers the address of a client that nobody has met.
func freshNetwork() string {
	n := networks.Add(1)
	return fmt.Sprintf("10.%d.%d.%d", byte(n>>16), byte(n>>8), byte(n))
}

// elsewhere answers the same attacker at another network, a fresh one.
func (a *attacker) elsewhere() *attacker { return a.from(freshNetwork()) }

// from answers the same attacker at a network; "" is this machine itself.
func (a *attacker) from(network string) *attacker {
	b := *a
	b.network = network
	return &b
}

// answer is what came back.
type answer struct {
	call   string // what was asked
	status int
	header http.Header
	body   []byte
	last   bool // the server said that it ends the connection
}

// String tells of the answer shortly.
func (r answer) String() string { return fmt.Sprintf("%d %.120s", r.status, r.body) }

// object is the members of a JSON body, for asking and for reading.
type object = map[string]any

// call makes a call and answers what came back. body is nil, a text that is sent
// as it stands, or a value that is sent as JSON; headers are written "Name: value" and
// may come twice.
func (a *attacker) call(method, path string, body any, headers ...string) answer {
	a.t.Helper()
	got, err := a.try(method, path, body, headers...)
	if err != nil {
		a.t.Fatal(err)
	}
	return got
}

var client = &http.Client{
	Transport: &http.Transport{MaxIdleConnsPerHost: 64},
	Timeout:   40 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	},
}

// try is call for other goroutines, and for servers that may not answer.
func (a *attacker) try(method, path string, body any, headers ...string) (answer, error) {
	sent, err := encode(body)
	if err != nil {
		return answer{}, err
	}
	r, err := http.NewRequest(method, a.base+path, bytes.NewReader(sent))
	if err != nil {
		return answer{}, err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if a.network != "" {
		r.Header.Set("X-Forwarded-For", a.network)
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		switch name {
		case "Host":
			r.Host = value
		case "Content-Type", "X-Forwarded-For":
			r.Header.Set(name, value)
		default:
			r.Header.Add(name, value)
		}
	}
	a.used.AddBody(sent)
	response, err := client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", method, path, err)
	}
	a.used.AddBody(got)
	for _, cookie := range response.Cookies() {
		a.used.Add(cookie.Value)
	}
	return answer{method + " " + path, response.StatusCode, response.Header, got, response.Close}, nil
}

func encode(body any) ([]byte, error) {
	switch b := body.(type) {
	case nil:
		return nil, nil
	case string:
		return []byte(b), nil
	case []byte:
		return b, nil
	}
	return json.Marshal(body)
}

// want fails the test unless the status is one of these.
func (r answer) want(t *testing.T, statuses ...int) answer {
	t.Helper()
	for _, status := range statuses {
		if r.status == status {
			return r
		}
	}
	t.Fatalf("%s: got %d, want %v: %.300s", r.call, r.status, statuses, r.body)
	return r
}

// members reads the body, which must be a JSON object.
func (r answer) members(t *testing.T) object {
	t.Helper()
	var members object
	if err := json.Unmarshal(r.body, &members); err != nil {
		t.Fatalf("%s: %v: %.300s", r.call, err, r.body)
	}
	return members
}

// text answers a member of the body that is a text, "" when it isn't.
func (r answer) text(member string) string {
	var members object
	_ = json.Unmarshal(r.body, &members) // then there is none
	text, _ := members[member].(string)
	return text
}

// bearer is the header that a token is presented in.
func bearer(token string) string { return "Authorization: Bearer " + token }

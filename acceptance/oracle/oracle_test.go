package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// served is the one server of these tests: the built program, with hashes that cost
// next to nothing. They ask it about many people, whom nobody changes.
var served struct{ *installation }

func TestMain(m *testing.M) { os.Exit(serveAndRun(m)) }

func serveAndRun(m *testing.M) int {
	temp, err := os.MkdirTemp("", "matricula-oracle-test-")
	if err == nil {
		defer os.RemoveAll(temp)
		p := plan{cheap: true, each: 5000, limits: "on", samples: 5000}
		served.installation, err = p.install(context.Background(), temp, io.Discard)
	}
	if err == nil {
		defer served.stop()
	} else {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// asks runs the oracle against a server, about people of its own, and answers the
// report and the status. An underscore in the flags stands for a space.
func asks(t *testing.T, address string, flags string) (report, int) {
	t.Helper()
	var out, errs bytes.Buffer
	result := filepath.Join(t.TempDir(), "result.json")
	args := []string{address, "-people", freshPeople(t), "-load", "0", "-next", "0", "-json", result}
	for _, arg := range strings.Fields(flags) {
		args = append(args, strings.ReplaceAll(arg, "_", " "))
	}
	code := run(args, &out, &errs)
	t.Logf("%s%s", errs.String(), out.String())
	text, err := os.ReadFile(result)
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	want := exitAlike
	switch {
	case len(r.Leaks) > 0:
		want = exitLeak
	case len(r.Open) > 0:
		want = exitTrouble
	}
	if code != want {
		t.Errorf("status %d with %d leaks and %d undecided, want %d", code, len(r.Leaks), len(r.Open), want)
	}
	return r, code
}

// freshPeople are some about whom nobody has asked: the limits that one run has met
// would be in the way of the next.
func freshPeople(t *testing.T) string {
	t.Helper()
	some := newPeople()
	for c, all := range served.installation.people.of {
		n := min(len(all), 250)
		some.of[c], served.installation.people.of[c] = all[:n], all[n:]
	}
	path := filepath.Join(t.TempDir(), "people.csv")
	if err := some.save(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestTheServerTellsNothing asks it every call, and takes the time of some: .ci/run
// takes them all.
func TestTheServerTellsNothing(t *testing.T) {
	if r, code := asks(t, served.url, "-samples 0"); code != exitAlike || len(r.Findings) != len(everyCall) || len(r.Left) > 0 {
		t.Errorf("status %d after %d calls, want %d after %d; left out: %v", code, len(r.Findings), exitAlike, len(everyCall), r.Left)
	}
	r, code := asks(t, served.url, "-samples 150 -calls clubs_login,clubs_request-reset,cohorts_change-password -askers 2")
	if code != exitAlike {
		t.Errorf("status %d, want %d: %v", code, exitAlike, r.Leaks)
	}
	for _, c := range []string{"clubs login", "clubs request-reset"} {
		if !slices.ContainsFunc(r.Findings, func(f finding) bool { return f.Call == c && f.When == "idle" && f.timed() && f.First.One >= 150 }) {
			t.Errorf("the time of %s was not taken", c)
		}
	}
}

// TestUnderLoadAndAfterwards takes every way of taking times, for an instant.
func TestUnderLoadAndAfterwards(t *testing.T) {
	r, _ := asks(t, served.url, "-samples 10 -load 10 -next 10 -again 5 -calls pages_forgot,clubs_register -classes confirmed")
	for _, when := range []string{"answers", "idle", "load", "next", "load answers"} {
		if n := len(slices.DeleteFunc(slices.Clone(r.Findings), func(f finding) bool { return f.When != when })); n != 2 {
			t.Errorf("%s: %d comparisons, want 2", when, n)
		}
	}
}

// tamper is a proxy that does something about people with an account.
type tamper struct {
	before func(w http.ResponseWriter, r *http.Request, email string) (answered bool)
	after  func(response *http.Response, email string)
}

// hasAccount reads the class in the address.
func hasAccount(email string) bool {
	return email != "" && !strings.HasPrefix(email, string(unknown)) && !strings.HasPrefix(email, string(applicant)) && !strings.HasPrefix(email, "probe")
}

// plant puts a proxy that tampers before the server.
func plant(t *testing.T, tm tamper) string {
	t.Helper()
	target, err := url.Parse(served.url)
	if err != nil {
		t.Fatal(err)
	}
	emailOf := func(r *http.Request) string {
		return r.Header.Get("Asked-About")
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.Out.Header["X-Forwarded-For"] = p.In.Header["X-Forwarded-For"]
		},
		ModifyResponse: func(response *http.Response) error {
			if tm.after != nil {
				tm.after(response, emailOf(response.Request))
			}
			return nil
		},
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client has gone
		}
		r.Body = io.NopCloser(bytes.NewReader(text))
		var body struct{ Email string }
		_ = json.Unmarshal(text, &body) // not every call has one
		r.Header.Set("Asked-About", body.Email)
		if tm.before == nil || !tm.before(w, r, body.Email) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// TestPlantedLeaksAreFound is the test of the test.
func TestPlantedLeaksAreFound(t *testing.T) {
	slow := func(w http.ResponseWriter, r *http.Request, email string) bool {
		if hasAccount(email) {
			<-time.After(2 * time.Millisecond)
		}
		return false
	}
	times := sync.Map{} // by address
	third := func(w http.ResponseWriter, r *http.Request, email string) bool {
		n, _ := times.LoadOrStore(email, new(int))
		if *n.(*int)++; !hasAccount(email) || *n.(*int) != 3 {
			return false
		}
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	}
	var busy bool // one asker at a time
	later := func(w http.ResponseWriter, r *http.Request, email string) bool {
		if busy {
			<-time.After(2 * time.Millisecond)
		}
		busy = hasAccount(email)
		return false
	}
	for _, c := range []struct {
		what  string
		leak  tamper
		flags string
		when  string // the way by which it must be found
	}{
		{"an early return", earlyReturn(), "-samples 50 -again 250 -calls clubs_login", "idle"},
		{"a missing header", tamper{after: func(response *http.Response, email string) {
			if hasAccount(email) {
				response.Header.Del("X-Content-Type-Options")
			}
		}}, "-samples 0", "answers"},
		{"an octet more", tamper{after: func(response *http.Response, email string) {
			if hasAccount(email) {
				response.Body = io.NopCloser(io.MultiReader(response.Body, strings.NewReader(" ")))
				response.ContentLength++
				response.Header.Set("Content-Length", strconv.FormatInt(response.ContentLength, 10))
			}
		}}, "-samples 0", "answers"},
		{"another answer the third time", tamper{before: third}, "-samples 0", "answers"},
		{"an answer that differs now and then", tamper{after: sometimes()}, "-samples 150", "idle answers"},
		{"two milliseconds more", tamper{before: slow}, "-samples 100 -again 250", "idle"},
		{"the next call two milliseconds later", tamper{before: later}, "-samples 0 -next 100 -again 250", "next"},
	} {
		t.Run(c.what, func(t *testing.T) {
			if !strings.Contains(c.flags, "-calls") {
				c.flags += " -calls clubs_resend-confirm -classes confirmed,disabled"
			}
			r, code := asks(t, plant(t, c.leak), c.flags)
			if code != exitLeak || !slices.ContainsFunc(r.Findings, func(f finding) bool { return f.When == c.when && f.Verdict == leak }) {
				t.Errorf("status %d, leaks %q; want one found by %s", code, r.Leaks, c.when)
			}
		})
	}
}

// earlyReturn answers about unknown addresses what the server answered the first
// time, without asking it: such as one that hashes no password for them.
func earlyReturn() tamper {
	var kept *http.Response
	var body []byte
	return tamper{
		before: func(w http.ResponseWriter, r *http.Request, email string) bool {
			if hasAccount(email) || kept == nil {
				return false
			}
			for name, values := range kept.Header {
				w.Header()[name] = values
			}
			w.WriteHeader(kept.StatusCode)
			_, _ = w.Write(body) // the client may have gone
			return true
		},
		after: func(response *http.Response, email string) {
			if !hasAccount(email) && kept == nil {
				body, _ = io.ReadAll(response.Body) // what is missing is found as a difference
				response.Body = io.NopCloser(bytes.NewReader(body))
				kept = response
			}
		},
	}
}

// sometimes leaves a header out of one answer in twenty, too seldom for a few calls.
func sometimes() func(*http.Response, string) {
	n := 0
	return func(response *http.Response, email string) {
		if n++; hasAccount(email) && n > 200 && n%20 == 0 {
			response.Header.Del("X-Content-Type-Options")
		}
	}
}

// TestFillOnly makes an installation for somebody else to serve.
func TestFillOnly(t *testing.T) {
	dir := t.TempDir()
	data, file := filepath.Join(dir, "data"), filepath.Join(dir, "people.csv")
	var out, errs bytes.Buffer
	args := []string{"-fill", data, "-people", file, "-each", "10", "-cheap", "-samples", "1", "-load", "1", "-next", "1", "-again", "1"}
	if code := run(args, &out, &errs); code != exitAlike {
		t.Fatalf("status %d: %s", code, errs.String())
	}
	for _, want := range []string{"MATRICULA_DATA=" + data, "MATRICULA_HASH=" + cheapArgon2id, "-people " + file} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it doesn't say %q:\n%s", want, out.String())
		}
	}
	found, err := loadPeople(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := found.classes(); !slices.Equal(got, everyClass) || len(found.of[clubless]) != 10 || !found.haveIDs(everyClass) {
		t.Errorf("filled with %v", got)
	}
	if code := run(args, &out, &errs); code != exitTrouble {
		t.Errorf("filled twice: status %d, want %d", code, exitTrouble)
	}
}

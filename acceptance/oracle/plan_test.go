package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTheURLStandsBeforeOrAfterTheFlags(t *testing.T) {
	for _, args := range [][]string{
		{"http://localhost:8080/", "-people", "x.csv", "-samples", "10"},
		{"-people", "x.csv", "-samples", "10", "http://localhost:8080"},
	} {
		p, err := parsePlan(args)
		if err != nil || p.url != "http://localhost:8080" || p.samples != 10 {
			t.Errorf("%v: got %q, %d samples, %v", args, p.url, p.samples, err)
		}
	}
}

// TestWhatIsWrongIsOneLine makes mistakes, each told in a line, with the status of a
// run that says nothing.
func TestWhatIsWrongIsOneLine(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.csv")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{
		"-nonsense", "http://localhost:8080", "ftp://x -people p", "http://localhost/path -people p", "http://localhost:1 -people /nonexistent",
		"http://localhost:1 -people " + empty, "-samples -1", "-limits maybe", "-classes nobody", "-calls nothing", "-calls login,", "-env X", "-fill x", "-program /nonexistent/matricula -each 1",
		"http://a -fill x -people y", "http://a http://b",
	} {
		var out, errs bytes.Buffer
		code := run(strings.Fields(args), &out, &errs)
		said := strings.Split(strings.TrimSpace(errs.String()), "\n")
		if code != exitTrouble || out.Len() > 0 || !strings.HasPrefix(said[len(said)-1], "oracle: ") {
			t.Errorf("%s: status %d, said %q", args, code, errs.String())
		}
	}
}

func TestUsage(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run([]string{"-h"}, &out, &errs); code != exitAlike || !strings.Contains(out.String(), "-people") || errs.Len() > 0 {
		t.Errorf("status %d:\n%s%s", code, out.String(), errs.String())
	}
	for _, c := range everyCall {
		if !strings.Contains(out.String(), "  "+c.name+"\n") {
			t.Errorf("-h doesn't list %s", c.name)
		}
	}
}

func TestCallsAreNamedShortly(t *testing.T) {
	for _, c := range []struct{ calls, want string }{
		{"login", "clubs login"},
		{"sign-in", "cohorts sign-in, pages sign-in"},
		{"clubs login", "clubs login"},
		{"pages", "pages sign-in, pages forgot, pages resend"},
		{"change-password forged", "cohorts change-password forged"},
		{"confirm,forgot", "clubs confirm, clubs confirm-reset, pages forgot"},
	} {
		p, err := parsePlan([]string{"-calls", c.calls})
		if err != nil {
			t.Errorf("%s: %v", c.calls, err)
		}
		var got []string
		for _, one := range everyCall {
			if p.asks(one) {
				got = append(got, one.name)
			}
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: got %v, want %s", c.calls, got, c.want)
		}
	}
}

func TestPeopleAreSavedAndLoaded(t *testing.T) {
	p := newPeople()
	p.add(confirmed, person{"a@x.test", 1})
	p.add(unknown, person{"b@x.test", 0})
	p.add(unknown, person{"c@x.test", 7})
	p.add(applicant, person{"d@x.test", 8})
	path := filepath.Join(t.TempDir(), "people.csv")
	if err := p.save(path); err != nil {
		t.Fatal(err)
	}
	got, err := loadPeople(path)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.classes(), []class{confirmed, unknown}) || got.haveIDs(got.classes()) || !got.haveIDs([]class{confirmed, applicant}) {
		t.Errorf("got %v", got.of)
	}
	for _, want := range []string{"b@x.test", "c@x.test", "b@x.test"} {
		if one, err := got.take(unknown); err != nil || one.email != want {
			t.Errorf("got %v, %v, want %s", one, err, want)
		}
	}
	if _, err := got.take(applicant); err != nil {
		t.Error(err)
	}
	if _, err := got.take(applicant); err != errUsedUp {
		t.Errorf("a second applicant: got %v, want errUsedUp", err)
	}
	for _, text := range []string{
		"class,email,id\n", "email\nx\n", "class,email,id\nconfirmed,a@x.test,1\n", "class,email,id\nnobody,a@x.test,1\nunknown,b@x.test,0\n",
		"class,email,id\nconfirmed,a@x.test,one\nunknown,b@x.test,0\n", "class,email,id\nconfirmed,a@x.test\nunknown,b@x.test,0\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := loadPeople(path); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// TestThoseSetAsideAreAskedAboutOnce keeps those whose limits are met away from
// those whose times are taken.
func TestThoseSetAsideAreAskedAboutOnce(t *testing.T) {
	p := newPeople()
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		p.add(unknown, person{email: name})
	}
	p.setAside(2)
	seen := map[string]int{}
	for range 2 {
		one, err := p.spend(unknown)
		if err != nil {
			t.Fatal(err)
		}
		seen[one.email] += 10
	}
	for range 6 {
		one, err := p.take(unknown)
		if err != nil {
			t.Fatal(err)
		}
		seen[one.email]++
	}
	if len(seen) != 5 || seen["d"] != 10 || seen["e"] != 10 || seen["a"] != 2 {
		t.Errorf("asked about: %v", seen)
	}
}

func TestDifference(t *testing.T) {
	see := func(head, body string) (a answer) {
		a.retryAfter = -1
		a.see(head, body, "ada@x.test")
		return a
	}
	const head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nDate: now\r\nX-Frame-Options: DENY\r\nX-Request-Id: 1\r\n\r\n"
	for _, c := range []struct{ what, head, body, want string }{
		{"the same, later", strings.NewReplacer("now", "then", "Id: 1", "Id: 2").Replace(head), "{}", ""},
		{"a header less", strings.Replace(head, "X-Frame-Options: DENY\r\n", "", 1), "{}", `no "X-Frame-Options: DENY"`},
		{"a header more", strings.Replace(head, "Date", "X-More: 1\r\nDate", 1), "{}", `"X-More: 1"`},
		{"a header spelt otherwise", strings.Replace(head, "X-Frame", "x-frame", 1), "{}", `"x-frame-Options: DENY"`},
		{"another status", strings.Replace(head, "200 OK", "401 Unauthorized", 1), "{}", `401`},
		{"another octet", head, "{} ", `"{} "`},
		{"a limit", strings.Replace(head, "X-Frame-Options: DENY", "Retry-After: 900", 1), "{}", "Retry-After"},
	} {
		got := difference(see(head, "{}"), see(c.head, c.body))
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q, want %q in it", c.what, got, c.want)
		}
	}
	limited := strings.Replace(head, "X-Frame-Options: DENY", "Retry-After: 900", 1)
	if d := difference(see(limited, "{}"), see(strings.Replace(limited, "900", "898", 1), "{}")); d != "" {
		t.Errorf("two seconds less to wait: %s", d)
	}
	if d := difference(see(limited, "{}"), see(strings.Replace(limited, "900", "60", 1), "{}")); d == "" {
		t.Error("a minute in place of fifteen to wait is the same")
	}
	echo := "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
	other := answer{retryAfter: -1}
	other.see(strings.Replace(echo, "10", "12", 1), "grace@x.test", "grace@x.test")
	if d := difference(see(echo, "ada@x.test"), other); d != "" {
		t.Errorf("an answer that says the address: %s", d)
	}
}

package cohorts

import (
	"encoding/json"
	"math/big"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"matricula/internal/account/accounttest"
)

// calls are the calls that take a body, with a body that lacks nothing; link is
// what a reset mail carried.
func calls(id, link string) map[string]map[string]string {
	return map[string]map[string]string{
		"/api/auth/sign-in":         {"email": `"ada@nus.test"`, "password": `"` + password + `"`},
		"/api/auth/reset-password":  {"email": `"ada@nus.test"`, "origin": `"` + accounttest.Origin + `"`},
		"/api/auth/change-password": {"id": id, "token": `"` + link + `"`, "newPassword": `"` + fresh + `"`},
	}
}

// with is the body with one member replaced, or left out with "".
func with(body map[string]string, name, value string) string {
	var parts []string
	for n, v := range body {
		if n == name {
			v = value
		}
		if v != "" {
			parts = append(parts, `"`+n+`":`+v)
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// askLink makes k mail a reset link, and returns its id and token.
func (k *kit) askLink(t *testing.T, email string) (id, link string) {
	t.Helper()
	k.Deliver(t) // what waited before: mails are sent side by side
	w := k.call("POST", "/api/auth/reset-password", `{"email":"`+email+`","origin":"`+accounttest.Origin+`"}`)
	if w.Code != http.StatusOK {
		t.Fatalf("reset-password: got %d %s, want 200", w.Code, w.Body)
	}
	query := k.Link(t, email).Query()
	return query.Get("id"), query.Get("token")
}

func TestWrongTypesAreRefused(t *testing.T) {
	k := newKit(t)
	k.add(t, "ada@nus.test")
	id, link := k.askLink(t, "ada@nus.test")
	wrong := []string{
		``, `null`, `true`, `false`, `1.5`, `1e400`, `[]`, `["ada@nus.test"]`, `{}`, `{"startsWith":"a"}`, `{"gte":0}`,
		`{"$ne":null}`, `"\u0000"`, `"\ud800"`, "\"\xff\"",
	}
	for path, body := range calls(id, link) {
		for name := range body {
			values := wrong
			if name != "id" {
				values = append(values, `7`)
			}
			for _, value := range values {
				w := k.call("POST", path, with(body, name, value))
				if w.Code != http.StatusBadRequest || w.Header().Get("Set-Cookie") != "" {
					t.Errorf("%s with %s %s: got %d %s, want 400", path, name, value, w.Code, w.Body)
				}
			}
		}
	}
	if mails := k.Deliver(t); len(mails) > 0 {
		t.Errorf("got %d mails, want none", len(mails))
	}
	for _, path := range []string{"/api/auth/sign-in", "/api/auth/change-password"} {
		if w := k.call("POST", path, with(calls(id, link)[path], "", "")); w.Code != http.StatusOK {
			t.Errorf("%s: got %d %s, want 200: nothing was changed before", path, w.Code, w.Body)
		}
	}
}

func TestMalformedBodiesAreRefused(t *testing.T) {
	k := newKit(t)
	for path := range calls("1", "x") {
		for _, body := range []string{
			`null`, `[]`, `"x"`, `7`, `{`, `{"email"}`, "\ufeff{}", `{} {}`, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{'a':1}`,
			`{"a":NaN}`, `{"a":1,}`, `{/**/}`, strings.Repeat("[", 10_000), `{"a":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`,
			" ",
		} {
			if w := k.call("POST", path, body); w.Code != http.StatusBadRequest {
				t.Errorf("%s with %.40s: got %d %s, want 400", path, body, w.Code, w.Body)
			}
		}
	}
}

// The fifth account's link, with the id in every spelling but the right one.
func TestTheIDHasOneSpelling(t *testing.T) {
	k := newKit(t)
	for _, email := range []string{"a@nus.test", "b@nus.test", "c@nus.test", "d@nus.test", "ada@nus.test"} {
		k.add(t, email)
	}
	id, link := k.askLink(t, "ada@nus.test")
	if id != "5" {
		t.Fatalf("got id %s, want 5", id)
	}
	for _, spelling := range []string{
		`5.0`, `5e0`, `0.5e1`, `50e-1`, `-5`, `0`, `-0`, `9007199254740992`, `9223372036854775808`, `1e400`,
		`"5 "`, `" 5"`, `"5\n"`, `"05"`, `"005"`, `"+5"`, `"-5"`, `"5.0"`, `"5e0"`, `"0x5"`, `"5_"`, `"٥"`, `"５"`, `""`, `"0"`,
		`"9007199254740992"`, `"18446744073709551621"`, `"five"`, `[5]`, `["5"]`, `{"gte":0}`, `{"id":5}`, `true`, `null`,
	} {
		body := with(calls(spelling, link)["/api/auth/change-password"], "", "")
		w := k.call("POST", "/api/auth/change-password", body)
		if w.Code != http.StatusBadRequest || !strings.HasPrefix(messageOf(t, w.Body.Bytes()), "id: ") {
			t.Errorf("id %s: got %d %s, want 400 for the id", spelling, w.Code, w.Body)
		}
	}
	// One that could be an account's is malformed no more.
	for _, other := range []string{`9007199254740991`, `"9007199254740991"`, `4`, `"55"`} {
		w := k.call("POST", "/api/auth/change-password", with(calls(other, link)["/api/auth/change-password"], "", ""))
		if got, want := messageOf(t, w.Body.Bytes()), "This link is not valid, has expired or was used already."; got != want {
			t.Errorf("id %s: got %q, want %q", other, got, want)
		}
	}
	if w := k.call("POST", "/api/auth/change-password", with(calls(`"5"`, link)["/api/auth/change-password"], "", "")); w.Code != http.StatusOK {
		t.Errorf(`id "5": got %d %s, want 200`, w.Code, w.Body)
	}
}

func messageOf(t *testing.T, body []byte) string {
	t.Helper()
	var m message
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatal(err)
	}
	return m.Message
}

var canonicalID = regexp.MustCompile(`^[1-9][0-9]*$`)

func FuzzAccountID(f *testing.F) {
	for _, seed := range []string{"1", "5 ", "05", "9007199254740991", "9007199254740992", "-1", "", "1e3", "٣"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, ok := parseID(text)
		n, _ := new(big.Int).SetString(text, 10)
		want := canonicalID.MatchString(text) && n.Cmp(big.NewInt(1<<53)) < 0
		if ok != want || ok && n.Int64() != id {
			t.Errorf("%q: got %d, %v, want %v", text, id, ok, want)
		}
	})
}

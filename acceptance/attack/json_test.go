package attack

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// Bodies that are not what they should be.

// bodyCall is a call that reads a body, with one that nothing is wrong with and
// that changes nothing.
type bodyCall struct {
	path   string
	sound  object
	bearer string // header of an access token, where one is needed
}

// withBodies answers every call that reads a body; those that need a token are
// there when the server's side is at hand.
func (a *attacker) withBodies() []bodyCall {
	a.t.Helper()
	nobody := a.stranger()
	calls := []bodyCall{
		{path: "/api/user/email-exists", sound: object{"email": nobody.email}},
		{path: "/api/user/password-strength", sound: object{"password": nobody.password}},
		{path: "/api/user/register", sound: nobody.registration()},
		{path: "/api/user/resend-confirm", sound: object{"email": nobody.email}},
		{path: "/api/user/login", sound: nobody.credentials()},
		{path: "/api/user/request-reset", sound: object{"email": nobody.email}},
		{path: "/api/user/confirm-reset", sound: object{"token": "rubbish", "password": nobody.password}},
		{path: "/api/auth/sign-in", sound: nobody.credentials()},
		{path: "/api/auth/reset-password", sound: object{"email": nobody.email, "origin": a.base}},
		{path: "/api/auth/change-password", sound: object{"id": "1", "token": "rubbish", "newPassword": nobody.password}},
	}
	if a.data != "" {
		header := bearer(a.login(a.officer()).access)
		calls = append(calls,
			bodyCall{"/api/admin/profile", object{"about_us": "We play.", "app_required": true, "num_users": 0, "tags": []int{1, 2}}, header},
			bodyCall{"/api/admin/change-password", object{"old_password": nobody.password, "new_password": nobody.password}, header})
	}
	return calls
}

// send sends a body to the call, as it stands.
func (a *attacker) send(c bodyCall, body any, headers ...string) answer {
	a.t.Helper()
	if c.bearer != "" {
		headers = append(headers, c.bearer)
	}
	return a.call("POST", c.path, body, headers...)
}

// malformed wants a body refused: with 400 and in the contract's shape.
func (a *attacker) malformed(c bodyCall, what string, body any) {
	a.t.Helper()
	got := a.send(c, body)
	if got.status != 400 || !got.inShape() {
		a.t.Errorf("%s, %s: got %d %v %.200s, want 400", c.path, what, got.status, got.header, got.body)
	}
}

// inShape says whether a refusal is in the shape of its contract, with the headers
// that every answer under /api has.
func (r answer) inShape() bool {
	shape := r.text("status") == "error" && r.text("reason") != ""
	if strings.Contains(r.call, " /api/auth") || strings.Contains(r.call, " /api/cohorts") {
		shape = r.text("message") != ""
	}
	return shape && r.header.Get("Content-Type") == "application/json; charset=utf-8" &&
		r.header.Get("Cache-Control") == "no-store" && r.header.Get("X-Content-Type-Options") == "nosniff"
}

// text writes a sound body as JSON, its members in order.
func (c bodyCall) text(t *testing.T) string {
	t.Helper()
	octets, err := json.Marshal(c.sound)
	if err != nil {
		t.Fatal(err)
	}
	return string(octets)
}

// passes wants the sound body to be no malformed one: what is refused below is
// refused for what is wrong with it.
func (a *attacker) passes(c bodyCall) {
	a.t.Helper()
	got := a.send(c, c.sound)
	if got.status >= 500 || got.status == 415 || strings.Contains(string(got.body), `"data"`) || strings.Contains(string(got.body), "The body") {
		a.t.Errorf("%s refuses a sound body: %d %s", c.path, got.status, got.body)
	}
}

func TestJSN01(t *testing.T) {
	a := attack(t, "each member twice, in both orders, escaped, inside other members; each in another case alone")
	tries := 0
	for _, c := range a.withBodies() {
		a := a.elsewhere()
		a.passes(c)
		text := c.text(t)
		for name, value := range c.sound {
			octets, _ := json.Marshal(value) // it was marshalled before
			member := fmt.Sprintf("%q:%s", name, octets)
			escaped := fmt.Sprintf(`"\u%04x%s":%s`, name[0], name[1:], octets)
			for what, body := range map[string]string{
				"behind": text[:len(text)-1] + "," + member + "}", "before": "{" + member + "," + text[1:],
				"escaped behind": text[:len(text)-1] + "," + escaped + "}", "escaped before": "{" + escaped + "," + text[1:],
				"null behind": text[:len(text)-1] + fmt.Sprintf(",%q:null}", name), "nested": text[:len(text)-1] + `,"x":{"y":1,"\u0079":2}}`,
			} {
				a.malformed(c, name+" twice, "+what, body)
				tries++
			}
			if c.path == "/api/admin/profile" {
				continue // every member there may be absent
			}
			for _, other := range []string{strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:], strings.ReplaceAll(name, "s", "ſ"), name + "\u200b", " " + name} {
				if other == name {
					continue
				}
				renamed := maps.Clone(c.sound)
				delete(renamed, name)
				renamed[other] = value
				a.malformed(c, name+" written "+other, renamed)
				tries++
			}
		}
	}
	a.did("400 to each of %d bodies: no member is taken twice, none by another name", tries)
}

func TestJSN02(t *testing.T) {
	a := attack(t, "text behind the object and before it, two objects, lists, comments, NaN, single quotes, a byte order mark, UTF-16, half an object")
	tries := 0
	for _, c := range a.withBodies() {
		a := a.elsewhere()
		text := c.text(t)
		for _, body := range []string{
			text + "x", text + text, text + ",", text + "}", text + "\x00", "x" + text, "," + text, "\ufeff" + text, "[" + text + "]", "(" + text + ")",
			"null", "true", "1", `"x"`, "[]", `""`, "", " ", "\x00", "{", "{}{}", text[:len(text)-1], text[:len(text)-1] + ",}", strings.Replace(text, ":", "=", 1),
			"/* */" + text, text + "// x", strings.Replace(text, "{", "{/* x */", 1), strings.ReplaceAll(text, `"`, "'"), strings.Replace(text, "{", "{x:1,", 1),
			text[:len(text)-1] + `,"x":NaN}`, text[:len(text)-1] + `,"x":Infinity}`, text[:len(text)-1] + `,"x":01}`, text[:len(text)-1] + `,"x":+1}`,
			text[:len(text)-1] + `,"x":.5}`, text[:len(text)-1] + `,"x":0x10}`, text[:len(text)-1] + `,"x":tru}`, text[:len(text)-1] + ",\"x\":\"a\nb\"}",
			text[:len(text)-1] + `,"x":"\x41"}`, text[:len(text)-1] + `,"x":[1,]}`, utf16(text), "\x1e" + text, text + "\v", "\u00a0" + text,
			"email=x&password=y", "<x/>", "--x\r\n\r\n" + text,
		} {
			a.malformed(c, fmt.Sprintf("%.30q…", body), body)
			tries++
		}
		if got := a.send(c, " \t\r\n"+text+"\r\n \t"); got.status >= 500 || strings.Contains(string(got.body), "The body") {
			t.Errorf("%s: white space around the object: %d %s", c.path, got.status, got.body)
		}
	}
	a.did("400 to each of %d bodies", tries)
}

// utf16 encodes ASCII as UTF-16.
func utf16(text string) string {
	return "\xff\xfe" + strings.Join(strings.Split(text, ""), "\x00") + "\x00"
}

func TestJSN03(t *testing.T) {
	a := attack(t, "invalid UTF-8, overlong forms, surrogates alone and encoded, NUL, in every text and in names of members")
	tries := 0
	for _, c := range a.withBodies() {
		a := a.elsewhere()
		for name, value := range c.sound {
			if _, ok := value.(string); !ok {
				continue
			}
			for _, bad := range []string{
				"a\xffb", "a\xc0\xafb", "a\xe0\x80\xafb", "a\xed\xa0\x80b", "a\xf4\x90\x80\x80b", "a\xc3", "a\x80b", `a\ud800b`, `a\udc00b`, `a\ud800\ud800b`, `a\ud83dx`,
				`a\u0000b`, "a\x00b",
			} {
				text := c.text(t)
				octets, _ := json.Marshal(value) // it was marshalled before
				body := strings.Replace(text, fmt.Sprintf("%q:%s", name, octets), fmt.Sprintf("%q:\"%s\"", name, bad), 1)
				if body == text {
					t.Fatalf("%s: nothing is changed in %s", c.path, text)
				}
				a.malformed(c, fmt.Sprintf("%s of %q", name, bad), body)
				tries++
			}
		}
		text := c.text(t)
		for _, member := range []string{"\"x\xff\":1", `"x\ud800":1`, `"x\u0000":1`, "\"x\":\"\xff\"", `"x":["\ud800"]`} {
			a.malformed(c, "a member of no meaning", text[:len(text)-1]+","+member+"}")
			tries++
		}
	}
	a.did("400 to each of %d bodies: no two octet strings are one password", tries)
}

// wrongTypes are values that are no good for a member, by the kind of it.
func wrongTypes(value any) []string {
	common := []string{"null", "[]", "{}", "[[]]", `{"gte":0}`, `{"$ne":null}`}
	switch value.(type) {
	case string:
		return append(common, "true", "0", "1.5", `["x"]`, "1e309")
	case bool:
		return append(common, `"true"`, `"false"`, "0", "1", "1.0", `""`)
	case int:
		return append(common, "true", `"0"`, "1.5", "1.0", "1e2", "-0", "-1", "9223372036854775808", "1e309", `""`, "99999")
	default: // tags
		return append(common, "true", "3", `"3"`, "[true]", `["3"]`, "[1.5]", "[null]", "[-1]", "[1,1]", "[1,2,3,4]", "[99999]", "[1e309]", "[[1]]", `{"0":1}`,
			"["+strings.TrimSuffix(strings.Repeat("1,", 20_000), ",")+"]")
	}
}

func TestJSN04(t *testing.T) {
	a := attack(t, "every member of every call as null, bool, number, text, list and object, operators of query languages, numbers out of range")
	tries := 0
	for _, c := range a.withBodies() {
		for name, value := range c.sound {
			a := a.elsewhere()
			for _, wrong := range wrongTypes(value) {
				body := maps.Clone(c.sound)
				body[name] = json.RawMessage(wrong)
				if name == "id" && wrong == "0" || c.path == "/api/admin/profile" && name == "about_us" && wrong == "null" {
					continue // which are refused for other reasons, or mean something
				}
				a.malformed(c, fmt.Sprintf("%s is %.30s", name, wrong), body)
				tries++
			}
		}
	}
	a.did("400 in the contract's shape to each of %d bodies, never 500", tries)
}

func TestJSN05(t *testing.T) {
	a := attack(t, "30,000 levels, 30,000 elements, 6,000 members, a number of 60,000 digits; a megabyte of each, 60 times on each call")
	calls := a.withBodies()
	b := a
	if *urlFlag == "" {
		b = a.alone("--limits", "off")
		calls = b.withBodies()
	}
	wide := make([]string, 6_000)
	for i := range wide {
		wide[i] = fmt.Sprintf(`"%d":0`, i)
	}
	small := map[string]string{
		"deep list": `{"x":` + strings.Repeat("[", 30_000) + strings.Repeat("]", 30_000) + "}", "open list": `{"x":` + strings.Repeat("[", 60_000),
		"deep object": strings.Repeat(`{"x":`, 12_000) + "1" + strings.Repeat("}", 12_000), "33 levels": `{"x":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + "}",
		"long number": `{"x":1` + strings.Repeat("0", 60_000) + "}", "long number for a member": `{"id":1` + strings.Repeat("0", 60_000) + "}",
		"wide list": `{"x":[` + strings.TrimSuffix(strings.Repeat("0,", 30_000), ",") + "]}", "wide object": "{" + strings.Join(wide, ",") + "}",
		"long name": `{"` + strings.Repeat("n", 60_000) + `":1}`, "long text": `{"x":"` + strings.Repeat(`\u0041`, 10_000) + `"}`,
	}
	before := 0.0
	if b.ops != "" {
		before = b.memory()
	}
	var slowest time.Duration
	for _, c := range calls {
		for range 6 {
			for _, what := range slices.Sorted(maps.Keys(small)) {
				var got answer
				slowest = max(slowest, quickest(func() { got = b.send(c, small[what]) }))
				if got.status >= 500 || got.status == 200 && !strings.HasPrefix(c.path, "/api/admin/profile") {
					t.Errorf("%s, %s: got %d %.200s", c.path, what, got.status, got.body)
				}
			}
		}
		if deep := b.send(c, small["33 levels"]); deep.status != 400 {
			t.Errorf("%s, 33 levels: got %d", c.path, deep.status)
		}
		for _, large := range []string{`{"x":[` + strings.Repeat("0,", 1<<20) + "0]}", `{"x":` + strings.Repeat("[", 1<<20), `{"x":1` + strings.Repeat("0", 1<<20) + "}"} {
			got := b.raw(b.request("POST", c.path, large, append([]string{"Connection: close"}, c.headers()...)...))
			if len(got) > 1 || len(got) == 1 && got[0].status != 413 {
				t.Errorf("%s with a megabyte: %v, want 413", c.path, got)
			}
		}
	}
	grown := 0.0
	if b.ops != "" {
		if grown = b.memory() - before; grown > 48 {
			t.Errorf("the server has %.0f MiB more in memory", grown)
		}
	}
	if slowest > 2*time.Second {
		t.Errorf("the slowest took %v", slowest)
	}
	a.did("400 or 413 within %v on a busy machine, with %+.0f MiB in memory", slowest.Round(time.Millisecond), grown)
}

func (c bodyCall) headers() []string {
	if c.bearer == "" {
		return nil
	}
	return []string{c.bearer}
}

func TestJSN06(t *testing.T) {
	a := attack(t, "bodies of 64 KiB and one octet, with their length and in chunks, of 8 MB, compressed; a length without a body")
	for _, c := range a.withBodies() {
		a := a.elsewhere()
		text := c.text(t)
		fill := func(n int) string { return text[:len(text)-1] + `,"x":"` + strings.Repeat("x", n-len(text)-7) + `"}` }
		if got := a.send(c, fill(64<<10)); got.status == 413 || got.status >= 500 {
			t.Errorf("%s: a body of 64 KiB: got %d", c.path, got.status)
		}
		long := fill(64<<10 + 1)
		heads := append([]string{"Content-Type: application/json"}, c.headers()...)
		for what, sent := range map[string]string{
			"with its length": a.request("POST", c.path, long, c.headers()...),
			"in chunks":       a.request("POST", c.path, "", append(heads, "Transfer-Encoding: chunked")...) + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(long), long),
			"never sent":      a.request("POST", c.path, "", append(heads, "Content-Length: 65537")...),
			"of 8 GB":         a.request("POST", c.path, "", append(heads, "Content-Length: 8589934592")...) + strings.Repeat("x", 1<<20),
		} {
			// On a connection that would be kept, what follows must not be read.
			answers := a.raw(sent)
			if len(answers) != 1 || answers[0].status != 413 || !answers[0].last {
				t.Errorf("%s, a body %s: %v, want one 413 and the end", c.path, what, answers)
			}
		}
		for _, encoding := range []string{"gzip", "deflate", "br", "zstd", "x-gzip", "identity, gzip"} {
			a.send(c, zipped(t, 8<<20), "Content-Encoding: "+encoding).want(t, 415)
		}
	}
	a.did("413 and the end of the connection; 415 to anything compressed, unopened")
}

// zipped answers n octets of white space, packed into a few.
func zipped(t *testing.T, n int) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(bytes.Repeat([]byte(" "), n)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestJSN07(t *testing.T) {
	a := attack(t, "no body, {}, and each member missing, on every call")
	tries := 0
	for _, c := range a.withBodies() {
		a := a.elsewhere()
		a.malformed(c, "no body", "")
		tries++
		if c.path == "/api/admin/profile" {
			continue // every member there may be absent
		}
		a.malformed(c, "{}", "{}")
		for name := range c.sound {
			body := maps.Clone(c.sound)
			delete(body, name)
			a.malformed(c, "without "+name, body)
			tries++
		}
	}
	a.did("400 in the contract's shape to each of %d bodies", tries)
}

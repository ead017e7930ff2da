package web

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// post is a request with a JSON body.
func post(body string) *http.Request {
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return r
}

func TestReadBodyTakesPlainJSONOnly(t *testing.T) {
	tests := []struct {
		header http.Header
		want   error
	}{
		{http.Header{"Content-Type": {"application/json"}}, nil},
		{http.Header{"Content-Type": {"Application/JSON"}}, nil},
		{http.Header{"Content-Type": {"application/json;charset=UTF-8"}}, nil},
		{http.Header{"Content-Type": {`application/json ; charset="utf-8"`}}, nil},
		{http.Header{"Content-Type": {"application/json; version=1"}}, nil},
		{http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"identity"}}, nil},

		{http.Header{}, ErrUnsupportedType},
		{http.Header{"Content-Type": {""}}, ErrUnsupportedType},
		{http.Header{"Content-Type": {"application/json", "application/json"}}, ErrUnsupportedType},
		{http.Header{"Content-Type": {"application/json, text/plain"}}, ErrUnsupportedType},
		{http.Header{"Content-Type": {"application/json; charset=utf-16"}}, ErrUnsupportedType},
		{http.Header{"Content-Type": {"application/json; charset=utf-8; charset=utf-16"}}, ErrUnsupportedType},
		{http.Header{"Content-Type": {"application/json; charset=utf8"}}, ErrUnsupportedType},
		{http.Header{"Content-Type": {"application/json; charset"}}, ErrUnsupportedType},
		{http.Header{"Content-Type": {"application/jsonp"}}, ErrUnsupportedType},
		{http.Header{"Content-Type": {"application/problem+json"}}, ErrUnsupportedType},
		{http.Header{"Content-Type": {"text/plain"}}, ErrUnsupportedType},
		{http.Header{"Content-Type": {"text/plain; application/json"}}, ErrUnsupportedType},
		{http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, ErrUnsupportedType},
		{http.Header{"Content-Type": {"multipart/form-data; boundary=application/json"}}, ErrUnsupportedType},
		{http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}}, ErrUnsupportedType},
		{http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"identity", "br"}}, ErrUnsupportedType},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("POST", "/", strings.NewReader("{}"))
		r.Header = tt.header
		if _, err := ReadBody(r); !errors.Is(err, tt.want) {
			t.Errorf("%v: got %v, want %v", tt.header, err, tt.want)
		}
	}
}

func TestReadBodyIsStrict(t *testing.T) {
	deep := func(n int) string {
		return `{"a":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + `}`
	}
	const (
		empty   = "The body is empty."
		noObj   = "The body must be a JSON object."
		invalid = "The body is not valid JSON."
		twice   = "The body has a member twice."
		after   = "The body has something after its JSON object."
		nul     = "The body has a NUL character in a text."
		nested  = "The body is nested too deeply."
	)
	tests := []struct{ name, body, want string }{
		{"object", `{"a":1}`, ""},
		{"no members", `{}`, ""},
		{"white space around", " \t\r\n{\"a\" : 1 } \r\n", ""},
		{"case variants are two", `{"a":1,"A":2}`, ""},
		{"unknown members", `{"x":{"y":[1,2.5e3,null]},"z":"\ud83d\ude00"}`, ""},
		{"the letter u after a backslash", `{"a":"\\u0000"}`, ""},
		{"32 levels", deep(32), ""},
		{"long number", `{"a":` + strings.Repeat("9", 60000) + `}`, ""},

		{"empty", "", empty},
		{"space", " \n", empty},
		{"null", "null", noObj},
		{"list", "[]", noObj},
		{"text", `"x"`, noObj},
		{"number", "1", noObj},
		{"true", "true", noObj},
		{"twice", `{"a":1,"a":1}`, twice},
		{"twice, escaped", `{"email":1,"e\u006dail":2}`, twice},
		{"twice, inside", `{"x":[{"a":1,"a":2}]}`, twice},
		{"trailing comma", `{"a":1,}`, invalid},
		{"two documents", `{}{}`, after},
		{"trailing letter", `{} x`, after},
		{"trailing brace", `{}}`, after},
		{"trailing comment", `{} // x`, after},
		{"trailing NUL", "{}\x00", after},
		{"trailing BOM", "{}\ufeff", after},
		{"BOM", "\ufeff{}", invalid},
		{"junk", `)]}',{}`, invalid},
		{"cut off", `{"a":`, invalid},
		{"NaN", `{"a":NaN}`, invalid},
		{"comment", `{/*x*/}`, invalid},
		{"single quotes", `{'a':1}`, invalid},
		{"bare name", `{a:1}`, invalid},
		{"leading zero", `{"a":01}`, invalid},
		{"plus", `{"a":+1}`, invalid},
		{"control character", "{\"a\":\"\n\"}", invalid},
		{"invalid UTF-8", "{\"a\":\"\xff\"}", invalid},
		{"invalid UTF-8 in a name", "{\"\xff\":1}", invalid},
		{"overlong UTF-8", "{\"a\":\"\xc0\x80\"}", invalid},
		{"surrogate in UTF-8", "{\"a\":\"\xed\xa0\x80\"}", invalid},
		{"lone surrogate", `{"a":"\ud800"}`, invalid},
		{"surrogates reversed", `{"a":"\udc00\ud800"}`, invalid},
		{"invalid UTF-8 nobody asks for", "{\"x\":[[\"\xff\"]]}", invalid},
		{"NUL", `{"a":"x\u0000"}`, nul},
		{"NUL in a name", `{"a\u0000":1}`, nul},
		{"NUL inside", `{"x":[{"y":"\u0000"}]}`, nul},
		{"raw NUL", "{\"a\":\"\x00\"}", invalid},
		{"33 levels", deep(33), nested},
		{"30000 levels", strings.Repeat("[", 30000), noObj},
		{"30000 levels inside", `{"a":` + strings.Repeat(`[`, 30000), nested},
		{"30000 objects", strings.Repeat(`{"":`, 15000), nested},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := ReadBody(post(tt.body))
			if tt.want == "" {
				if err != nil || b == nil {
					t.Errorf("got %v, want a body", err)
				}
				return
			}
			want := &BodyError{Fields: []FieldError{{Errors: []string{tt.want}}}}
			if diff := cmp.Diff(want, err); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadBodyIsBounded(t *testing.T) {
	full := `{"a":"` + strings.Repeat("x", MaxBody-8) + `"}`
	if b, err := ReadBody(post(full)); err != nil || len(b.Text("a")) != MaxBody-8 {
		t.Errorf("a full body: got %v", err)
	}
	large := post(full + " ")
	if _, err := ReadBody(large); !errors.Is(err, ErrTooLarge) {
		t.Errorf("declared: got %v, want %v", err, ErrTooLarge)
	}
	if rest, _ := io.ReadAll(large.Body); len(rest) != MaxBody+1 {
		t.Errorf("declared: %d bytes were read", MaxBody+1-len(rest))
	}
	chunked := post(full + strings.Repeat(" ", 1<<20))
	chunked.ContentLength = -1
	if _, err := ReadBody(chunked); !errors.Is(err, ErrTooLarge) {
		t.Errorf("chunked: got %v, want %v", err, ErrTooLarge)
	}
	if rest, _ := io.ReadAll(chunked.Body); len(rest) != 1<<20-1 {
		t.Errorf("chunked: %d bytes were read", 1<<20+MaxBody-len(rest))
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestReadBodyThatBreaksOff(t *testing.T) {
	r := post("")
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"a":1}`), brokenReader{}))
	_, err := ReadBody(r)
	if _, ok := errors.AsType[*BodyError](err); !ok {
		t.Errorf("got %v, want a body error", err)
	}
}

// The errors are shown and logged, so nothing of the body may be in them.
func TestBodyErrorsRepeatNothing(t *testing.T) {
	for _, body := range []string{`{"s3cret":1,"s3cret":2}`, `{"password":"s3cret`, `{"a":s3cret}`, `{} s3cret`, "{\"s3cret\xff\":1}"} {
		if _, err := ReadBody(post(body)); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: got %v", body, err)
		}
	}
}

func FuzzReadBody(f *testing.F) {
	for _, seed := range []string{
		`{"a":1}`, `{"a":"\u0000"}`, `{"a":1,"\u0061":2}`, "\ufeff{}", `{"a":[{"b":null}]} x`,
		`{"t":"2026-09-01T18:00:00.123+02:00","n":-0,"i":[1,2]}`, "{\"a\":\"\xff\"}", `{"a":"\ud800"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		b, err := ReadBody(post(body))
		if err != nil {
			if _, ok := errors.AsType[*BodyError](err); !ok && !errors.Is(err, ErrTooLarge) {
				t.Errorf("got %v", err)
			}
			return
		}
		if !utf8.ValidString(body) {
			t.Error("invalid UTF-8 was taken")
		}
		var other map[string]json.RawMessage
		if err := json.Unmarshal([]byte(body), &other); err != nil {
			t.Errorf("encoding/json says %v", err)
		}
		if len(other) != len(b.members) {
			t.Errorf("got %d members, encoding/json finds %d", len(b.members), len(other))
		}
		for name, v := range b.members {
			var s string
			if v.Kind() == '"' {
				if err := json.Unmarshal(v, &s); err != nil || b.Text(name) != s {
					t.Errorf("text: got %q, want %q (%v)", b.Text(name), s, err)
				}
			}
			if strings.Contains(name+s, "\x00") {
				t.Error("NUL was taken")
			}
			at := b.MaybeTime(name)
			if at.Set && !at.Null {
				if _, err := at.Value.MarshalJSON(); err != nil {
					t.Errorf("a time that can't be written: %v", err)
				}
			}
			b.Bool(name)
			b.Int(name)
			b.MaybeInts(name, 3)
			b.IntOrText(name)
			b.MaybeObject(name)
		}
		_ = b.Err()
	})
}

func jsonText(s string) (string, error) {
	b, err := json.Marshal(s)
	return string(b), err
}

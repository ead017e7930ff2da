package web

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func body(t *testing.T, text string) *Body {
	t.Helper()
	b, err := ReadBody(post(text))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const every = `{"text":"é\n","empty":"","true":true,"false":false,"zero":0,"int":-12,"max":9223372036854775807,
	"over":9223372036854775808,"float":1.0,"exp":1e2,"minus0":-0,"digits":"1","null":null,"list":[3,1,4],"none":[],
	"mixed":[1,"2"],"nested":[[1]],"object":{"a":"x","b":1,"in":{"c":true}}}`

func TestFieldsAreNeverCoerced(t *testing.T) {
	const (
		text   = "This field must be a text."
		truth  = "This field must be true or false."
		whole  = "This field must be an integer."
		list   = "This field must be a list of integers."
		object = "This field must be an object."
		id     = "This field must be a text or an integer."
		gone   = "This field is required."
	)
	type get struct {
		name string
		call func(b *Body, name string) any
	}
	var (
		asText  = get{"Text", func(b *Body, n string) any { return b.Text(n) }}
		asBool  = get{"Bool", func(b *Body, n string) any { return b.Bool(n) }}
		asInt   = get{"Int", func(b *Body, n string) any { return b.Int(n) }}
		asInts  = get{"Ints", func(b *Body, n string) any { return b.Ints(n, 3) }}
		asID    = get{"IntOrText", func(b *Body, n string) any { return b.IntOrText(n) }}
		mayText = get{"MaybeText", func(b *Body, n string) any { return b.MaybeText(n) }}
		mayBool = get{"MaybeBool", func(b *Body, n string) any { return b.MaybeBool(n) }}
		mayInt  = get{"MaybeInt", func(b *Body, n string) any { return b.MaybeInt(n) }}
		mayInts = get{"MaybeInts", func(b *Body, n string) any { return b.MaybeInts(n, 3) }}
		mayObj  = get{"MaybeObject", func(b *Body, n string) any { return b.MaybeObject(n).Set }}
	)
	tests := []struct {
		get   get
		field string
		want  any
		wrong string
	}{
		{asText, "text", "é\n", ""}, {asText, "empty", "", ""}, {asText, "gone", "", gone}, {asText, "Text", "", gone},
		{asText, "null", "", text}, {asText, "int", "", text}, {asText, "true", "", text}, {asText, "list", "", text}, {asText, "object", "", text},
		{asBool, "true", true, ""}, {asBool, "false", false, ""}, {asBool, "gone", false, gone}, {asBool, "null", false, truth},
		{asBool, "zero", false, truth}, {asBool, "text", false, truth},
		{asInt, "zero", int64(0), ""}, {asInt, "int", int64(-12), ""}, {asInt, "max", int64(9223372036854775807), ""},
		{asInt, "over", int64(0), whole}, {asInt, "float", int64(0), whole}, {asInt, "exp", int64(0), whole}, {asInt, "minus0", int64(0), whole},
		{asInt, "digits", int64(0), whole}, {asInt, "null", int64(0), whole}, {asInt, "true", int64(0), whole}, {asInt, "gone", int64(0), gone},
		{asInts, "list", []int64{3, 1, 4}, ""}, {asInts, "none", []int64{}, ""}, {asInts, "mixed", []int64(nil), list},
		{asInts, "nested", []int64(nil), list}, {asInts, "int", []int64(nil), list}, {asInts, "null", []int64(nil), list}, {asInts, "gone", []int64(nil), gone},
		{asInts, "object", []int64(nil), list},
		{asID, "digits", "1", ""}, {asID, "int", "-12", ""}, {asID, "text", "é\n", ""}, {asID, "float", "", id}, {asID, "exp", "", id},
		{asID, "null", "", id}, {asID, "true", "", id}, {asID, "list", "", id}, {asID, "over", "", id}, {asID, "gone", "", gone},
		{mayText, "text", Opt[string]{Set: true, Value: "é\n"}, ""}, {mayText, "null", Opt[string]{Set: true, Null: true}, ""},
		{mayText, "gone", Opt[string]{}, ""}, {mayText, "int", Opt[string]{}, text},
		{mayBool, "false", Opt[bool]{Set: true}, ""}, {mayBool, "int", Opt[bool]{}, truth},
		{mayInt, "int", Opt[int64]{Set: true, Value: -12}, ""}, {mayInt, "digits", Opt[int64]{}, whole},
		{mayInts, "list", Opt[[]int64]{Set: true, Value: []int64{3, 1, 4}}, ""}, {mayInts, "null", Opt[[]int64]{Set: true, Null: true}, ""}, {mayInts, "mixed", Opt[[]int64]{}, list},
		{mayObj, "object", true, ""}, {mayObj, "null", true, ""}, {mayObj, "gone", false, ""}, {mayObj, "list", false, object}, {mayObj, "text", false, object},
	}
	for _, tt := range tests {
		t.Run(tt.get.name+" "+tt.field, func(t *testing.T) {
			b := body(t, every)
			if diff := cmp.Diff(tt.want, tt.get.call(b, tt.field)); diff != "" {
				t.Error(diff)
			}
			var want error
			if tt.wrong != "" {
				want = &BodyError{Fields: []FieldError{{Field: tt.field, Errors: []string{tt.wrong}}}}
			}
			if diff := cmp.Diff(want, b.Err()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestErrNamesEveryField(t *testing.T) {
	b := body(t, every)
	b.Text("int")
	b.Ints("list", 2)
	o := b.MaybeObject("object")
	o.Value.Text("b")
	o.Value.Text("d")
	o.Value.MaybeObject("in").Value.Int("c")
	o.Value.Fail("", "This is odd.")
	b.Fail("int", "This is odd, too.")
	b.Fail("", "All of this is odd.")
	want := &BodyError{Fields: []FieldError{
		{"int", []string{"This field must be a text.", "This is odd, too."}},
		{"list", []string{"This field must have at most 2 items."}},
		{"object.b", []string{"This field must be a text."}},
		{"object.d", []string{"This field is required."}},
		{"object.in.c", []string{"This field must be an integer."}},
		{"object", []string{"This is odd."}},
		{"", []string{"All of this is odd."}},
	}}
	if diff := cmp.Diff(want, b.Err()); diff != "" {
		t.Error(diff)
	}
}

func TestOptText(t *testing.T) {
	b := body(t, every)
	if got := b.OptText("text"); got == nil || *got != "é\n" {
		t.Errorf("got %v, want the text", got)
	}
	if b.OptText("null") != nil || b.OptText("gone") != nil || b.Err() != nil {
		t.Error("null and absent: want nil and no error")
	}
	if b.OptText("int") != nil || b.Err() == nil {
		t.Error("a number: want nil and an error")
	}
}

func TestRaw(t *testing.T) {
	b := body(t, `{"id":  70 }`)
	if v, ok := b.Raw("id"); !ok || string(v) != "70" {
		t.Errorf("got %s, %v, want 70", v, ok)
	}
	if _, ok := b.Raw("ID"); ok {
		t.Error("names must be compared exactly")
	}
}

func TestMaybeTime(t *testing.T) {
	utc := func(y int, m time.Month, d, h, min, s, µs int) time.Time {
		return time.Date(y, m, d, h, min, s, µs*1000, time.UTC)
	}
	tests := []struct {
		in   string
		want time.Time // zero: refused
	}{
		{"2026-09-01T18:00:00Z", utc(2026, 9, 1, 18, 0, 0, 0)},
		{"2026-09-01t18:00:00z", utc(2026, 9, 1, 18, 0, 0, 0)},
		{"2026-09-01T18:00:00+02:00", utc(2026, 9, 1, 16, 0, 0, 0)},
		{"2026-09-01T18:00:00-00:00", utc(2026, 9, 1, 18, 0, 0, 0)},
		{"2026-09-01T18:00:00.123456-07:30", utc(2026, 9, 2, 1, 30, 0, 123456)},
		{"2026-09-01T18:00:00.1234567899Z", utc(2026, 9, 1, 18, 0, 0, 123456)},
		{"0001-01-01T00:00:00.000001Z", utc(1, 1, 1, 0, 0, 0, 1)},
		{"9999-12-31T23:59:59Z", utc(9999, 12, 31, 23, 59, 59, 0)},
		{"2024-02-29T00:00:00Z", utc(2024, 2, 29, 0, 0, 0, 0)},

		{"0001-01-01T00:00:00+14:00", time.Time{}},
		{"9999-12-31T23:59:59-01:00", time.Time{}},
		{"2026-02-29T00:00:00Z", time.Time{}},
		{"2026-09-01T18:00:00", time.Time{}},
		{"2026-09-01T18:00Z", time.Time{}},
		{"2026-09-01", time.Time{}},
		{"2026-09-01 18:00:00Z", time.Time{}},
		{"2026-09-01T8:00:00Z", time.Time{}},
		{"2026-09-01T18:00:00,5Z", time.Time{}},
		{"2026-09-01T18:00:00.Z", time.Time{}},
		{"2026-09-01T24:00:00Z", time.Time{}},
		{"2026-09-01T18:00:60Z", time.Time{}},
		{"2026-09-01T18:00:00+0200", time.Time{}},
		{"2026-09-01T18:00:00+24:00", time.Time{}},
		{"2026-09-01T18:00:00+02:60", time.Time{}},
		{"2026-09-01T18:00:00Z\n", time.Time{}},
		{"٢٠٢٦-09-01T18:00:00Z", time.Time{}},
		{"", time.Time{}},
	}
	for _, tt := range tests {
		text, err := jsonText(tt.in)
		if err != nil {
			t.Fatal(err)
		}
		b := body(t, `{"at":`+text+`}`)
		got := b.MaybeTime("at")
		refused := tt.want.IsZero()
		if got.Set == refused || !got.Value.Equal(tt.want) || got.Value.Location() != time.UTC {
			t.Errorf("%q: got %+v, want %v", tt.in, got, tt.want)
		}
		if _, ok := errors.AsType[*BodyError](b.Err()); ok != refused {
			t.Errorf("%q: got error %v", tt.in, b.Err())
		}
	}
	b := body(t, `{"null":null,"int":1788285600}`)
	if got := b.MaybeTime("null"); !got.Set || !got.Null || b.Err() != nil {
		t.Errorf("null: got %+v, %v", got, b.Err())
	}
	if got := b.MaybeTime("int"); got.Set || b.Err() == nil {
		t.Errorf("a number: got %+v, %v", got, b.Err())
	}
}

func TestBodiesAreNotPrinted(t *testing.T) {
	body := body(t, `{"password":"hunter2-the-credential"}`)
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+verb+verb, body, []*Body{body}, struct{ B *Body }{body})
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("message", "v", body)
	slog.New(slog.NewTextHandler(&out, nil)).Info("message", "v", body)
	for _, form := range []string{"hunter2", fmt.Sprintf("%x", "hunter2"), strings.Trim(fmt.Sprint([]byte("hunter2")), "[]")} {
		if strings.Contains(out.String(), form) {
			t.Errorf("a body is printed: %s", &out)
		}
	}
}

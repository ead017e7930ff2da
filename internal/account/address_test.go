package account

import (
	"errors"
	"strings"
	"testing"
)

func TestAddressesThatCompare(t *testing.T) {
	for _, test := range []struct{ text, shown, key string }{
		{"chess@x.test", "chess@x.test", "chess@x.test"},
		{"  Chess@X.Test \r\n", "Chess@X.Test", "chess@x.test"},
		{"MIKE@EXAMPLE.ORG", "MIKE@EXAMPLE.ORG", "mike@example.org"},
		{"a.b+tag_1@mail.example.org", "a.b+tag_1@mail.example.org", "a.b+tag_1@mail.example.org"},
		{"go@bücher.example", "go@bücher.example", "go@xn--bcher-kva.example"},
		{"go@BÜCHER.example", "go@BÜCHER.example", "go@xn--bcher-kva.example"},
		{"go@XN--BCHER-KVA.example", "go@XN--BCHER-KVA.example", "go@xn--bcher-kva.example"},
		{"go@παράδειγμα.example", "go@παράδειγμα.example", "go@xn--hxajbheg2az3al.example"},
		{"go@例え.テスト", "go@例え.テスト", "go@xn--r8jz45g.xn--zckzah"},
		{"go@l·l.example", "go@l·l.example", "go@xn--ll-0ea.example"},
		{"go@コー・ヒ.example", "go@コー・ヒ.example", "go@xn--tck2c1fd.example"},
		{"root@localhost", "root@localhost", "root@localhost"},
		{strings.Repeat("l", 64) + "@x.test", strings.Repeat("l", 64) + "@x.test", strings.Repeat("l", 64) + "@x.test"},
	} {
		got, err := ParseAddress(test.text)
		if err != nil {
			t.Errorf("ParseAddress(%q): %v", test.text, err)
			continue
		}
		if got.Text != test.shown || got.Key != test.key {
			t.Errorf("ParseAddress(%q) = %+v, want text %q, key %q", test.text, got, test.shown, test.key)
		}
	}
}

func TestWhatIsNoAddress(t *testing.T) {
	for _, text := range []string{
		"", "   ", "x", "@x.test", "a@", "a@b@x.test", ".a@x.test", "a.@x.test", "a..b@x.test", "a@x.test.", "a@.x.test", "a@x..test",
		"Foo <a@x.test>", "<a@x.test>", "a@x.test (c)", `"a b"@x.test`, "a@[127.0.0.1]", "a@127.0.0.1", "a b@x.test", "a@x test",
		"a@x.test,b@x.test", "a@x.test b@x.test", "a@x.test\nCc: b@x.test", "a@x.test\x00", "=?x?q?a=40evil.test=3e=00?=@x.test\x00",
		"mıke@example.org", "mİke@example.org", "mi\u212Ae@example.org", "\uff41@x.test", "a\uff20x.test", "e\u0301@x.test",
		"=?x?q?a=40evil.test=3e=00?=@x.test", "a=?utf-7?q?b?=@x.test",
		"a@x\u2215y.test", "a@xn--xy-6bv.test", "a@\u2603.test", "a@x\u203fy.test", "a@\U0001f600.test", "a@x\u2044y.test",
		"a\u200b@x.test", "a\u202e@x.test", "a@x\u200b.test\u202e", "a@-x.test", "a@x_y.test", "a@xn--zzzzzzzz99999.test",
		strings.Repeat("l", 65) + "@x.test", "a@" + strings.Repeat("d", 64) + ".test",
		"a@" + strings.Repeat("dddddddd.", 30) + "test", strings.Repeat("(", 100_000) + "@x.test",
	} {
		got, err := ParseAddress(text)
		if !errors.Is(err, Invalid) {
			t.Errorf("ParseAddress(%.60q) = %+v, %v; want %v", text, got, err, Invalid)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{"chess@x.test", "go@bücher.example", "a@xn--bcher-kva.example", "a@b@c", "\uff41@x.test", "a@ß.test"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		first, err := ParseAddress(text)
		if err != nil {
			return
		}
		if len(first.Key) > maxAddress || strings.ContainsAny(first.Key, "\r\n\x00 <>,") || strings.Count(first.Key, "@") != 1 {
			t.Fatalf("ParseAddress(%q) has the key %q", text, first.Key)
		}
		for i := range len(first.Key) {
			if c := first.Key[i]; c >= 0x80 || 'A' <= c && c <= 'Z' {
				t.Fatalf("ParseAddress(%q) has the key %q, which is not lower-case ASCII", text, first.Key)
			}
		}
		// The canonical form is its own canonical form, and so is what is shown.
		for _, again := range []string{first.Key, first.Text} {
			second, err := ParseAddress(again)
			if err != nil || second.Key != first.Key {
				t.Fatalf("ParseAddress(%q) gives %q; parsing %q gives %q, %v", text, first.Key, again, second.Key, err)
			}
		}
	})
}

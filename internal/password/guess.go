package password

import (
	"slices"
	"strings"

	"github.com/trustelem/zxcvbn"
)

// hard is the least of zxcvbn's scores, 0 to 4, that is hard to guess: "safely
// unguessable: moderate protection from an offline slow-hash scenario".
const hard = 3

// isGuessable tells whether zxcvbn gives the password a low score. Its time
// grows with the cube of the length, 64 code points take 14 ms and 256 a third
// of a second, so it is asked about short passwords only.
func isGuessable(nfc string) bool {
	return zxcvbn.PasswordStrength(singleOctets(nfc), nil).Score < hard
}

// singleOctets puts a control character in the place of each code point that
// is not printable ASCII: the same for the same one, and as near to another as
// the two code points are to each other. zxcvbn's original counts characters;
// the port to Go takes octets for them where it looks for repetitions and
// sequences, and would overlook "éééééééé" and "абвгдежз".
func singleOctets(nfc string) string {
	var strange []rune // in order of appearance
	for _, r := range nfc {
		if isStrange(r) && !slices.Contains(strange, r) {
			strange = append(strange, r)
		}
	}
	if len(strange) == 0 {
		return nfc
	}
	controls := controlsFor(strange)

	return strings.Map(func(r rune) rune {
		if isStrange(r) {
			return controls[r]
		}
		return r
	}, nfc)
}

func isStrange(r rune) bool {
	return r < ' ' || r > '~'
}

// controlsFor gives each of at most 14 code points a control character.
func controlsFor(strange []rune) map[rune]rune {
	const farApart = 6 // zxcvbn's sequences have steps of 5 at most

	controls := make(map[rune]rune, len(strange))
	sorted := slices.Sorted(slices.Values(strange))
	control := rune(1)
	for i, r := range sorted {
		if i > 0 {
			control += min(r-sorted[i-1], farApart)
		}
		controls[r] = control
	}
	if control < ' ' {
		return controls
	}

	// Spread too widely to keep all steps, as ideographs are: then no step at
	// all, 1 17 3 19 5 …, so that no sequence is seen where there is none.
	for i, r := range strange {
		controls[r] = rune(1 + i/2*2 + i%2*16)
	}

	return controls
}

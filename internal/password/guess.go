package password

import (
	"slices"
	"strings"

	"github.com/trustelem/zxcvbn"
	"github.com/trustelem/zxcvbn/match"
)

// hard is the least of zxcvbn's scores, 0 to 4, that is hard to guess: "safely
// unguessable: moderate protection from an offline slow-hash scenario".
const hard = 3

// guess answers why a password is easy to guess, nothing if zxcvbn gives it a high
// score. Its time grows with the cube of the length, 64 code points take 14 ms and
// 256 a third of a second, so it is asked about short passwords only.
func guess(nfc string) Reason {
	result := zxcvbn.PasswordStrength(singleOctets(nfc), nil)
	if result.Score >= hard {
		return ""
	}

	return guessableBy(result.Sequence)
}

// guessableBy names the longest part of the password that an attacker knows how
// to guess, as zxcvbn's own feedback does.
func guessableBy(parts []*match.Match) Reason {
	reason, longest := Guessable, 0
	for _, part := range parts {
		if length := part.J - part.I + 1; length > longest && part.Pattern != "bruteforce" {
			reason, longest = kindOf(part), length
		}
	}

	return reason
}

// kindOf is the reason that a pattern of zxcvbn's is.
func kindOf(part *match.Match) Reason {
	switch part.Pattern {
	case "dictionary":
		return kindOfWord(part.DictionaryName)
	case "spatial":
		return Keyboard
	case "repeat":
		return Repeated
	case "sequence":
		return Sequence
	case "regex", "date": // the only expression is that of a recent year
		return Date
	default:
		return Guessable
	}
}

func kindOfWord(dictionary string) Reason {
	switch dictionary {
	case "passwords":
		return NearCommon
	case "surnames", "male_names", "female_names":
		return Name
	default: // of the English Wikipedia, and of American films
		return Word
	}
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

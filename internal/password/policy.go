package password

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Policy says which passwords are good enough to be set. The zero value judges
// as Modern does.
type Policy string

// The policies there are.
const (
	// Modern takes any password of 15 code points or more, and one of at least
	// 8 that zxcvbn holds to be hard to guess; neither when the whole of it is a
	// common password, the name of this service, or the owner's own (NIST SP
	// 800-63B-4, 3.1.1.2).
	Modern Policy = "modern"

	// Classic takes 8 code points or more with a number and a special character
	// among them, and looks at nothing else but the upper limits: the rule of
	// the clubs' old backend.
	Classic Policy = "classic"
)

const (
	minRunes  = 8  // under both policies
	longRunes = 15 // from here on length alone is enough

	serviceName = "matricula"
)

// ParsePolicy returns the policy of that name.
func ParsePolicy(s string) (Policy, error) {
	switch p := Policy(s); p {
	case Modern, Classic:
		return p, nil
	default:
		return "", fmt.Errorf("password policy %q: want %s or %s", s, Modern, Classic)
	}
}

// Reason is a stable code for why a password is not good enough.
type Reason string

// Every reason there is.
const (
	TooShort  Reason = "too-short"    // fewer than 8 code points
	TooLong   Reason = "too-long"     // over MaxRunes or MaxBytes
	NotText   Reason = "not-text"     // holds NUL or is not UTF-8
	Guessable Reason = "guessable"    // 8 to 14 code points, and zxcvbn's score below 3
	Common    Reason = "common"       // on the list of common passwords
	Own       Reason = "own"          // the address or the club's name
	Service   Reason = "service-name" // the name of this service
	NoNumber  Reason = "no-number"    // classic: no character of Unicode's category N
	NoSpecial Reason = "no-special"   // classic: nothing but letters and numbers
)

// Sentence tells the person who chose the password what to do better.
func (r Reason) Sentence() string {
	switch r {
	case TooShort:
		return "The password is too short: use at least 8 characters."
	case TooLong:
		return "The password is too long: use at most 256 characters."
	case NotText:
		return "The password contains something that is not text."
	case Guessable:
		return "The password is easy to guess: use 15 characters or more, such as four words, or something less predictable."
	case Common:
		return "The password is one of those that very many people use: choose another."
	case Own:
		return "The password is your e-mail address, a part of it, or your club's name: choose another."
	case Service:
		return "The password is the name of this service: choose another."
	case NoNumber:
		return "The password needs at least one digit."
	case NoSpecial:
		return "The password needs at least one special character, such as ! or ?."
	default:
		return "The password is not good enough: choose another."
	}
}

// Judge returns what is wrong with a password, nothing if it is good. Own are
// the owner's address and the club's name, where they are known: the password
// must not be one of them, nor the part of the address before or after the @.
// Judge looks at the NFC form, as Hash does, and compares without case.
func (p Policy) Judge(password string, own ...string) []Reason {
	nfc, err := normalize(password)
	switch {
	case err != nil:
		return []Reason{TooLong}
	case !utf8.ValidString(nfc) || strings.ContainsRune(nfc, 0):
		return []Reason{NotText}
	case p == Classic:
		return judgeClassic(nfc)
	default:
		return judgeModern(nfc, own)
	}
}

// judgeModern gives the first reason only: a person who has put it right has
// chosen another password.
func judgeModern(nfc string, own []string) []Reason {
	length := utf8.RuneCountInString(nfc)
	switch {
	case length < minRunes:
		return []Reason{TooShort}
	case strings.EqualFold(nfc, serviceName):
		return []Reason{Service}
	case isOwn(nfc, own):
		return []Reason{Own}
	case isCommon(nfc):
		return []Reason{Common}
	case length >= longRunes:
		return nil
	}

	// Not told what is the owner's own: it would refuse what merely contains it.
	if isGuessable(nfc) {
		return []Reason{Guessable}
	}

	return nil
}

// judgeClassic gives all reasons at once. A number is a character of Unicode's
// category N, and special what is neither that nor a letter (category L).
func judgeClassic(nfc string) []Reason {
	var reasons []Reason
	if utf8.RuneCountInString(nfc) < minRunes {
		reasons = append(reasons, TooShort)
	}
	if !strings.ContainsFunc(nfc, unicode.IsNumber) {
		reasons = append(reasons, NoNumber)
	}
	if !strings.ContainsFunc(nfc, isSpecial) {
		reasons = append(reasons, NoSpecial)
	}

	return reasons
}

func isSpecial(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsNumber(r)
}

// isOwn tells whether the whole password is something of the owner's, or one
// side of an @ in it.
func isOwn(nfc string, own []string) bool {
	for _, thing := range own {
		thing = norm.NFC.String(strings.TrimSpace(thing))
		if strings.EqualFold(nfc, thing) {
			return true
		}
		at := strings.LastIndexByte(thing, '@')
		if at >= 0 && (strings.EqualFold(nfc, thing[:at]) || strings.EqualFold(nfc, thing[at+1:])) {
			return true
		}
	}

	return false
}

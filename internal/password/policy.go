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
	// among them, and looks at nothing else but the upper limits and a list of the
	// installation's own: the rule of the clubs' old backend.
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
	Common    Reason = "common"       // on the list that the program carries
	Breached  Reason = "breached"     // on the list of the installation's own
	Unchecked Reason = "unchecked"    // the installation's list can't be read
	Own       Reason = "own"          // the address or the club's name
	Service   Reason = "service-name" // the name of this service
	NoNumber  Reason = "no-number"    // classic: no character of Unicode's category N
	NoSpecial Reason = "no-special"   // classic: nothing but letters and numbers

	// These are of passwords of 8 to 14 code points with a score of zxcvbn's below
	// 3, and say what most of the password is.
	Guessable  Reason = "guessable"             // nothing that zxcvbn has a name for
	NearCommon Reason = "guessable-near-common" // a common password, altered
	Word       Reason = "guessable-word"        // a word of a dictionary
	Name       Reason = "guessable-name"        // somebody's name
	Keyboard   Reason = "guessable-keyboard"    // keys that lie side by side
	Repeated   Reason = "guessable-repeated"    // the same again and again
	Sequence   Reason = "guessable-sequence"    // abcdef, 97531
	Date       Reason = "guessable-date"        // a date or a year
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
	case Common:
		return "The password is one of those that very many people use, and that are guessed first: choose another."
	case Breached:
		return "The password is on a list of passwords that are refused here, such as those that became known in break-ins elsewhere: choose another."
	case Unchecked:
		return "The password can't be checked just now: try again later."
	case Own:
		return "The password is your e-mail address, a part of it, or your club's name: choose another."
	case Service:
		return "The password is the name of this service: choose another."
	case NoNumber:
		return "The password needs at least one digit."
	case NoSpecial:
		return "The password needs at least one special character, such as ! or ?."
	default:
		return r.guessable()
	}
}

// guessable is Sentence of what is easy to guess: why, and what is not.
func (r Reason) guessable() string {
	switch r {
	case Guessable:
		return "The password is easy to guess, for there is too little of it: " + betterThanGuessable
	case NearCommon:
		return "The password is easy to guess, for it is close to one that very many people use: " + betterThanGuessable
	case Word:
		return "The password is easy to guess, for it is little more than a word or two: " + betterThanGuessable
	case Name:
		return "The password is easy to guess, for it is little more than a name: " + betterThanGuessable
	case Keyboard:
		return "The password is easy to guess, for its keys lie side by side on the keyboard: " + betterThanGuessable
	case Repeated:
		return "The password is easy to guess, for it says the same thing again and again: " + betterThanGuessable
	case Sequence:
		return "The password is easy to guess, for its characters follow one another, as abcd and 4321 do: " + betterThanGuessable
	case Date:
		return "The password is easy to guess, for it is little more than a date or a year: " + betterThanGuessable
	default:
		return "The password is not good enough: choose another."
	}
}

const betterThanGuessable = "use 15 characters or more, such as four words that have nothing to do with each other."

// Rules are what a new password is judged by. The zero value judges as Modern
// does, by the list that the program carries.
type Rules struct {
	Policy Policy

	// List has passwords that nobody may choose under either policy, besides those
	// that the program carries a list of; nil has none.
	List *List
}

// Judge returns what is wrong with a password, nothing if it is good. Own are
// the owner's address and the club's name, where they are known: the password
// must not be one of them, nor the part of the address before or after the @.
// Judge looks at the NFC form, as Hash does, and compares without case.
func (r Rules) Judge(password string, own ...string) []Reason {
	nfc, err := normalize(password)
	switch {
	case err != nil:
		return []Reason{TooLong}
	case !utf8.ValidString(nfc) || strings.ContainsRune(nfc, 0):
		return []Reason{NotText}
	case r.Policy == Classic:
		return r.judgeClassic(nfc)
	}
	if reason := r.judgeModern(nfc, own); reason != "" {
		return []Reason{reason}
	}

	return nil
}

// judgeModern gives the first reason only: a person who has put it right has
// chosen another password.
func (r Rules) judgeModern(nfc string, own []string) Reason {
	length := utf8.RuneCountInString(nfc)
	switch {
	case length < minRunes:
		return TooShort
	case strings.EqualFold(nfc, serviceName):
		return Service
	case isOwn(nfc, own):
		return Own
	}
	if reason := listed(Carried(), nfc, Common); reason != "" {
		return reason
	}
	if reason := listed(r.List, nfc, Breached); reason != "" {
		return reason
	}
	if length >= longRunes {
		return ""
	}

	// Not told what is the owner's own: it would refuse what merely contains it.
	return guess(nfc)
}

// listed is the reason why a password on the list is refused. One that can't be
// looked up is refused too: the operator wanted it looked up.
func listed(list *List, nfc string, why Reason) Reason {
	switch found, err := list.Has(nfc); {
	case err != nil:
		return Unchecked
	case found:
		return why
	default:
		return ""
	}
}

// judgeClassic gives all reasons at once. A number is a character of Unicode's
// category N, and special what is neither that nor a letter (category L).
func (r Rules) judgeClassic(nfc string) []Reason {
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
	if reason := listed(r.List, nfc, Breached); reason != "" {
		reasons = append(reasons, reason)
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

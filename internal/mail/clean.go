package mail

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// refuseControl refuses what must never reach a header: CR, LF, NUL and all
// their kin, and bytes that are not UTF-8, whose meaning each reader guesses.
func refuseControl(field, s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("%s: not valid UTF-8", field)
	}
	if strings.ContainsFunc(s, breaksLine) {
		return fmt.Errorf("%s: contains a line break or another control character", field)
	}
	return nil
}

// breaksLine reports control characters and Unicode's own line separators.
func breaksLine(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp)
}

// oneLine makes a line of text out of anything: line breaks and other control
// characters become spaces, runs of spaces one; invisible format characters,
// bidirectional overrides among them, go (but for the joiners that some scripts
// and emoji are written with); and what is longer than limit runes is cut.
func oneLine(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case breaksLine(r):
			return ' '
		case r == '\u200c' || r == '\u200d':
			return r
		case unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	runes := []rune(s)
	return strings.TrimSpace(string(runes[:limit-1])) + "…"
}

// domainDot is the dot of what a mail program takes for a web address.
var domainDot = regexp.MustCompile(`\.(\pL{2})`)

// notALink keeps a name from turning into a link: mail programs make one of
// everything that looks like an address, so a club named "Log in at evil.test"
// would be a phishing mail from a trusted sender. A word joiner, invisible,
// stands where the pattern breaks.
func notALink(name string) string {
	name = strings.ReplaceAll(name, "://", ":\u2060//")
	return domainDot.ReplaceAllString(name, ".\u2060$1")
}

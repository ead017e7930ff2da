package mail

import (
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"

	"golang.org/x/net/idna"
)

// Limits of an address in octets (RFC 5321 §4.5.3.1, the path less its brackets).
const (
	maxAddress = 254
	maxLocal   = 64
)

// domains maps a Unicode domain to its A-labels as registries would.
var domains = idna.New(
	idna.MapForLookup(),
	idna.BidiRule(),
	idna.Transitional(false),
	idna.CheckHyphens(true),
	idna.CheckJoiners(true),
	idna.VerifyDNSLength(true),
)

// plainAddress reads one bare address: an ASCII dot-atom (RFC 5322 §3.2.3), an @
// and a domain, which it answers in A-labels. Display names, comments, quoted
// local parts, address literals and lists are refused; net/mail's parser takes
// all of them, and by that has let more than one mail go astray.
func plainAddress(s string) (string, error) {
	if len(s) > maxAddress {
		return "", errors.New("address is too long")
	}
	local, domain, found := strings.Cut(s, "@")
	if !found || len(local) > maxLocal || !isDotAtom(local) {
		return "", errors.New("not a plain address")
	}
	ascii, ok := asciiDomain(domain)
	if !ok {
		return "", errors.New("not a plain address: bad domain")
	}
	if len(local)+1+len(ascii) > maxAddress {
		return "", errors.New("address is too long")
	}
	return local + "@" + ascii, nil
}

// asciiDomain answers a domain in A-labels.
func asciiDomain(domain string) (string, bool) {
	ascii, err := domains.ToASCII(domain)
	if err != nil || !isDotAtom(ascii) {
		return "", false
	}
	// Not all that the mapping makes of bad UTF-8 is a domain itself.
	again, err := domains.ToASCII(ascii)
	return ascii, err == nil && again == ascii
}

// isDotAtom reports whether s is RFC 5322's dot-atom-text, in ASCII.
func isDotAtom(s string) bool {
	if s == "" || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for i := range len(s) {
		c := s[i]
		alphanumeric := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !alphanumeric && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", rune(c)) {
			return false
		}
	}
	return true
}

// CheckFrom says whether a text can stand as [Message].From, which is an address
// or "Name <address>", so that a bad setting is refused at start and not by the
// first mail.
func CheckFrom(from string) error {
	_, err := parseFrom(from)
	return err
}

func parseFrom(from string) (netmail.Address, error) {
	if err := refuseControl("from", from); err != nil {
		return netmail.Address{}, err
	}
	parsed, err := netmail.ParseAddress(from)
	if err != nil {
		return netmail.Address{}, fmt.Errorf("from: %q is not an address or \"Name <address>\"", from)
	}
	// The parser decodes encoded words, which may hide what was just refused.
	if err := refuseControl("from", parsed.Name); err != nil {
		return netmail.Address{}, err
	}
	bare, err := plainAddress(parsed.Address)
	if err != nil {
		return netmail.Address{}, fmt.Errorf("from: %w: %q", err, parsed.Address)
	}
	return netmail.Address{Name: parsed.Name, Address: bare}, nil
}

package account

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// maxAddress is the longest e-mail address in octets (RFC 5321 §4.5.3.1.3, less
// the angle brackets), and maxLocal the longest part before the @.
const (
	maxAddress = 254
	maxLocal   = 64
)

// Address is an e-mail address in its two forms.
type Address struct {
	Text string // as it was typed, trimmed: for display and for mail
	Key  string // the canonical form that compares: ASCII lower case, domain in A-labels
}

// ParseAddress reads a plain address: an ASCII dot-atom (RFC 5322 §3.2.3), an @
// and an IDNA domain. Display names, comments, quotes, address literals and
// lists are refused, and so is whatever only looks like ASCII: case is folded
// for A to Z alone, so no look-alike letter can reach another person's account.
// It refuses with Invalid, field "email".
func ParseAddress(text string) (Address, error) {
	text = strings.Trim(text, " \t\r\n")
	if text == "" {
		return Address{}, invalid("email", "An e-mail address is needed.")
	}
	if len(text) > maxAddress {
		return Address{}, invalid("email", "An e-mail address has at most %d characters.", maxAddress)
	}
	local, domain, found := strings.Cut(text, "@")
	if !found || !isDotAtom(local) || len(local) > maxLocal {
		return Address{}, errNotAddress
	}
	// The atoms of an encoded word (RFC 2047 §2): a mail server that decodes what it
	// must not would send to another address.
	if strings.Contains(local, "=?") {
		return Address{}, errNotAddress
	}
	ascii, ok := asciiDomain(domain)
	if !ok || len(local)+1+len(ascii) > maxAddress {
		return Address{}, errNotAddress
	}
	return Address{Text: text, Key: lowerASCII(local) + "@" + ascii}, nil
}

var errNotAddress = invalid("email", "This is not an e-mail address.")

// domainProfile is strict: it maps case and width as registries do, checks
// every A-label again and refuses what no registry would delegate.
var domainProfile = idna.New(
	idna.MapForLookup(),
	idna.BidiRule(),
	idna.ValidateLabels(true),
	idna.CheckHyphens(true),
	idna.CheckJoiners(true),
	idna.StrictDomainName(true),
	idna.VerifyDNSLength(true),
	idna.Transitional(false),
)

// asciiDomain answers the domain in lower-case A-labels.
func asciiDomain(domain string) (string, bool) {
	if domain == "" || strings.HasSuffix(domain, ".") {
		return "", false
	}
	ascii, err := domainProfile.ToASCII(domain)
	if err != nil {
		return "", false
	}
	ascii = lowerASCII(ascii)
	if !canonicalLabels(ascii) {
		return "", false
	}
	// Four numbers are an address of a machine, which mail writes otherwise.
	last := ascii[strings.LastIndexByte(ascii, '.')+1:]
	if strings.Trim(last, "0123456789") == "" {
		return "", false
	}
	return ascii, true
}

// canonicalLabels reports whether turning the domain to Unicode and back gives
// the same text: an A-label that stands for plain ASCII, or for letters that
// would be mapped, would be a second spelling of one domain.
func canonicalLabels(ascii string) bool {
	text, err := domainProfile.ToUnicode(ascii)
	if err != nil || strings.ContainsFunc(text, isSign) {
		return false
	}
	again, err := domainProfile.ToASCII(text)
	return err == nil && again == ascii
}

// isSign reports whether a character is a symbol or a punctuation mark, such as a
// slash that is none: no domain name has one (RFC 5892 §2) but those that its §2.6
// and appendix A except.
func isSign(r rune) bool {
	return (unicode.IsSymbol(r) || unicode.IsPunct(r)) && !strings.ContainsRune("-.·͵׳״・۽۾་", r)
}

// isDotAtom reports whether s is RFC 5322's dot-atom-text, in ASCII.
func isDotAtom(s string) bool {
	if s == "" || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", rune(c)) {
			return false
		}
	}
	return true
}

// lowerASCII lowers A to Z and nothing else.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

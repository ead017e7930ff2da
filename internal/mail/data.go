package mail

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Template names a mail. The names are kept in the database and are the names of
// the templates' files: they do not change.
type Template string

// The mails that Matricula sends.
const (
	// Confirm asks to confirm an address and so finish registering a club.
	Confirm Template = "confirm"
	// AlreadyMember tells that somebody tried to register with an address that has
	// an account and a club already. Its link leads to where a new password is asked for.
	AlreadyMember Template = "already-registered"
	// NoClub tells that somebody tried to register a club with the address of an
	// account that has none; nothing was made (the contract, "Accounts, over both").
	NoClub Template = "no-club"
	// ResetClubs carries the link to set a new password (clubs contract).
	ResetClubs Template = "reset"
	// ResetCohorts carries the link to set a new password (cohorts contract).
	ResetCohorts Template = "reset-cohorts"
	// SetPassword tells of an account that an operator made, and carries the link to
	// set its first password.
	SetPassword Template = "set-password"
	// PasswordChanged tells that the password was changed. Its link leads to where a
	// new one is asked for.
	PasswordChanged Template = "password-changed"
	// EmailChanged tells the old and the new address that an account changed from one
	// to the other.
	EmailChanged Template = "email-changed"
)

// mailTemplates lists every mail, and whether it is sent for the sake of its link.
var mailTemplates = map[Template]struct{ linked bool }{
	Confirm:         {linked: true},
	AlreadyMember:   {},
	NoClub:          {},
	ResetClubs:      {linked: true},
	ResetCohorts:    {linked: true},
	SetPassword:     {linked: true},
	PasswordChanged: {},
	EmailChanged:    {},
}

// Data is what a mail tells. What a template does not speak of may be left out.
// Names may be anything that users typed.
type Data struct {
	Site               string        // the site's name, or the host of its public address
	SiteURL            string        // the site's public address
	Name               string        // the account's display name; a mail greets without one too
	Club               string        // the club's name
	Email              string        // the account's address
	Link               string        // the whole link, secret included; built from configuration alone
	Expires            time.Duration // how long the link lives
	OldEmail, NewEmail string        // for EmailChanged
	When               time.Time     // when it happened; shown in its own time zone
}

// view is what templates see: text, made harmless before they do.
type view struct {
	Site, SiteURL, Name, Club, Email, Link, Expires, OldEmail, NewEmail, When string

	Subject string // what the subject came to; for the bodies
}

// Limits of what a mail shows, in runes; of a link in octets.
const (
	maxName         = 100
	maxLink         = 4096
	maxSubjectShown = 200 // below maxSubject
)

// viewOf makes the data harmless. A link that is not a plain http(s) URL is the
// caller's mistake and an error; so is none where the mail is sent for its sake.
func viewOf(name Template, d Data) (view, error) {
	if d.Link == "" && mailTemplates[name].linked {
		return view{}, errors.New("the link is missing")
	}
	if err := checkURL("link", d.Link); err != nil {
		return view{}, err
	}
	if err := checkURL("site URL", d.SiteURL); err != nil {
		return view{}, err
	}
	return view{
		Site:     oneLine(d.Site, maxName),
		SiteURL:  d.SiteURL,
		Name:     notALink(oneLine(d.Name, maxName)),
		Club:     notALink(oneLine(d.Club, maxName)),
		Email:    oneLine(d.Email, maxAddress),
		Link:     d.Link,
		Expires:  inWords(d.Expires),
		OldEmail: oneLine(d.OldEmail, maxAddress),
		NewEmail: oneLine(d.NewEmail, maxAddress),
		When:     date(d.When),
	}, nil
}

// checkURL refuses what could end a line or an attribute early, or is no web
// address. It does not quote the text: a link holds a secret.
func checkURL(what, s string) error {
	if s == "" {
		return nil
	}
	if len(s) > maxLink {
		return fmt.Errorf("the %s is too long", what)
	}
	if strings.ContainsFunc(s, notInURL) {
		return fmt.Errorf("the %s holds a character that no address has", what)
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return fmt.Errorf("the %s is not an http(s) address", what)
	}
	return nil
}

// notInURL reports what RFC 3986 keeps out of a URL.
func notInURL(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"'<>\\^`{|}", r)
}

// inWords says a span as people do: "30 minutes", "1 hour", "7 days". It rounds
// down, so that no mail promises more time than there is.
func inWords(d time.Duration) string {
	const day = 24 * time.Hour
	count := func(unit time.Duration, word string) string {
		if n := d / unit; n > 1 {
			return fmt.Sprintf("%d %ss", n, word)
		}
		return "1 " + word
	}
	switch {
	case d <= 0:
		return ""
	case d < time.Minute:
		return "less than a minute"
	case d >= 2*day && d%day == 0 || d >= 14*day:
		return count(day, "day")
	case d >= time.Hour && d%time.Hour == 0 || d >= 2*day:
		return count(time.Hour, "hour")
	default:
		return count(time.Minute, "minute")
	}
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2 January 2006, 15:04 MST")
}

package account

import "time"

// EventKind names what happened.
type EventKind string

// The events of the audit log.
const (
	SignedUp        EventKind = "account.registered"       // clubs: an officer account and its club
	SignUpKnown     EventKind = "account.registered-again" // somebody registered with an address that has an account
	AccountMade     EventKind = "account.created"          // by an operator
	AccountChanged  EventKind = "account.changed"
	EmailChanged    EventKind = "account.email-changed"
	AccountDisabled EventKind = "account.disabled"
	AccountEnabled  EventKind = "account.enabled"
	AccountUnlocked EventKind = "account.unlocked"
	AccountDeleted  EventKind = "account.deleted"
	ConfirmAsked    EventKind = "confirm.asked"
	EmailConfirmed  EventKind = "confirm.done"
	SignedIn        EventKind = "session.started"
	SignInFailed    EventKind = "session.refused"
	TriesUsedUp     EventKind = "session.tries-used-up"     // a lane of the address, known or not, rests
	AddressesUsedUp EventKind = "session.addresses-used-up" // a client network failed at as many as it may
	NetworkUnlocked EventKind = "network.unlocked"          // by an operator
	SignedOut       EventKind = "session.ended"
	SessionsEnded   EventKind = "sessions.ended" // all of an account, by an operator
	AccessRevoked   EventKind = "token.access-revoked"
	RefreshRevoked  EventKind = "token.refresh-revoked"
	ResetAsked      EventKind = "reset.asked"
	PasswordReset   EventKind = "reset.done"
	PasswordChanged EventKind = "password.changed"
	PasswordRefused EventKind = "password.refused" // a wrong current password at a change
	PasswordSet     EventKind = "password.set"     // by an operator
	ClubMade        EventKind = "club.created"     // by an operator
	ClubChanged     EventKind = "club.changed"
	ClubDeleted     EventKind = "club.deleted"
	RoleGranted     EventKind = "role.granted"
	RoleRevoked     EventKind = "role.revoked"
	RosterChanged   EventKind = "roster.changed"
	ListChanged     EventKind = "list.changed" // tags or sizes
	CohortMade      EventKind = "cohort.created"
	CohortChanged   EventKind = "cohort.changed"
	CohortDeleted   EventKind = "cohort.deleted"
	ProjectMade     EventKind = "project.created"
	ProjectDeleted  EventKind = "project.deleted"
	KeyMade         EventKind = "key.created"
	MailGivenUp     EventKind = "mail.given-up"
	MailsUsedUp     EventKind = "mail.used-up" // further ones of this kind are not sent for a while
	MailDropped     EventKind = "mail.dropped" // its token had ended before it could be sent
)

// EventKinds is every EventKind there is.
var EventKinds = []EventKind{
	SignedUp, SignUpKnown, AccountMade, AccountChanged, EmailChanged, AccountDisabled, AccountEnabled,
	AccountUnlocked, AccountDeleted, ConfirmAsked, EmailConfirmed, SignedIn, SignInFailed, TriesUsedUp,
	AddressesUsedUp, NetworkUnlocked, SignedOut, SessionsEnded, AccessRevoked, RefreshRevoked, ResetAsked,
	PasswordReset, PasswordChanged, PasswordRefused, PasswordSet, ClubMade, ClubChanged, ClubDeleted,
	RoleGranted, RoleRevoked, RosterChanged, ListChanged, CohortMade, CohortChanged, CohortDeleted,
	ProjectMade, ProjectDeleted, KeyMade, MailGivenUp, MailsUsedUp, MailDropped,
}

// Event is one line of the audit log. It never holds a password, a token, a
// cookie or a link.
type Event struct {
	ID        int64
	At        time.Time
	Kind      EventKind
	Account   int64  // 0 where no account is concerned, or none exists
	Actor     string // "" for the public, "operator" for a command, "server" for itself
	Client    string // the client's address, "" for a command
	RequestID string
	Detail    string // a few words, such as "clubs" or a role's name
}

// event answers an Event of this kind by this caller.
func (c Caller) event(now time.Time, kind EventKind, account int64, detail string) Event {
	e := Event{At: now, Kind: kind, Account: account, Actor: c.Actor, RequestID: c.RequestID, Detail: detail}
	if c.Client.IsValid() {
		e.Client = c.Client.String()
	}
	return e
}

// system is the server itself as a caller.
var system = Caller{Actor: "server"}

package account

import (
	"context"
	"time"

	"matricula/internal/token"
)

// Store keeps what the rules need kept. Engines implement it; package
// store/storetest says what they owe.
type Store interface {
	// Read answers a Reader whose statements run under ctx. Each statement sees
	// every change that was answered before it began.
	Read(ctx context.Context) Reader

	// Update runs change as one transaction: whole or not at all. When it returns
	// nil, the change is durable. change may run again after a conflict, so it
	// assigns results and never appends to what is outside; it must not keep its
	// Tx. The error of change rolls its own writes back and comes back as it is,
	// after the engine's commit; a failing neighbour hurts nobody. A panic in
	// change rolls back too and comes back as an error. ctx bounds the waiting for
	// a turn, never a change that has begun, and may say what the change is [About].
	Update(ctx context.Context, change func(Tx) error) error

	// Close lets go of the database after the changes that have begun.
	Close() error
}

// About says what a change is about: whatever it writes that others write, too. Where
// changes run at the same time, those about the same wait for each other, instead of
// one going wrong and beginning anew. What comes out is the same without.
func About(ctx context.Context, subjects ...string) context.Context {
	return context.WithValue(ctx, aboutKey{}, subjects)
}

// SubjectsOf answers what [About] said.
func SubjectsOf(ctx context.Context) []string {
	subjects, _ := ctx.Value(aboutKey{}).([]string)
	return subjects
}

type aboutKey struct{}

// Reader asks. A single thing that is not there is NotFound; lists are empty.
// Lists that can be long take an "after" (the last key of the page before, zero
// for the first page) and a limit.
type Reader interface {
	Account(id int64) (Account, error)
	AccountByEmail(key string) (Account, error)
	Accounts(after int64, limit int) ([]Account, error)
	// PasswordClasses counts the accounts by the class of their hash
	// (password.ClassOf); those without a password are left out.
	PasswordClasses() (map[string]int64, error)

	// Holder answers the session with this id and contract, and its account. It
	// judges nothing: the rules do.
	Holder(c Contract, id []byte) (Holder, error)
	// Member answers the account of the cohorts session with this id, the roles that
	// count at now, those of the Latest cohort, and when the session ends, in one
	// statement. It judges nothing else.
	Member(session []byte, now time.Time) (m Member, ends time.Time, err error)
	// Officer answers what an access token stands for in one statement: its
	// session, account and club. NotFound without any of the three, or when access
	// has been revoked.
	Officer(session, access token.ID) (Holder, Club, error)
	Sessions(account int64) ([]Session, error)

	MailToken(id token.ID) (MailToken, error)
	OutboxStats() (OutboxStats, error)

	Club(id int64) (Club, error)
	ClubByOwner(account int64) (Club, error)
	ClubByLink(linkName string) (Club, error)
	// LinkNames answers the link names that are base itself, or base and a hyphen
	// and more.
	LinkNames(base string) ([]string, error)
	Clubs(after int64, limit int) ([]Club, error)
	Tags() ([]ListItem, error)  // by id
	Sizes() ([]ListItem, error) // by id

	OnRoster(key string) (bool, error)
	Roster(after string, limit int) ([]RosterEntry, error) // by canonical address

	Cohorts() ([]Cohort, error) // newest first
	Project(id int64) (Project, error)
	Projects(year int64) ([]Project, error) // of one cohort, or of all with 0; by id
	// Roles answers what the account holds: student, adviser and mentor of that
	// year (none with year 0), administrator by a grant that holds at now (of
	// several, the one that ends last). Projects are by id.
	Roles(account, year int64, now time.Time) (Roles, error)
	// Grants lists roles of every kind: of one account, or of all with 0.
	Grants(account int64) ([]Grant, error)

	Events(account int64, before int64, limit int) ([]Event, error) // newest first; account 0 for all; before 0 for the newest
	SigningKeys() ([]SealedKey, error)
	// Meta answers a named value of the installation; NotFound when never set.
	Meta(name string) (string, error)

	// Failures answers the zero value for a lane in which no try failed. The zero lane
	// is that of strangers, here and below.
	Failures(address, lane token.Digest) (Failures, error)
	// Known answers which of these proofs the address knows and has not ended at now.
	Known(address token.Digest, now time.Time, proofs ...token.Digest) ([]token.Digest, error)
	// Rows counts the rows of a heap.
	Rows(heap Heap) (int64, error)
}

// Tx is a Reader that also writes. What would break uniqueness is Taken with the
// field's name; a row to change that is not there is NotFound, unless the method
// answers a bool.
type Tx interface {
	Reader

	// AddAccount makes an account and answers its id; ID, ClubID are ignored.
	AddAccount(a Account, class string) (int64, error)
	// SetAccount writes the name and the cohorts contract's optional members.
	SetAccount(a Account) error
	SetEmail(id int64, email Address) error
	SetConfirmed(id int64, at time.Time) error
	SetDisabled(id int64, at time.Time) error // zero enables
	// SetPassword replaces the hash whatever it was; "" takes the password away.
	SetPassword(id int64, hash, class string) error
	// Rehash replaces the hash only while it still is old, and reports whether.
	Rehash(id int64, old, hash, class string) (bool, error)
	// DeleteAccount takes the club, roles, sessions, mail tokens and waiting mails
	// with it. The events stay.
	DeleteAccount(id int64) error

	AddSession(s Session) error
	// EndSession deletes a session and reports whether it was there.
	EndSession(c Contract, id []byte) (bool, error)
	// EndSessions deletes the account's sessions of these contracts but the one
	// with id except (nil for none), and answers how many.
	EndSessions(account int64, except []byte, contracts ...Contract) (int64, error)
	// EndRefresh marks the refresh token of a clubs session revoked, and reports
	// whether it was not before. The session is kept until keep at most.
	EndRefresh(session token.ID, at, keep time.Time) (bool, error)
	// RevokeAccess remembers an access token's id until it has expired, and reports
	// whether it was not known before.
	RevokeAccess(access token.ID, expiresAt time.Time) (bool, error)

	AddMailToken(t MailToken) error
	// EndMailToken deletes a token and reports whether it was there: of many uses
	// at once, one gets true.
	EndMailToken(id token.ID) (bool, error)
	// EndMailTokens deletes the account's tokens of these kinds.
	EndMailTokens(account int64, kinds ...MailTokenKind) error

	AddMail(m OutboxMail) error
	// ClaimMail leases up to limit mails that are due at now, unleased (or leased
	// until before now) and not dead, oldest first, and answers them. The lease
	// marks them as this worker's until the time given.
	ClaimMail(now time.Time, lease token.ID, until time.Time, limit int) ([]OutboxMail, error)
	// EndMail deletes a mail that this lease still holds, and reports whether it did.
	EndMail(id int64, lease token.ID) (bool, error)
	// DeferMail ends the lease and makes the mail due later, with one more attempt
	// and the reason; a dead that is not zero gives it up. It reports whether this
	// lease still held it.
	DeferMail(id int64, lease token.ID, due time.Time, reason string, dead time.Time) (bool, error)

	// AddClub makes a club and answers its id; ID, OwnerEmail are ignored. Taken for an
	// owner that has one ("owner") and for a link name in use ("link_name").
	AddClub(c Club) (int64, error)
	// SetClub writes everything but owner and link name.
	SetClub(c Club) error
	DeleteClub(id int64) error
	// SetTags and SetSizes replace the whole list; InUse when a club refers to an
	// item that would go.
	SetTags(items []ListItem) error
	SetSizes(items []ListItem) error

	// AddToRoster reports whether the address was not on it before.
	AddToRoster(e RosterEntry) (bool, error)
	RemoveFromRoster(key string) (bool, error)

	AddCohort(c Cohort) error // Taken "year"
	SetCohort(c Cohort) error // by its year
	// DeleteCohort is InUse "year" while a role or a project is of the cohort.
	DeleteCohort(year int64) error
	AddProject(p Project) (int64, error)
	SetProject(p Project) error
	// DeleteProject leaves its students without a project, and every role as it is.
	DeleteProject(id int64) error
	AddStudent(s Student) (int64, error) // Taken "account", "nusnetId" or "matricNo"; the same for the next two
	AddAdviser(a Adviser) (int64, error) // its Projects are set with SetProject
	AddMentor(m Mentor) (int64, error)
	AddAdministrator(a Administrator) (int64, error)
	// RemoveRole deletes the one role that is set in r, by its id; projects lose
	// their adviser or mentor.
	RemoveRole(r Roles) error

	AddEvent(e Event) error
	AddSigningKey(k SealedKey) error
	// SetMeta sets a named value unless it is set, and answers the one in force.
	SetMeta(name, value string) (string, error)

	// AddFailure counts one more and answers the new count.
	AddFailure(address, lane token.Digest, at time.Time) (int64, error)
	ClearFailures(address, lane token.Digest) error
	ForgetFailures(address token.Digest) error // in every lane
	// TakeBackFailures counts so many less, down to none. Where the last one was the
	// one at that time, it is the one before again.
	TakeBackFailures(address, lane token.Digest, n int64, at, before time.Time) error
	// AddKnown notes a proof that the address knows a caller by, or that it was seen
	// again, until it ends. Of more than most, those seen longest ago go.
	AddKnown(address, proof token.Digest, seen, ends time.Time, most int) error
	ForgetKnown(address token.Digest) error
	// AddTally counts one more of a subject and answers the count: of the window that
	// began with its first, unless that was before since.
	AddTally(subject token.Digest, at, since time.Time) (int64, error)
	// AddLookup notes that a client network asked about an address, unless it did
	// since then already, and answers what it asked since then, this included.
	AddLookup(network, address token.Digest, at, since time.Time) (Asked, error)
	// ForgetLookup takes such a note back.
	ForgetLookup(network, address token.Digest) error
	// ForgetLookups takes all notes of a network back, and answers how many there were.
	ForgetLookups(network token.Digest) (int64, error)
	ForgetTally(subject token.Digest) error

	// Purge deletes what time has ended, at most limit rows of each kind, and
	// answers how many went.
	Purge(ends Ends, limit int) (int64, error)
	// Trim deletes at most that many rows of a heap, those first that matter least,
	// and answers how many went: failures and tallies by the lowest count and then by
	// age, but no failures whose lane rests; lookups and events by age.
	Trim(heap Heap, most int64, rests Rests) (int64, error)
}

// Ends says what a purge deletes: of each kind, what ended before the time given.
type Ends struct {
	Sessions   time.Time // by KeepUntil
	MailTokens time.Time // by ExpiresAt
	Revoked    time.Time // revoked access ids, by the token's expiry
	DeadMails  time.Time // by DeadAt
	Lookups    time.Time
	Failures   time.Time // by the last one
	Known      time.Time // by the proof's end
	Tallies    time.Time // by the window's begin
	Events     time.Time // of the public that concern no account; others stay
}

// Heap names rows that strangers can add to without end, and that are bounded in
// number for that reason.
type Heap string

// The heaps.
const (
	FailureRows Heap = "failures"
	LookupRows  Heap = "lookups"
	TallyRows   Heap = "tallies"
	EventRows   Heap = "events" // of the public that concern no account
)

// Heaps are all there are.
var Heaps = []Heap{FailureRows, LookupRows, TallyRows, EventRows}

// Rests says which failures make somebody wait: those of a lane that holds as many
// as given, and of which one came at Since or after it.
type Rests struct {
	Strangers, Known int64
	Since            time.Time
}

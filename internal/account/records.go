package account

import (
	"encoding/json"
	"net/netip"
	"time"

	"matricula/internal/mail"
	"matricula/internal/token"
)

// Contract says which of the two wire contracts a session belongs to. What one
// contract issued is never taken by the other.
type Contract string

// The two contracts.
const (
	Clubs   Contract = "clubs"
	Cohorts Contract = "cohorts"
)

// Account is one person's, or one club officer's, entry: one per address.
type Account struct {
	ID           int64
	Email        Address
	Name         string
	PasswordHash string    // "" where there is no password
	ConfirmedAt  time.Time // zero until the address is confirmed
	DisabledAt   time.Time // zero unless an operator disabled it
	CreatedAt    time.Time
	ClubID       int64 // 0 where it owns none; read, never written

	// The cohorts contract's optional members; "" is not set.
	ProfilePicURL   string
	GithubURL       string
	LinkedinURL     string
	PersonalSiteURL string
	SelfIntro       string
}

// Confirmed reports whether the address has been confirmed.
func (a Account) Confirmed() bool { return !a.ConfirmedAt.IsZero() }

// Disabled reports whether an operator has disabled the account.
func (a Account) Disabled() bool { return !a.DisabledAt.IsZero() }

// Session is a sign-in that lasts: under clubs the pair of tokens that name it,
// under cohorts the cookie whose digest it is.
type Session struct {
	ID        []byte // clubs: the 16 octets of a token.ID; cohorts: the 32 of a token.Digest
	Account   int64
	Contract  Contract
	Client    string // address of the client that signed in, "" when unknown
	CreatedAt time.Time
	ExpiresAt time.Time // the refresh token's or the cookie's end
	KeepUntil time.Time // no access token of this session lives longer
	// RefreshEndedAt is when the refresh token was revoked; zero while it lives.
	// The row stays for the access tokens that are still out.
	RefreshEndedAt time.Time
}

// Holder is whom a session stands for, read in one statement.
type Holder struct {
	Session Session
	Account Account
}

// MailTokenKind says what a mailed token is for.
type MailTokenKind string

// The kinds of mailed tokens.
const (
	ConfirmToken     MailTokenKind = "confirm"       // clubs: the link that confirms an address
	ResetToken       MailTokenKind = "reset"         // clubs: the link that sets a new password
	ResetLinkToken   MailTokenKind = "reset-cohorts" // cohorts: the JWT that sets a new password
	SetPasswordToken MailTokenKind = "set-password"  // the same JWT, in the mail that tells of an account made by an operator
)

// MailToken is the row that a mailed secret is derived from; the secret itself
// stands nowhere.
type MailToken struct {
	ID        token.ID
	Account   int64 // 0 for a decoy
	Kind      MailTokenKind
	CreatedAt time.Time
	ExpiresAt time.Time
}

// MailData is what a waiting mail says beside its account's own data.
type MailData struct {
	Club     string `json:"club,omitempty"`
	Origin   string `json:"origin,omitempty"` // the listed front end that a cohorts link leads to
	OldEmail string `json:"old_email,omitempty"`
	NewEmail string `json:"new_email,omitempty"`
}

// OutboxMail is a mail that waits to be sent. A decoy has no recipient: it costs
// the asker what a real one costs, and is dropped.
type OutboxMail struct {
	ID        int64
	Account   int64
	Template  mail.Template
	To        string   // the address stored when the mail was asked for, "" for a decoy
	Token     token.ID // the MailToken row whose secret the mail carries; zero for none
	Data      MailData
	CreatedAt time.Time
	DueAt     time.Time
	Attempts  int
	LastError string
	DeadAt    time.Time // when sending was given up; zero while it goes on
}

// OutboxStats counts what waits.
type OutboxStats struct {
	Waiting int64
	Dead    int64
	Oldest  time.Time // when the oldest waiting mail was asked for; zero when none waits
}

// Club is a club's page, owned by one account.
type Club struct {
	ID          int64
	Owner       int64
	OwnerEmail  string // read, never written
	Name        string
	LinkName    string // the slug in the page's address; unique, never changes
	Tags        []int64
	AppRequired bool
	NewMembers  bool
	NumUsers    int64 // id in the size list
	AboutUs     string
	GetInvolved string
	ApplyLink   string // "" is null on the wire, as with the pictures and the social links

	ApplyDeadlineStart, ApplyDeadlineEnd time.Time // zero is null
	RecruitingStart, RecruitingEnd       time.Time

	Social      map[string]string // by [SocialLinks] name; an absent or empty one is null
	Logo        string
	Banner      string
	Lists       ClubLists
	Reactivated bool
	LastUpdated time.Time
}

// SocialLinks names the members of social_media_links, in the order they are shown.
var SocialLinks = []string{
	"contact_email", "website", "facebook", "instagram", "linkedin", "twitter", "youtube", "github", "behance",
	"medium", "gcalendar", "discord",
}

// ClubLists are the lists that an import brought: shown, never edited here. Each
// is a JSON array.
type ClubLists struct {
	Resources        json.RawMessage `json:"resources"`
	Events           json.RawMessage `json:"events"`
	RecruitingEvents json.RawMessage `json:"recruiting_events"`
	GalleryMedia     json.RawMessage `json:"gallery_media"`
	FAQ              json.RawMessage `json:"faq"`
}

// ListItem is an entry of the tag list or the size list.
type ListItem struct {
	ID   int64
	Text string
}

// RosterEntry is an address that may register a club.
type RosterEntry struct {
	Email   Address
	AddedAt time.Time
}

// Cohort is a programme year. Its instants have whole milliseconds, and it runs
// while Start ≤ now ≤ End.
type Cohort struct {
	Year  int64
	Start time.Time
	End   time.Time
}

// Project is a team's project in a cohort.
type Project struct {
	ID      int64
	Year    int64
	Name    string
	Adviser int64 // id of the adviser role, 0 for none
	Mentor  int64 // id of the mentor role, 0 for none
}

// Student is a role in one cohort.
type Student struct {
	ID, Account, Year int64
	Project           int64  // 0 for none
	NusnetID          string // "" for none; unique among the students of a cohort
	MatricNo          string // likewise
}

// Adviser is a role in one cohort.
type Adviser struct {
	ID, Account, Year  int64
	Projects           []int64
	NusnetID, MatricNo string
}

// Mentor is a role in one cohort.
type Mentor struct {
	ID, Account, Year int64
	Projects          []int64
}

// Administrator is a grant between two instants.
type Administrator struct {
	ID, Account int64
	Start, End  time.Time
}

// Roles are what one account holds; a nil one is not held.
type Roles struct {
	Student       *Student
	Adviser       *Adviser
	Mentor        *Mentor
	Administrator *Administrator
}

// Grant is one role of one account, as an operator lists it.
type Grant struct {
	Account int64
	Email   string
	Roles   // exactly one is set
}

// SealedKey is a signing key as the database keeps it.
type SealedKey struct {
	ID        string
	CreatedAt time.Time
	Sealed    []byte
}

// Failures counts the consecutive failed tries in one lane of an address, with an
// account or without.
type Failures struct {
	Count  int64
	LastAt time.Time
}

// Asked is how many different addresses a client network asked about within a
// window.
type Asked struct {
	Count  int64
	Oldest time.Time // when it asked about the first of them
	New    bool      // the address asked about now is one more
}

// Caller says on whose behalf a call is made; the audit log keeps it.
type Caller struct {
	Client    netip.Addr // zero for a command
	RequestID string
	Device    token.Secret // what the browser was given at a sign-in before; zero for none
	Actor     string       // "" for the public, "operator" for a command
}

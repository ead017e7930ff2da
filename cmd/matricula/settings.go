package main

import (
	"time"

	"github.com/alecthomas/kong"

	"matricula/internal/token"
)

// settings are what an operator sets, as it is written: a flag of serve, or the
// variable of the same name (--public-url is MATRICULA_PUBLIC_URL). Every field is
// one setting and belongs to a group; config says whether they go together.
type settings struct {
	Addr       string     `name:"addr" group:"where" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Address to serve at; port 0 picks one. One that other machines reach needs public-url."`
	OpsAddr    string     `name:"ops-addr" group:"where" placeholder:"HOST:PORT" help:"Address for health, metrics and profiles alone; off when empty."`
	PortFile   string     `name:"port-file" group:"where" placeholder:"FILE" help:"File to write the chosen HOST:PORT to, once connections are taken."`
	PublicURL  string     `name:"public-url" group:"where" placeholder:"URL" help:"What people reach the server by, and what links are built from; http://localhost:PORT when empty, https anywhere but on this machine."`
	Issuer     string     `name:"issuer" group:"where" placeholder:"TEXT" help:"Issuer and audience of tokens; the first public-url, kept in the database, when empty."`
	TimeZone   string     `name:"time-zone" group:"where" placeholder:"ZONE" default:"UTC" help:"Zone of the days on the command line and in pages, such as Asia/Singapore (${default})."`
	LogLevel   string     `name:"log-level" group:"where" placeholder:"LEVEL" default:"info" help:"debug, info, warn or error (${default})."`
	Data       string     `name:"data" group:"data" placeholder:"DIR" default:"matricula-data" help:"Directory of the database, the secret and development's mails (./${default})."`
	Database   secretText `name:"database" group:"data" placeholder:"URL" help:"PostgreSQL, postgres://USER:PASSWORD@HOST:PORT/DATABASE; SQLite in data when empty. Others see a flag: prefer database-file."`
	Migrate    bool       `name:"migrate" group:"data" default:"true" negatable:"" help:"Bring the database's schema up to date at start (yes)."`
	Secret     secretText `name:"secret" group:"data" placeholder:"TEXT" help:"Secret that every key is derived from, at least 32 bytes; made in data at the first start when empty. Others see a flag: prefer secret-file."`
	SecretFile string     `name:"secret-file" group:"data" placeholder:"FILE" help:"File that holds the secret."`

	DatabaseFile             string        `name:"database-file" group:"database" placeholder:"FILE" help:"File that holds the URL of the database."`
	DatabasePool             int64         `name:"database-pool" group:"database" placeholder:"N" default:"20" help:"Connections to PostgreSQL at most; one in four is for reads alone (${default})."`
	DatabaseConnectTimeout   time.Duration `name:"database-connect-timeout" group:"database" placeholder:"TIME" default:"5s" help:"How long a connection may take to be had (${default})."`
	DatabaseStatementTimeout time.Duration `name:"database-statement-timeout" group:"database" placeholder:"TIME" default:"5s" help:"How long a statement may take (${default})."`
	DatabaseLockTimeout      time.Duration `name:"database-lock-timeout" group:"database" placeholder:"TIME" default:"3s" help:"How long a statement may wait for another transaction (${default})."`
	DatabaseAllowLoss        bool          `name:"database-allow-loss" group:"database" negatable:"" help:"Start although the server may lose what it has acknowledged, as with fsync off (no)."`

	SMTP          secretText `name:"smtp" group:"mail" placeholder:"URL" help:"Mail server, smtp://USER:PASSWORD@HOST:PORT or smtps://…; when empty each mail is a file in data. Others see a flag: prefer smtp-file."`
	SMTPFile      string     `name:"smtp-file" group:"mail" placeholder:"FILE" help:"File that holds the URL of the mail server."`
	MailFrom      string     `name:"mail-from" group:"mail" placeholder:"SENDER" help:"Sender of the mails; Matricula <no-reply@HOST> of public-url when empty."`
	MailTemplates string     `name:"mail-templates" group:"mail" placeholder:"DIR" help:"Directory of templates in place of the built-in ones."`
	DevMail       bool       `name:"dev-mail" group:"mail" negatable:"" help:"Show the mails at /dev/mail, to this machine alone (no)."`

	Origins        []string `name:"origins" group:"browsers" placeholder:"URL" help:"Front ends at other origins: allowed by CORS, and as origin of a reset. public-url's own is always allowed."`
	CookieSameSite string   `name:"cookie-same-site" group:"browsers" placeholder:"lax|none" default:"lax" help:"SameSite of the session cookie; none needs https (${default})."`
	ClubPageURL    string   `name:"club-page-url" group:"browsers" placeholder:"URL" help:"Where a confirmed club officer is sent; the built-in page when empty."`
	ResetPageURL   string   `name:"reset-page-url" group:"browsers" placeholder:"URL" help:"Where the clubs reset link points, with ?token= added; the built-in page when empty."`
	TrustedProxies []string `name:"trusted-proxies" group:"browsers" placeholder:"CIDR" help:"Reverse proxies whose X-Forwarded-For counts."`

	AccessTTL  time.Duration `name:"access-ttl" group:"lifetimes" placeholder:"TIME" default:"15m" help:"Life of an access token (${default})."`
	RefreshTTL time.Duration `name:"refresh-ttl" group:"lifetimes" placeholder:"TIME" default:"24h" help:"Life of a refresh token (${default})."`
	SessionTTL time.Duration `name:"session-ttl" group:"lifetimes" placeholder:"TIME" default:"240h" help:"Life of a session cookie (${default})."`
	ConfirmTTL time.Duration `name:"confirm-ttl" group:"lifetimes" placeholder:"TIME" default:"168h" help:"Life of a confirmation link, and of an invitation to set a password (${default})."`
	ResetTTL   time.Duration `name:"reset-ttl" group:"lifetimes" placeholder:"TIME" default:"30m" help:"Life of a reset link (${default})."`

	PasswordPolicy     string        `name:"password-policy" group:"guards" placeholder:"NAME" default:"modern" help:"modern: 15 characters, or 8 that are hard to guess. classic: 8 with a digit and a special character (${default})."`
	PasswordList       string        `name:"password-list" group:"guards" placeholder:"FILE" help:"List of passwords to refuse besides the built-in one, made by matricula passwords build; none when empty."`
	Hash               string        `name:"hash" group:"guards" placeholder:"COST" default:"argon2id,m=19456,t=2,p=1" help:"Cost of new password hashes (${default})."`
	Limits             string        `name:"limits" group:"guards" placeholder:"on|off" default:"on" help:"off lifts every limit below, for load tests (${default})."`
	LimitFailures      int64         `name:"limit-failures" group:"guards" placeholder:"N" default:"80" help:"Wrong passwords in a row that strangers together may try at one address (${default})."`
	LimitKnownFailures int64         `name:"limit-known-failures" group:"guards" placeholder:"N" default:"20" help:"The same for each browser, session and network that the address knows; with those of strangers 100 at most (${default})."`
	LimitFailureRest   time.Duration `name:"limit-failure-rest" group:"guards" placeholder:"TIME" default:"15m" help:"How long the address then rests for them after each further one (${default})."`
	LimitSprayed       int64         `name:"limit-sprayed" group:"guards" placeholder:"N" default:"300" help:"Different addresses that one client network may fail at (${default})."`
	LimitSprayWindow   time.Duration `name:"limit-spray-window" group:"guards" placeholder:"TIME" default:"1h" help:"Time within which those are counted (${default})."`
	LimitMails         int64         `name:"limit-mails" group:"guards" placeholder:"N" default:"5" help:"Mails of one kind that strangers may have sent to one address (${default})."`
	LimitMailWindow    time.Duration `name:"limit-mail-window" group:"guards" placeholder:"TIME" default:"1h" help:"Time within which those are counted (${default})."`
	LimitLookups       int64         `name:"limit-lookups" group:"guards" placeholder:"N" default:"300" help:"Different addresses that one client network may ask the roster about (${default})."`
	LimitLookupWindow  time.Duration `name:"limit-lookup-window" group:"guards" placeholder:"TIME" default:"1h" help:"Time within which those are counted (${default})."`
	LimitRequests      int64         `name:"limit-requests" group:"guards" placeholder:"N" default:"600" help:"Requests a minute that one client network may make of each public call but sign-in (${default})."`
	LimitRequestsBurst int64         `name:"limit-requests-burst" group:"guards" placeholder:"N" default:"200" help:"How many of those may come at once (${default})."`
	EmailExists        string        `name:"email-exists" group:"guards" placeholder:"limited|off" default:"limited" help:"limited: tell who is on the roster, within the limit. off: always say yes (${default})."`
}

// secretText is a setting that is or holds a secret: nothing prints it.
type secretText struct{ token.Secret }

// UnmarshalText takes the value as it was written.
func (s *secretText) UnmarshalText(text []byte) error {
	s.Secret = token.SecretOf(string(text))
	return nil
}

// settingGroups are the headings of the settings in --help. A flag in a group is
// a setting; no other flag is in one.
var settingGroups = kong.ExplicitGroups([]kong.Group{
	{Key: "where", Title: "Settings: addresses and log"},
	{Key: "data", Title: "Settings: data"},
	{Key: "database", Title: "Settings: PostgreSQL"},
	{Key: "mail", Title: "Settings: mail"},
	{Key: "browsers", Title: "Settings: browsers and proxies"},
	{Key: "lifetimes", Title: "Settings: lifetimes"},
	{Key: "guards", Title: "Settings: passwords and limits"},
})

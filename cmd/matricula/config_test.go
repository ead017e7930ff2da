package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"testing"
)

// files are what a test's settings may read.
var files = map[string]string{
	"secret":   "  the secret of the installation, long enough\n",
	"short":    "too short\n",
	"blank":    "\n",
	"database": "postgres://matricula:hunter2@db.example.edu/matricula\n",
	"smtp":     "smtps://postmaster:hunter2@mail.example.edu\n",
}

func readFile(name string) ([]byte, error) {
	text, ok := files[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return []byte(text), nil
}

// read makes a config of the defaults and some settings, "name=value".
func read(t *testing.T, set ...string) (config, error) {
	t.Helper()
	env := environment{}
	for _, s := range set {
		name, value, _ := strings.Cut(s, "=")
		env[name] = value
	}
	if err := env.check(); err != nil {
		t.Fatal(err)
	}
	raw, err := env.settings()
	if err != nil {
		return config{}, err
	}
	return raw.config(readFile)
}

const (
	public = "public-url=https://accounts.example.edu"
	smtp   = "smtp=smtp://mail.example.edu"
)

func TestSettingsThatCannotWorkAreRefused(t *testing.T) {
	tests := []struct {
		set  []string
		want string // the whole line
	}{
		{[]string{"addr=localhost"}, `addr: "localhost" is not HOST:PORT, such as 127.0.0.1:8080`},
		{[]string{"addr=127.0.0.1:http"}, `addr: "127.0.0.1:http" is not HOST:PORT, such as 127.0.0.1:8080`},
		{[]string{"ops-addr=9090"}, `ops-addr: "9090" is not HOST:PORT, such as 127.0.0.1:8080`},
		{[]string{"addr=0.0.0.0:8080"}, "addr: other machines reach 0.0.0.0:8080, so set public-url to the https address that people use"},
		{[]string{"addr=:8080"}, "addr: other machines reach :8080, so set public-url to the https address that people use"},
		{[]string{"public-url=http://accounts.example.edu"}, "public-url: http is for this machine alone; put a proxy with TLS in front and write https://…"},
		{[]string{"public-url=accounts.example.edu", smtp}, `public-url: "accounts.example.edu" is not scheme://host or scheme://host:port, such as https://accounts.example.edu`},
		{[]string{"public-url=https://accounts.example.edu/app", smtp}, `public-url: "https://accounts.example.edu/app" is not scheme://host or scheme://host:port, such as https://accounts.example.edu`},
		{[]string{public}, "smtp: people at https://accounts.example.edu wait for mail, so name the mail server: smtp://USER:PASSWORD@HOST:PORT"},
		{[]string{"issuer=two words"}, "issuer: it must be one word of ASCII, such as https://accounts.example.edu"},
		{[]string{"database=mysql://db"}, "database: it is not postgres://USER:PASSWORD@HOST:PORT/DATABASE, where such a sign in the password as a space or / is written %20 or %2F; when it is empty, the database is a SQLite file in data"},
		{[]string{"database=postgres:///db"}, "secret: servers on PostgreSQL share one, so set secret-file; this makes a secret: head -c 32 /dev/urandom | base64"},
		{[]string{"database=postgres:///db", "database-file=database"}, "database: it is given twice, as database and as database-file; drop one"},
		{[]string{"database=postgres:///db", "secret-file=secret", "database-pool=2"}, "database-pool: 2 is not from 3 to 1000"},
		{[]string{"database=postgres://u:hunter2@db/x?sslmode=prefer", "secret-file=secret"}, "database: sslmode=prefer goes on without TLS where somebody on the line says so: write sslmode=verify-full, or sslmode=disable on a line that is nobody else's"},
		{[]string{"database-lock-timeout=100ms"}, "database-lock-timeout: 100ms is not a whole number of seconds from 1s up, such as 15m"},
		{[]string{"secret=too short"}, "secret: it has 9 bytes and needs at least 32; this makes one: head -c 32 /dev/urandom | base64"},
		{[]string{"secret-file=short"}, "secret: it has 9 bytes and needs at least 32; this makes one: head -c 32 /dev/urandom | base64"},
		{[]string{"secret-file=blank"}, "secret-file: blank is empty"},
		{[]string{"secret-file=none"}, "secret-file: none can't be read: file does not exist"},
		{[]string{"secret-file=secret", "secret=another secret, and long enough to be one"}, "secret: it is given twice, as secret and as secret-file; drop one"},
		{[]string{smtp, "smtp-file=smtp"}, "smtp: it is given twice, as smtp and as smtp-file; drop one"},
		{[]string{"smtp=imap://mail.example.edu"}, "smtp: the URL does not begin with smtp:// or smtps://"},
		{[]string{smtp, "dev-mail=yes"}, "dev-mail: it shows mails that are files, and smtp sends them away; drop one"},
		{[]string{"mail-from=nobody"}, `mail-from: "nobody" is not an address or NAME <ADDRESS>`},
		{[]string{"origins=*"}, `origins: origin "*": list each origin by itself`},
		{[]string{"origins=http://front.example.edu"}, `origins: origin "http://front.example.edu": plain http is for loopback only, use https`},
		{[]string{"club-page-url=javascript:alert(1)"}, `club-page-url: "javascript:alert(1)" is not the address of a page: https://…, or http://… on this machine`},
		{[]string{"reset-page-url=http://front.example.edu/reset"}, `reset-page-url: "http://front.example.edu/reset" is not the address of a page: https://…, or http://… on this machine`},
		{[]string{"trusted-proxies=proxy"}, `trusted-proxies: trusted proxy "proxy": want a network such as 10.0.0.0/8 or an address`},
		{[]string{"cookie-same-site=strict"}, `cookie-same-site: "strict" is neither lax nor none`},
		{[]string{"cookie-same-site=none"}, "cookie-same-site: none needs a public-url with https, or browsers drop the cookie"},
		{[]string{"cookie-same-site=none", "public-url=http://localhost:8080"}, "cookie-same-site: none needs a public-url with https, or browsers drop the cookie"},
		{[]string{"access-ttl=0s"}, "access-ttl: 0s is not a whole number of seconds from 1s up, such as 15m"},
		{[]string{"reset-ttl=1500ms"}, "reset-ttl: 1.5s is not a whole number of seconds from 1s up, such as 15m"},
		{[]string{"session-ttl=-1h"}, "session-ttl: -1h0m0s is not a whole number of seconds from 1s up, such as 15m"},
		{[]string{"password-policy=strict"}, `password-policy: "strict" is neither modern nor classic`},
		{[]string{"hash=md5"}, `hash "md5": want the form argon2id,m=19456,t=2,p=1`},
		{[]string{"limits=some"}, `limits: "some" is neither on nor off`},
		{[]string{"limit-failures=0"}, "limit-failures: 0 is too few; limits=off lifts every limit"},
		{[]string{"limit-known-failures=0"}, "limit-known-failures: 0 is too few; limits=off lifts every limit"},
		{[]string{"limit-failures=81"}, "limit-failures: with limit-known-failures it comes to 101 wrong passwords in a row for one caller, and 100 are allowed (NIST SP 800-63B-4, 3.2.2); lower one"},
		{[]string{"limit-failures=9223372036854775807"}, "limit-failures: 9223372036854775807 is no limit; it can be 10000 at most, and limits=off lifts every limit"},
		{[]string{"limit-failure-rest=25h"}, "limit-failure-rest: 25h0m0s locks people out for longer than a day; it can be 24h0m0s at most"},
		{[]string{"limit-sprayed=0"}, "limit-sprayed: 0 is too few; limits=off lifts every limit"},
		{[]string{"limit-spray-window=0s"}, "limit-spray-window: 0s is not a whole number of seconds from 1s up, such as 15m"},
		{[]string{"limit-mails=-5"}, "limit-mails: -5 is too few; limits=off lifts every limit"},
		{[]string{"limit-mail-window=48h"}, "limit-mail-window: 48h0m0s locks people out for longer than a day; it can be 24h0m0s at most"},
		{[]string{"limit-lookups=-1"}, "limit-lookups: -1 is too few; limits=off lifts every limit"},
		{[]string{"limit-requests=0"}, "limit-requests: 0 is too few; limits=off lifts every limit"},
		{[]string{"limit-requests=1000001"}, "limit-requests: 1000001 a minute is no limit; 1000000 is the most, and limits=off lifts every limit"},
		{[]string{"limit-requests-burst=0"}, "limit-requests-burst: 0 is too few; limits=off lifts every limit"},
		{[]string{"limit-requests=100"}, "limit-requests-burst: 200 at once is more than the 100 a minute of limit-requests"},
		{[]string{"trusted-proxies=0.0.0.0/0"}, `trusted-proxies: trusted proxy "0.0.0.0/0": this is everybody, and anybody could name any address`},
		{[]string{"limit-lookup-window=0s"}, "limit-lookup-window: 0s is not a whole number of seconds from 1s up, such as 15m"},
		{[]string{"email-exists=on"}, `email-exists: "on" is neither limited nor off`},
		{[]string{"time-zone=Mars/Olympus"}, `time-zone: "Mars/Olympus" is no zone such as UTC or Asia/Singapore`},
		{[]string{"log-level=loud"}, `log-level: "loud" is none of debug, info, warn and error`},
	}
	for _, test := range tests {
		t.Run(strings.Join(test.set, " "), func(t *testing.T) {
			_, err := read(t, test.set...)
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestSettingsThatWork(t *testing.T) {
	for _, set := range [][]string{
		{},
		{"addr=[::1]:8080"},
		{"addr=localhost:0"},
		{"addr=:0"}, // any port, not any network
		{"addr=0.0.0.0:8080", public, smtp},
		{"addr=0.0.0.0:8080", "public-url=http://localhost:8080"},
		{public, "smtp-file=smtp", "cookie-same-site=none"},
		{"public-url=http://matricula.localhost:8080", "dev-mail=yes"},
		{"secret-file=secret"},
		{"mail-from=Chess <chess@example.edu>"},
		{"club-page-url=https://front.example.edu/signin?lang=en#top", "reset-page-url=http://127.0.0.1:3000/reset"},
		{"trusted-proxies=127.0.0.1,10.0.0.0/8,::1"},
		{"limits=off", "password-policy=classic", "hash=argon2id,m=64,t=1,p=1", "email-exists=off", "time-zone=Asia/Singapore", "log-level=debug"},
		{"database=postgres:///db", "secret-file=secret"},
		{"database-file=database", "secret-file=secret", "database-allow-loss=yes"},
		{"migrate=no"},
	} {
		if _, err := read(t, set...); err != nil {
			t.Errorf("%v: %v", set, err)
		}
	}
}

func TestWhatFollowsFromThePublicAddress(t *testing.T) {
	tests := []struct {
		set  []string
		port int
		want site
	}{
		{nil, 0, site{
			publicURL: "http://localhost:8080", clubPage: "http://localhost:8080/club", resetPage: "http://localhost:8080/reset",
			mailFrom: "Matricula <no-reply@localhost>", listed: []string{"http://localhost:8080"},
		}},
		{[]string{"addr=127.0.0.1:0", "origins=http://localhost:3000"}, 4321, site{
			publicURL: "http://localhost:4321", clubPage: "http://localhost:4321/club", resetPage: "http://localhost:4321/reset",
			mailFrom: "Matricula <no-reply@localhost>", listed: []string{"http://localhost:4321", "http://localhost:3000"},
		}},
		{[]string{"addr=127.0.0.1:80"}, 80, site{
			publicURL: "http://localhost", clubPage: "http://localhost/club", resetPage: "http://localhost/reset",
			mailFrom: "Matricula <no-reply@localhost>", listed: []string{"http://localhost"},
		}},
		{[]string{
			"public-url=https://Accounts.Example.edu:443/", smtp, "origins=https://front.example.edu/,https://accounts.example.edu",
			"club-page-url=https://front.example.edu/signin",
		}, 8080, site{
			publicURL: "https://accounts.example.edu", clubPage: "https://front.example.edu/signin", resetPage: "https://accounts.example.edu/reset",
			mailFrom: "Matricula <no-reply@accounts.example.edu>", listed: []string{"https://accounts.example.edu", "https://front.example.edu"},
		}},
		{[]string{"public-url=http://[::1]:8080", "mail-from=chess@example.edu"}, 8080, site{
			publicURL: "http://[::1]:8080", clubPage: "http://[::1]:8080/club", resetPage: "http://[::1]:8080/reset",
			mailFrom: "chess@example.edu", listed: []string{"http://[::1]:8080"},
		}},
	}
	for _, test := range tests {
		c, err := read(t, test.set...)
		if err != nil {
			t.Errorf("%v: %v", test.set, err)
			continue
		}
		got, err := c.at(test.port)
		if err != nil {
			t.Errorf("%v: %v", test.set, err)
			continue
		}
		same := got.publicURL == test.want.publicURL && got.clubPage == test.want.clubPage && got.resetPage == test.want.resetPage &&
			got.mailFrom == test.want.mailFrom && slices.Equal(got.listed, test.want.listed)
		if !same {
			t.Errorf("%v at %d:\ngot  %+v\nwant %+v", test.set, test.port, got, test.want)
		}
		for _, origin := range test.want.listed {
			if !got.origins.Has(origin) {
				t.Errorf("%v: the origin %s is not listed", test.set, origin)
			}
		}
	}
}

func TestMailAddressOfAMachineIsOfADomain(t *testing.T) {
	c, err := read(t, "public-url=http://127.0.0.1:8080")
	if err != nil {
		t.Fatal(err)
	}
	if s, _ := c.at(8080); s.mailFrom != "Matricula <no-reply@localhost>" {
		t.Errorf("got %s", s.mailFrom)
	}
}

func TestEverySettingIsAVariable(t *testing.T) {
	names := settingNames()
	for i, name := range names {
		if name == "" || slices.Contains(names[:i], name) {
			t.Errorf("setting %d has the name %q", i, name)
		}
		env := readEnvironment([]string{variable(name) + "=x", variable(name) + "_=", "HOME=/root"})
		if env[name] != "x" || len(env) != 1 {
			t.Errorf("%s: got %v", variable(name), env)
		}
	}
	for _, name := range []string{"public-url", "secret-file", "smtp-file", "email-exists"} {
		if !slices.Contains(names, name) {
			t.Errorf("there is no setting %s", name)
		}
	}
	if env := readEnvironment([]string{testClock + "=clock"}); len(env) != 0 {
		t.Errorf("the test clock counts as a setting: %v", env)
	}
}

func TestConfigIsShownWhole(t *testing.T) {
	c, err := read(t, "secret-file=secret", "smtp-file=smtp", public)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range c.shown() {
		names = append(names, s.name)
	}
	if !slices.Equal(names, settingNames()) {
		t.Errorf("got  %v\nwant %v", names, settingNames())
	}
	for _, form := range []jsonFlag{{JSON: false}, {JSON: true}} {
		var out strings.Builder
		if err := c.print(&out, form); err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"long enough", "hunter2", "postmaster"} {
			if strings.Contains(out.String(), secret) {
				t.Errorf("%q is shown:\n%s", secret, &out)
			}
		}
	}
}

// TestErrorsShowNoSecret holds refusals to what a terminal and a log may see.
func TestErrorsShowNoSecret(t *testing.T) {
	for _, set := range [][]string{
		{"smtp=smtp://user:hunter2/x@mail.example.edu"},
		{"smtp=smtp://hunter2@mail.example.edu"},
		{"smtp=hunter2"},
		{"smtp=smtp://user:hunter2@mail.example.edu:99999"},
		{"secret=hunter2"},
	} {
		_, err := read(t, set...)
		if err == nil {
			t.Errorf("%v is taken", set)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v: %v", set, err)
		}
	}
}

func TestEmptyVariableIsNoSetting(t *testing.T) {
	env := readEnvironment([]string{"MATRICULA_ADDR=", "MATRICULA_NONSENSE="})
	if err := env.check(); err != nil || len(env) != 0 {
		t.Errorf("got %v, %v", env, err)
	}
	err := readEnvironment([]string{"MATRICULA_NONSENSE=1"}).check()
	if err == nil || !strings.Contains(err.Error(), "MATRICULA_NONSENSE is no setting") {
		t.Errorf("got %v", err)
	}
}

// TestConfigPrintsNoSecret prints what the settings come to in every way there is.
func TestConfigPrintsNoSecret(t *testing.T) {
	const secret = "0123456789abcdef0123456789abcdef"
	cfg, err := read(t, "secret="+secret, "smtp=smtp://ada:hunter2-of-the-mail@localhost:25", "database=postgres://ada:hunter2-too@localhost/matricula")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, v := range []any{cfg, &cfg, cfg.settings, struct{ c config }{cfg}, cfg.postgres(), cfg.smtp} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(text)
		slog.New(slog.NewTextHandler(&out, nil)).Info("message", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("message", "v", v)
	}
	if err := cfg.print(&out, jsonFlag{}); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{secret, "hunter2"} {
		for _, form := range []string{text, hex.EncodeToString([]byte(text)), strings.Trim(fmt.Sprint([]byte(text)), "[]")} {
			if strings.Contains(out.String(), form) {
				at := strings.Index(out.String(), form)
				t.Errorf("%s is printed: %s", text, out.String()[max(0, at-60):at+len(form)])
			}
		}
	}
	if !strings.Contains(out.String(), hidden) {
		t.Error("nothing tells that a secret is set")
	}
}

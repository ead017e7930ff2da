package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"matricula/internal/account"
	"matricula/internal/mail"
	"matricula/internal/password"
)

// checkCommand says what is wrong.
type checkCommand struct{ place }

// Help shows how it is used.
func (checkCommand) Help() string {
	return `It writes nothing, and works beside a running server. It sees the MATRICULA_ variables, not the flags that a server was started with. Each line begins with ok, warn or fail; with a fail the exit status is 1.

Example:

    matricula check`
}

// The verdicts of a check.
const (
	isOK   = "ok"
	isWarn = "warn"
	isFail = "fail"
)

// finding is what a check found.
type finding struct {
	Status string `json:"status"`
	Check  string `json:"check"`
	Detail string `json:"detail"`
}

// checks gathers the findings.
type checks struct {
	config
	ctx context.Context
	now time.Time
	all []finding
}

func (k *checks) ok(check, detail string, args ...any)   { k.add(isOK, check, detail, args...) }
func (k *checks) warn(check, detail string, args ...any) { k.add(isWarn, check, detail, args...) }
func (k *checks) fail(check, detail string, args ...any) { k.add(isFail, check, detail, args...) }

func (k *checks) add(status, check, detail string, args ...any) {
	k.all = append(k.all, finding{status, check, fmt.Sprintf(detail, args...)})
}

// Run checks.
func (cmd *checkCommand) Run(c *console) error {
	k := &checks{ctx: c.ctx, now: c.now()}
	cfg, err := cmd.config(c)
	if err != nil {
		k.fail("settings", "%s", explain(err))
	} else {
		k.config = cfg
		k.ok("settings", "the variables go together; what flags of serve say is not seen here")
		k.browsers()
		k.guards()
		k.data()
		k.mail()
	}
	if err := cmd.print(c.out, k.all, k.write); err != nil {
		return err
	}
	failed := 0
	for _, f := range k.all {
		if f.Status == isFail {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d checks failed; the lines that begin with fail say what to do", failed, len(k.all))
	}
	return nil
}

func (k *checks) write(out io.Writer) {
	for _, f := range k.all {
		fmt.Fprintf(out, "%-4s  %s: %s\n", f.Status, f.Check, oneLine(f.Detail))
	}
}

// browsers looks at what browsers and proxies make of the settings.
func (k *checks) browsers() {
	if k.CookieSameSite == "none" {
		k.warn("cookies", "cookie-same-site is none: browsers that block third-party cookies sign nobody in from another site; serve the front end from the same one")
	} else {
		k.ok("cookies", "SameSite=%s", k.CookieSameSite)
	}
	switch {
	case k.proxyUnnamed():
		k.warn("proxies", "%s", proxyUnnamed)
	case k.https() && !isLoopback(hostOnly(k.Addr)):
		k.warn("proxies", "addr %s is not this machine alone: whoever reaches it passes by the proxy and its TLS; close it off", k.Addr)
	default:
		k.ok("proxies", "%d trusted", len(k.TrustedProxies))
	}
	if k.OpsAddr != "" && !isLoopback(hostOnly(k.OpsAddr)) {
		k.warn("ops-addr", "other machines may reach %s: whoever does sees profiles of the program's memory; close it off", k.OpsAddr)
	}
}

// guards looks at what keeps guessing slow.
func (k *checks) guards() {
	if k.hash.Weak() {
		k.warn("hash", "%s costs less than OWASP's minimum; leave the setting out for argon2id,m=19456,t=2,p=1", k.Hash)
	} else {
		k.ok("hash", "%s", k.Hash)
	}
	switch {
	case k.Limits == "off":
		k.warn("limits", "they are off: passwords and the roster can be guessed at any speed; that is for load tests")
	case k.LimitFailureRest < time.Minute:
		k.warn("limits", "limit-failure-rest is %v: an address that rests so shortly is guessed at nevertheless; 15m is what it is without the setting", k.LimitFailureRest)
	default:
		k.ok("limits", "on")
	}
	k.passwords()
}

// passwords reads all of the installation's list.
func (k *checks) passwords() {
	switch err := k.checkList(); {
	case err != nil:
		k.fail("passwords", "%s", explain(err))
	case k.PasswordList != "" && k.policy == password.Classic:
		k.ok("passwords", "%s, and those of %s are refused", k.PasswordPolicy, k.PasswordList)
	case k.PasswordList != "":
		k.ok("passwords", "%s, and %d common ones and those of %s are refused", k.PasswordPolicy, password.Carried().Entries(), k.PasswordList)
	case k.policy == password.Classic:
		k.ok("passwords", "%s, and no list of common ones", k.PasswordPolicy)
	default:
		k.ok("passwords", "%s, and %d common ones are refused", k.PasswordPolicy, password.Carried().Entries())
	}
}

// data looks at the directory and what lies in it, or at the database elsewhere.
func (k *checks) data() {
	if k.postgres != nil {
		if careless := k.postgres().Careless(); careless != "" {
			k.warn("database", "%s", careless)
		}
		k.database()
		return
	}
	info, err := os.Stat(k.Data)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		k.warn("data", "%s is not there yet; matricula serve makes it", k.Data)
		return
	case err != nil:
		k.fail("data", "%s can't be read: %v", k.Data, cause(err))
		return
	case !info.IsDir():
		k.fail("data", "%s is not a directory; name another with data", k.Data)
		return
	case info.Mode().Perm()&0o077 != 0:
		k.warn("data", "others on this machine may look into %s; chmod 700 keeps them out", k.Data)
	default:
		k.ok("data", "%s", k.Data)
	}
	if _, err := os.Stat(k.databasePath()); errors.Is(err, fs.ErrNotExist) {
		k.warn("database", "%s is not there yet; matricula serve makes it", k.databasePath())
		return
	}
	k.database()
}

// database looks at all of the database, and at what the secret opens.
func (k *checks) database() {
	looking := k.config
	looking.Migrate = false
	opened, err := looking.openDatabase(k.ctx)
	if err != nil {
		k.fail("database", "%s", explain(err))
		return
	}
	defer opened.Close()
	if err := opened.Check(k.ctx); err != nil {
		k.fail("database", "%s", explain(err))
		return
	}
	k.ok("database", "%s is whole, and its schema is up to date", k.databaseName())
	k.secrets(opened)
	stats, err := opened.Read(k.ctx).OutboxStats()
	if err != nil {
		k.fail("outbox", "%s", explain(err))
		return
	}
	k.outbox(stats)
}

// outbox says how many mails wait, for how long, and how many were given up.
func (k *checks) outbox(stats account.OutboxStats) {
	verdict, waiting := k.ok, fmt.Sprintf("%d waiting", stats.Waiting)
	if stats.Waiting > 0 {
		age := max(k.now.Sub(stats.Oldest), 0)
		waiting += fmt.Sprintf(", the oldest for %v", age.Round(time.Second))
		if age > mailPatience {
			verdict, waiting = k.warn, waiting+"; is the server running, and the mail server well?"
		}
	}
	verdict("outbox", "%s", waiting)
	if stats.Dead > 0 {
		k.warn("outbox", "%d given up; matricula events tells when, the log why", stats.Dead)
	}
}

// mailPatience is how old a waiting mail may be before it is worth a word.
const mailPatience = 10 * time.Minute

// secrets asks whether the secret is the one that the database was made with.
func (k *checks) secrets(opened account.Store) {
	keys, err := opened.Read(k.ctx).SigningKeys()
	if err != nil {
		k.fail("keys", "%s", explain(err))
		return
	}
	master, err := k.findSecret()
	switch {
	case errors.Is(err, fs.ErrNotExist) && len(keys) == 0:
		k.warn("secret", "%s is not there yet; matricula serve makes it", k.secretPath())
		return
	case errors.Is(err, fs.ErrNotExist):
		k.fail("secret", "%s is missing, and the database was made with it; put it back, or name it with secret-file", k.secretPath())
		return
	case err != nil:
		k.fail("secret", "%s", strings.TrimPrefix(explain(err), "secret: "))
		return
	}
	k.secretMode()
	for _, key := range keys {
		if _, err := master.OpenKey(key.ID, key.CreatedAt, key.Sealed); err != nil {
			k.fail("keys", "key %s does not open with this secret; give the one that the database was made with", key.ID)
			return
		}
	}
	if len(keys) == 0 {
		k.ok("keys", "none yet; the first server makes one")
		return
	}
	k.ok("keys", "the secret opens all of them, %d", len(keys))
}

// secretMode looks at who may read the secret's file.
func (k *checks) secretMode() {
	path := k.SecretFile
	if path == "" && k.secret == nil {
		path = k.secretPath()
	}
	info, err := os.Stat(path)
	switch {
	case path == "":
		k.ok("secret", "it is set; whoever sees the environment of the server sees it too")
	case err == nil && info.Mode().Perm()&0o077 != 0:
		k.warn("secret", "others on this machine may read %s; chmod 600 keeps them out", path)
	default:
		k.ok("secret", "%s", path)
	}
}

// mail looks at templates and asks the mail server.
func (k *checks) mail() {
	if _, err := mail.LoadTemplates(k.MailTemplates); err != nil {
		k.fail("mail-templates", "%v", err)
	} else if k.MailTemplates != "" {
		k.ok("mail-templates", "%s", k.MailTemplates)
	}
	if k.smtp == nil {
		k.ok("mail", "each mail is a file in %s", k.mailPath())
		return
	}
	ctx, cancel := context.WithTimeout(k.ctx, smtpPatience)
	defer cancel()
	if err := k.smtp.Check(ctx); err != nil {
		k.fail("mail", "%v", err)
		return
	}
	k.ok("mail", "%s takes mail from us", k.smtp)
}

// smtpPatience is how long a mail server may take to greet.
const smtpPatience = 10 * time.Second

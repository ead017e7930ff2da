package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"time"

	"matricula/internal/account"
	"matricula/internal/limit"
	"matricula/internal/mail"
	"matricula/internal/password"
	"matricula/internal/password/apart"
	"matricula/internal/store"
	"matricula/internal/token"
	"matricula/internal/web"
	"matricula/internal/web/clubs"
	"matricula/internal/web/cohorts"
	"matricula/internal/web/docs"
	"matricula/internal/web/ops"
	"matricula/internal/web/pages"
)

// core is the rules over an opened database.
type core struct {
	*account.Service
	store  *store.Store
	hasher *password.Hasher
	apart  *apart.Crew    // hashes, nil where that is done here
	list   *password.List // nil: the built-in one alone
	inbox  *mail.Dir      // where a server's mails lie, nil where they are sent
}

// parts are what a core works with beside the settings. A command needs the clock
// alone: it neither sends mails nor mints tokens.
type parts struct {
	now       func() time.Time
	log       *slog.Logger
	site      site
	templates *mail.Templates
	server    bool // it sends the mails, keeps the issuer and makes the first signing key
}

// openCore opens the installation, making the data directory, the database and
// the secret where they are missing. What can be refused is refused before
// anything is made.
func openCore(ctx context.Context, c config, p parts) (*core, error) {
	list, err := c.openList()
	if err != nil {
		return nil, err
	}
	made := &core{list: list}
	if err := made.makeHasher(c, p); err != nil {
		return nil, errors.Join(err, made.apart.Close(), closeList(list))
	}
	if err := made.open(ctx, c, p); err != nil {
		return nil, errors.Join(err, made.apart.Close(), closeList(list))
	}
	return made, nil
}

// makeHasher has a server hash in processes of their own; where none can be started, in
// its own one, which everybody notices while many sign in.
func (s *core) makeHasher(c config, p parts) (err error) {
	if p.server {
		if s.apart, err = apart.Start(c.Hash, p.log); err == nil {
			c.hash.Worker = s.apart
		} else {
			p.log.Warn("passwords are hashed within the server, which slows everything down while many sign in, for no process of their own can be started", "error", err)
		}
	}
	s.hasher, err = password.New(c.hash)
	return err
}

// open opens what lies in the data directory, and puts the rules over it.
func (s *core) open(ctx context.Context, c config, p parts) error {
	if err := c.checkData(); err != nil {
		return err
	}
	master, err := c.findSecret()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	missing := err != nil
	if err := c.makePlace(); err != nil {
		return err
	}
	if s.store, err = c.openDatabase(ctx); err != nil {
		return err
	}
	if missing {
		master, err = c.makeSecret(ctx, s.store)
	}
	if err == nil {
		err = s.assemble(ctx, c, p, master)
	}
	if err != nil {
		return errors.Join(err, s.store.Close())
	}
	return nil
}

// checkData refuses a data directory that is something else.
func (c config) checkData() error {
	if info, err := os.Stat(c.Data); err == nil && !info.IsDir() {
		return fmt.Errorf("data: %s is not a directory; choose another with --data", c.Data)
	}
	return nil
}

// makeData makes the data directory, for this user alone.
func (c config) makeData() error {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("data: the directory %s can't be made (%w); choose another with --data", c.Data, cause(err))
	}
	return nil
}

// assemble puts the rules together over the open database. A secret that the
// database was not made with is refused, for the keys in it don't open.
func (s *core) assemble(ctx context.Context, c config, p parts, master token.Master) error {
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	issuer, sender := c.Issuer, mail.Sender(nil)
	if p.server {
		var err error
		if issuer, err = account.KeepIssuer(ctx, s.store, c.Issuer, p.site.publicURL); err != nil {
			return err
		}
		if sender, s.inbox, err = c.mailer(); err != nil {
			return err
		}
	}
	s.Service = account.New(account.Config{
		Store: s.store, Hasher: s.hasher, Policy: c.policy, Breached: s.list, Master: master, Issuer: token.NewIssuer(master, issuer),
		Templates: p.templates, Sender: sender, MailFrom: p.site.mailFrom, Now: p.now, Log: p.log,
		PublicURL: p.site.publicURL, ResetPageURL: p.site.resetPage, Origins: p.site.listed,
		AccessTTL: c.AccessTTL, RefreshTTL: c.RefreshTTL, SessionTTL: c.SessionTTL, ConfirmTTL: c.ConfirmTTL, ResetTTL: c.ResetTTL,
		Limits: c.limits, HideRoster: c.EmailExists == "off",
	})
	if keys, err := s.Keys(ctx); err != nil || len(keys) == 0 && !p.server {
		return err
	}
	err := s.LoadKeys(ctx)
	if errors.Is(err, token.ErrSealed) {
		return errors.New("secret: it does not open the signing keys; give the secret that the database was made with")
	}
	return err
}

// mailer answers what mails are handed to, and the directory if that is one.
func (c config) mailer() (mail.Sender, *mail.Dir, error) {
	if c.smtp != nil {
		return c.smtp, nil, nil
	}
	dir, err := mail.NewDir(c.mailPath())
	return dir, dir, err
}

// close lets go of the processes that hash, when what they hash is written, of the
// database, and of the list of passwords.
func (c *core) close() error { return errors.Join(c.apart.Close(), c.store.Close(), closeList(c.list)) }

// ready says whether the database answers and takes changes.
func (c *core) ready(ctx context.Context) error {
	return c.store.Update(ctx, func(tx account.Tx) error {
		_, err := tx.SigningKeys()
		return err
	})
}

// sources are what the metrics are read from.
func (s *core) sources(rates func() limit.Stats) ops.Sources {
	return ops.Sources{
		Hashes:        s.hasher.Stats,
		HashProcesses: s.apart.Processes,
		Rules:         s.Stats,
		Outbox:        s.OutboxStats,
		Rates:         rates,
		Commits: func() ops.Commits {
			c := s.store.Stats()
			return ops.Commits{
				Committed: c.Commits, Failed: c.Failed, Changes: c.Changes, LargestGroup: c.LargestGroup,
				Waited: c.Waits, WaitingNow: c.Waiting,
			}
		},
	}
}

// handlers are what the two listeners serve, and what tells the log the rest when
// they have ended.
type handlers struct {
	public, private http.Handler
	flush           func()
}

// doors puts the doors over the rules. stopping is closed when the server begins
// to stop.
func (c config) doors(s *core, p parts, stopping <-chan struct{}) handlers {
	var inbox *mail.Dir
	if c.DevMail {
		inbox = s.inbox
	}
	cookie := web.NewCookie("matricula", c.https(), c.sameSite, c.SessionTTL)
	device := web.NewCookie("matricula-device", c.https(), c.sameSite, account.DeviceLife)
	limited, rates := c.rates(p.now)
	club := clubs.New(clubs.Config{
		Service: s.Service, Origins: p.site.origins, Limited: limited,
		ClubPageURL: p.site.clubPage, LinkEndedURL: p.site.publicURL + pages.LinkEndedPath,
	})
	cohort := cohorts.New(cohorts.Config{Service: s.Service, Origins: p.site.origins, Cookie: cookie, Device: device, Limited: limited})
	metrics := ops.NewMetrics(s.sources(rates), p.now)
	watch := ops.New(ops.Config{Ready: s.ready, Stopping: stopping, Now: p.now, Metrics: metrics})
	page := pages.New(pages.Config{
		Service: s.Service, Origins: p.site.origins, Cookie: cookie, Device: device, PublicURL: p.site.publicURL, Zone: c.zone, DevMail: inbox,
		Limited: limited,
	})

	// What is nobody's under /api is refused in the words of the older contract.
	behind := map[string]http.Handler{"/api": club}
	for _, door := range []struct {
		prefixes []string
		handler  http.Handler
	}{{clubs.Prefixes, club}, {cohorts.Prefixes, cohort}, {ops.Prefixes, watch.Public()}, {docs.Prefixes, docs.New()}} {
		for _, prefix := range door.prefixes {
			behind[prefix] = door.handler
		}
	}
	public := web.Split(behind, page)
	if c.https() {
		public = web.StrictTransport(public)
	}
	logged := web.Log(p.log, p.now, c.proxies, public, metrics.Watch)
	return handlers{public: logged, private: web.Log(p.log, p.now, nil, watch.Private()), flush: logged.Flush}
}

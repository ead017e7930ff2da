// Package accounttest puts together a true account.Service for the tests of the
// rooms above and beside it: SQLite in a temporary directory (or PostgreSQL, see
// [Open]), a cheap hash, a
// clock that the test moves and a sink that keeps the mails. It knows nothing of
// the doors.
package accounttest

import (
	"context"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"matricula/internal/account"
	"matricula/internal/mail"
	"matricula/internal/password"
	"matricula/internal/token"
)

// Start is what the clock of a new Kit shows.
var Start = time.Date(2026, time.September, 1, 8, 0, 0, 0, time.UTC)

// PublicURL is where a Kit's links lead; Origin is a listed front end.
const (
	PublicURL = "http://localhost:8080"
	Origin    = "http://localhost:3000"
)

// Kit is a Service and the parts that a test turns.
type Kit struct {
	*account.Service
	Store  account.Store
	Issuer *token.Issuer
	Master token.Master
	Config account.Config // what the Service was made with
	Clock  *Clock
	Mails  *Sink

	source source // of the database, empty over a store of somebody else's
}

// New answers a Kit; each edit may change the configuration before the Service is
// made.
func New(t testing.TB, edits ...func(*account.Config)) *Kit {
	t.Helper()
	store, at := openEngine(t)
	k := Over(t, store, edits...)
	k.source = at
	return k
}

// Over answers a Kit over a store that the caller opened and closes.
func Over(t testing.TB, store account.Store, edits ...func(*account.Config)) *Kit {
	t.Helper()
	master, err := token.NewMaster([]byte("a secret of the tests, long enough for them"))
	if err != nil {
		t.Fatal(err)
	}
	hasher, err := password.New(password.Config{Memory: 64, Time: 1, Threads: 1, Queue: 10_000, Wait: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	templates, err := mail.LoadTemplates("")
	if err != nil {
		t.Fatal(err)
	}
	k := &Kit{Store: store, Issuer: token.NewIssuer(master, PublicURL), Master: master, Clock: &Clock{now: Start}, Mails: &Sink{}}
	config := account.Config{
		Store: store, Hasher: hasher, Policy: password.Modern, Master: master, Issuer: k.Issuer,
		Templates: templates, Sender: k.Mails, MailFrom: "Matricula <no-reply@matricula.test>",
		Now: k.Clock.Now, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		PublicURL: PublicURL, ResetPageURL: PublicURL + "/reset", Origins: []string{Origin, PublicURL}, Uneven: true,
	}
	for _, edit := range edits {
		edit(&config)
	}
	k.Config, k.Service = config, account.New(config)
	if err := k.LoadKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	return k
}

// Deliver sends every mail that is due and answers those of this call.
func (k *Kit) Deliver(t testing.TB) []mail.Message {
	t.Helper()
	before := len(k.Mails.All())
	for k.SendDue(context.Background()) > 0 {
	}
	return k.Mails.All()[before:]
}

// Link delivers, and answers the link in the newest mail to that address.
func (k *Kit) Link(t testing.TB, to string) *url.URL {
	t.Helper()
	k.Deliver(t)
	all := k.Mails.All()
	for i := len(all) - 1; i >= 0; i-- {
		if !strings.EqualFold(all[i].To, to) {
			continue
		}
		link, err := url.Parse(links.FindString(all[i].Text))
		if err != nil || link.Host == "" {
			t.Fatalf("the mail to %s has no link:\n%s", to, all[i].Text)
		}
		return link
	}
	t.Fatalf("no mail to %s", to)
	return nil
}

var links = regexp.MustCompile(`https?://\S+`)

// Clock is a clock that stands until it is moved.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now answers what the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Move moves the clock, also backwards.
func (c *Clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Sink keeps what it is given to send, or refuses with Err.
type Sink struct {
	mu    sync.Mutex
	all   []mail.Message
	fail  error
	after bool // fail comes only after a mail has been kept
}

// Send keeps a mail.
func (s *Sink) Send(_ context.Context, m mail.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil && !s.after {
		return s.fail
	}
	s.all = append(s.all, m)
	return s.fail
}

// Fail makes every further Send return err; nil ends that.
func (s *Sink) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail, s.after = err, false
}

// FailAfter makes every further Send keep the mail and return err nevertheless,
// like a server whose yes is lost.
func (s *Sink) FailAfter(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail, s.after = err, true
}

// All answers the mails kept so far.
func (s *Sink) All() []mail.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]mail.Message(nil), s.all...)
}

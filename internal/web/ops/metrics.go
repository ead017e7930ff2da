package ops

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"matricula/internal/account"
	"matricula/internal/limit"
	"matricula/internal/password"
	"matricula/internal/web"
)

// Sources are asked at each scrape. All are needed; none may wait for anything but
// Outbox, which must give up when its context ends.
type Sources struct {
	Hashes  func() password.Stats
	Rules   func() account.Stats
	Outbox  func(context.Context) (account.OutboxStats, error)
	Commits func() Commits
	Rates   func() limit.Stats // of the calls that client networks are limited at
	// HashProcesses answers how many processes there are for hashing, and their
	// resident memory in octets.
	HashProcesses func() (n int, memory int64)
}

// Commits counts what the database has written since it was opened.
type Commits struct {
	Committed, Failed  int64 // transactions
	Changes            int64 // changes, many of which one transaction may hold
	LargestGroup       int64 // most changes that one transaction held
	Waited, WaitingNow int64 // changes that found another before them; that wait or run now
}

// scrapePatience is how long a scrape waits for the database. What it could not
// learn is left out; the rest is told.
const scrapePatience = 2 * time.Second

// Metrics is what Prometheus scrapes. It has a registry of its own.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	refusals *prometheus.CounterVec
}

// NewMetrics answers metrics over these sources. now is the clock of the outbox.
func NewMetrics(from Sources, now func() time.Time) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "matricula_http_requests_total", Help: "Requests answered.",
		}, []string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "matricula_http_request_seconds", Help: "Time from a request's headers to the end of its answer.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"route"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "matricula_refusals_total", Help: "Requests that the rules refused, by the code of the refusal.",
		}, []string{"code"}),
	}
	for _, code := range account.Codes {
		m.refusals.WithLabelValues(string(code)) // so that each is there, at 0, from the start
	}
	m.registry.MustRegister(
		m.requests, m.seconds, m.refusals, &state{from, now},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// Watch counts a request that was answered, for [web.Log].
func (m *Metrics) Watch(s web.Served) {
	route := s.Route
	if route == "" {
		route = "none"
	}
	m.requests.WithLabelValues(s.Method, route, strconv.Itoa(s.Status)).Inc()
	m.seconds.WithLabelValues(route).Observe(s.Took.Seconds())
	if code := account.CodeOf(s.Err); code != "" {
		m.refusals.WithLabelValues(string(code)).Inc()
	}
}

// handler answers a scrape, one at a time: whoever scrapes too often waits for
// himself, and a scrape that hangs holds no second one.
func (m *Metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 1, Timeout: 2 * scrapePatience,
	})
}

// state reads the sources at each scrape.
type state struct {
	from Sources
	now  func() time.Time
}

// gauge and counter describe a metric without labels, or with the one named.
func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("matricula_"+name, help, labels, nil)
}

var (
	hashSlots    = describe("hash_slots", "Password hashes that may run at once.")
	hashInUse    = describe("hash_slots_in_use", "Password hashes that run now.")
	hashQueue    = describe("hash_queue_slots", "Callers that may wait for a hash slot.")
	hashQueued   = describe("hash_queued", "Callers that wait for a hash slot now.")
	hashServed   = describe("hashes_total", "Password hashes made or verified.")
	hashRefused  = describe("hash_refusals_total", "Callers sent away because the queue was full or too slow.")
	hashWaited   = describe("hash_wait_seconds_total", "Time that callers spent waiting for a hash slot.")
	hashCrew     = describe("hash_processes", "Processes that hash passwords, beside the server's own.")
	hashMemory   = describe("hash_processes_resident_memory_bytes", "Resident memory of these processes; what they share counts for each.")
	sessions     = describe("sessions_started_total", "Sign-ins that started a session.", "contract")
	accessTokens = describe("access_tokens_total", "Access tokens minted.")
	mailsSent    = describe("mails_sent_total", "Mails that the mail server took.")
	mailsFailed  = describe("mail_failures_total", "Tries to send a mail that failed.")
	mailsWaiting = describe("outbox_waiting", "Mails that wait to be sent.")
	mailsDead    = describe("outbox_dead", "Mails that were given up.")
	mailsAge     = describe("outbox_oldest_seconds", "Age of the oldest mail that waits; 0 when none does.")
	commits      = describe("store_commits_total", "Transactions that were committed.")
	commitsLost  = describe("store_commit_failures_total", "Transactions that could not be committed.")
	changes      = describe("store_changes_total", "Changes, many of which one commit may hold.")
	largestGroup = describe("store_largest_group", "Most changes that one commit held.")
	changesWaits = describe("store_waits_total", "Changes that found another one before them.")
	changesNow   = describe("store_waiting", "Changes that wait or run now.")
	rateKeys     = describe("rate_keys", "Pairs of a call and a client network whose rate is remembered now.")
	rateRefused  = describe("rate_refusals_total", "Requests refused because their network made too many of that call.")
	rateEvicted  = describe("rate_evictions_total", "Pairs forgotten to make room for others.")
)

// Describe implements prometheus.Collector.
func (s *state) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		hashSlots, hashInUse, hashQueue, hashQueued, hashServed, hashRefused, hashWaited, hashCrew, hashMemory, sessions, accessTokens,
		mailsSent, mailsFailed, mailsWaiting, mailsDead, mailsAge, commits, commitsLost, changes, largestGroup,
		changesWaits, changesNow, rateKeys, rateRefused, rateEvicted,
	} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (s *state) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64) { to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v) }
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	h := s.from.Hashes()
	gauge(hashSlots, float64(h.Slots))
	gauge(hashInUse, float64(h.InUse))
	gauge(hashQueue, float64(h.Queue))
	gauge(hashQueued, float64(h.Queued))
	counter(hashServed, float64(h.Served))
	counter(hashRefused, float64(h.Refused))
	counter(hashWaited, h.Waited.Seconds())
	n, memory := s.from.HashProcesses()
	gauge(hashCrew, float64(n))
	gauge(hashMemory, float64(memory))

	r := s.from.Rules()
	counter(sessions, float64(r.ClubSessions), string(account.Clubs))
	counter(sessions, float64(r.CohortSessions), string(account.Cohorts))
	counter(accessTokens, float64(r.AccessTokens))
	counter(mailsSent, float64(r.MailsSent))
	counter(mailsFailed, float64(r.MailsFailed))

	c := s.from.Commits()
	counter(commits, float64(c.Committed))
	counter(commitsLost, float64(c.Failed))
	counter(changes, float64(c.Changes))
	gauge(largestGroup, float64(c.LargestGroup))
	counter(changesWaits, float64(c.Waited))
	gauge(changesNow, float64(c.WaitingNow))

	rates := s.from.Rates()
	gauge(rateKeys, float64(rates.Keys))
	counter(rateRefused, float64(rates.Refused))
	counter(rateEvicted, float64(rates.Evicted))

	ctx, cancel := context.WithTimeout(context.Background(), scrapePatience)
	defer cancel()
	o, err := s.from.Outbox(ctx)
	if err != nil {
		return // the database is away; the rest is wanted all the more
	}
	gauge(mailsWaiting, float64(o.Waiting))
	gauge(mailsDead, float64(o.Dead))
	age := 0.0
	if !o.Oldest.IsZero() {
		age = max(0, s.now().Sub(o.Oldest).Seconds())
	}
	gauge(mailsAge, age)
}

package ops

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"matricula/internal/account"
	"matricula/internal/limit"
	"matricula/internal/password"
	"matricula/internal/web"
)

// sampled are metrics over sources in which every number is another.
func sampled(outbox func(context.Context) (account.OutboxStats, error)) *Metrics {
	now := time.Unix(1_800_000_000, 0)
	if outbox == nil {
		outbox = func(context.Context) (account.OutboxStats, error) {
			return account.OutboxStats{Waiting: 21, Dead: 22, Oldest: now.Add(-23 * time.Second)}, nil
		}
	}
	m := NewMetrics(Sources{
		Hashes: func() password.Stats {
			return password.Stats{Slots: 1, InUse: 2, Queue: 3, Queued: 4, Served: 5, Refused: 6, Waited: 7 * time.Second}
		},
		Rules: func() account.Stats {
			return account.Stats{ClubSessions: 8, CohortSessions: 9, AccessTokens: 10, MailsSent: 11, MailsFailed: 12}
		},
		Outbox:  outbox,
		Commits: func() Commits { return Commits{13, 14, 15, 16, 17, 18} },
		Rates:   func() limit.Stats { return limit.Stats{Keys: 24, Allowed: 25, Refused: 26, Evicted: 27} },

		HashProcesses: func() (int, int64) { return 28, 29 },
	}, func() time.Time { return now })
	m.Watch(web.Served{Method: "POST", Route: "/api/user/login", Status: 400, Took: time.Millisecond, Err: account.SignInRefused})
	m.Watch(web.Served{Method: "GET", Status: 404, Err: web.ErrNotFound})
	return m
}

func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	New(Config{Now: time.Now, Metrics: m}).Private().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("got %d:\n%s", w.Code, w.Body)
	}
	return w.Body.String()
}

func TestMetricsTellWhatTheirSourcesSay(t *testing.T) {
	text := scrape(t, sampled(nil))
	for _, line := range []string{
		`matricula_hash_slots 1`, `matricula_hash_slots_in_use 2`, `matricula_hash_queue_slots 3`, `matricula_hash_queued 4`,
		`matricula_hashes_total 5`, `matricula_hash_refusals_total 6`, `matricula_hash_wait_seconds_total 7`,
		`matricula_hash_processes 28`, `matricula_hash_processes_resident_memory_bytes 29`,
		`matricula_sessions_started_total{contract="clubs"} 8`, `matricula_sessions_started_total{contract="cohorts"} 9`,
		`matricula_access_tokens_total 10`, `matricula_mails_sent_total 11`, `matricula_mail_failures_total 12`,
		`matricula_store_commits_total 13`, `matricula_store_commit_failures_total 14`, `matricula_store_changes_total 15`,
		`matricula_store_largest_group 16`, `matricula_store_waits_total 17`, `matricula_store_waiting 18`,
		`matricula_outbox_waiting 21`, `matricula_outbox_dead 22`, `matricula_outbox_oldest_seconds 23`,
		`matricula_rate_keys 24`, `matricula_rate_refusals_total 26`, `matricula_rate_evictions_total 27`,
		`matricula_http_requests_total{method="POST",route="/api/user/login",status="400"} 1`,
		`matricula_http_requests_total{method="GET",route="none",status="404"} 1`,
		`matricula_http_request_seconds_count{route="/api/user/login"} 1`,
		`matricula_refusals_total{code="sign_in_refused"} 1`, `matricula_refusals_total{code="busy"} 0`,
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("no line %q", line)
		}
	}
	for _, name := range []string{"go_goroutines ", "process_open_fds "} {
		if !strings.Contains(text, "\n"+name) {
			t.Errorf("no metric %q", name)
		}
	}
}

// TestMetricsSurviveTheDatabase: a scrape is wanted most when something is away.
func TestMetricsSurviveTheDatabase(t *testing.T) {
	text := scrape(t, sampled(func(ctx context.Context) (account.OutboxStats, error) {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("the outbox is asked without a bound of time")
		}
		return account.OutboxStats{}, errors.New("the database is away")
	}))
	if strings.Contains(text, "matricula_outbox_") || !strings.Contains(text, "matricula_hash_slots 1\n") {
		t.Errorf("got:\n%s", text)
	}
}

func TestMetricsAreNotPublic(t *testing.T) {
	w := httptest.NewRecorder()
	New(Config{Now: time.Now, Metrics: sampled(nil)}).Public().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != http.StatusNotFound {
		t.Errorf("got %d on the public listener, want 404", w.Code)
	}
}

// TestEveryMetricIsDocumented holds docs/metrics.md to the program: name, type,
// labels and help, either way.
func TestEveryMetricIsDocumented(t *testing.T) {
	families, err := sampled(nil).registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "matricula_") {
			continue
		}
		var labels []string
		for _, label := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, "`"+label.GetName()+"`")
		}
		cells := []string{"`" + f.GetName() + "`", strings.ToLower(f.GetType().String()), strings.Join(labels, " "), f.GetHelp()}
		shown[fmt.Sprint(cells)] = true
	}
	page, err := os.ReadFile("../../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| (`matricula_[a-z_]+`) \\| (\\w+) \\| ?(.*?) ?\\| (.*) \\|$")
	for _, cells := range row.FindAllStringSubmatch(string(page), -1) {
		key := fmt.Sprint(cells[1:])
		if !shown[key] {
			t.Errorf("docs/metrics.md has a row that the program doesn't: %s", key)
		}
		delete(shown, key)
	}
	for key := range shown {
		t.Errorf("docs/metrics.md lacks %s", key)
	}
}

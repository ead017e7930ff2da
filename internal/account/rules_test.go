package account

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func day(text string) time.Time {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return at
}

func TestLatestCohort(t *testing.T) {
	last := time.Millisecond
	cohorts := []Cohort{
		{Year: 2024, Start: day("2024-05-01"), End: day("2025-05-01").Add(-last)},
		{Year: 2025, Start: day("2025-05-01"), End: day("2026-05-31").Add(-last)},
		{Year: 2026, Start: day("2026-05-01"), End: day("2027-05-01").Add(-last)}, // overlaps the one before
		{Year: 2028, Start: day("2028-05-01"), End: day("2029-05-01").Add(-last)},
		{Year: 2027, Start: day("2028-06-01"), End: day("2029-06-01").Add(-last)}, // numbered against the calendar
	}
	for _, test := range []struct {
		name string
		now  time.Time
		want int64
	}{
		{"before all, the next to start", day("2023-01-01"), 2024},
		{"the first instant", day("2024-05-01"), 2024},
		{"the last millisecond", day("2025-05-01").Add(-last), 2024},
		{"one runs after it", day("2025-05-01"), 2025},
		{"two run, the higher year", day("2026-05-10"), 2026},
		{"none runs, the next to start", day("2027-06-01"), 2028},
		{"two run, the higher year though it began first", day("2028-07-01"), 2028},
		{"after all, the last to end", day("2031-01-01"), 2027},
	} {
		got, ok := Latest(cohorts, test.now)
		if !ok || got.Year != test.want {
			t.Errorf("%s: Latest(%v) = %d, %v; want %d", test.name, test.now, got.Year, ok, test.want)
		}
	}
	if got, ok := Latest(nil, day("2026-01-01")); ok {
		t.Errorf("Latest of nothing = %v", got)
	}
}

func TestLinksAreMadeSafe(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", ""},
		{"  ", ""},
		{"https://x.test/a?b=c#d", "https://x.test/a?b=c#d"},
		{"http://x.test", "http://x.test"},
		{"x.test", "https://x.test"},
		{"x.test:8080/path", "https://x.test:8080/path"},
		{"//x.test/path", "https://x.test/path"},
		{"www.x.test/a:b", "https://www.x.test/a:b"},
		{"HTTPS://x.test", "HTTPS://x.test"},
	} {
		got, err := cleanLink("website", test.text)
		if err != nil || got != test.want {
			t.Errorf("cleanLink(%q) = %q, %v; want %q", test.text, got, err, test.want)
		}
	}
	for _, text := range []string{
		"javascript:alert(1)", "tel:12345", "javascript:80/alert(1)", "hello", "JavaScript:alert(1)", "data:text/html,x", "mailto:a@x.test", "ftp://x.test", "https://", "https:///x",
		"https://good.test@evil.test", "https://x.test/a b", "https://x.test/\na", "java\tscript:alert(1)", "vbscript:x", "https://x.test/\u202e",
		"https://" + strings.Repeat("x", maxLink),
	} {
		if got, err := cleanLink("website", text); !errors.Is(err, Invalid) {
			t.Errorf("cleanLink(%.60q) = %q, %v; want %v", text, got, err, Invalid)
		}
	}
}

// FuzzCleanLink holds what a page may put into href: nothing but http(s), and a
// cleaned link is clean.
func FuzzCleanLink(f *testing.F) {
	for _, seed := range []string{"x.test", "https://x.test", "javascript:alert(1)", "a:1", "//x", "http:x", "x:80/y"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		link, err := cleanLink("website", text)
		if err != nil || link == "" {
			return
		}
		lower := strings.ToLower(link)
		if !strings.HasPrefix(lower, "http://") && !strings.HasPrefix(lower, "https://") {
			t.Fatalf("cleanLink(%q) = %q", text, link)
		}
		if again, err := cleanLink("website", link); err != nil || again != link {
			t.Fatalf("cleanLink(%q) = %q, cleaned again %q, %v", text, link, again, err)
		}
	})
}

func TestSlugs(t *testing.T) {
	for _, test := range []struct{ name, want string }{
		{"Example Club", "example-club"},
		{"  Chess & Go! ", "chess-go"},
		{"Café Größe", "cafe-gro-e"},
		{"ＡＢＣ", "abc"},
		{"囲碁部", "club"},
		{"--", "club"},
		{"2nd Year's Club", "2nd-year-s-club"},
	} {
		if got := slug(test.name); got != test.want {
			t.Errorf("slug(%q) = %q, want %q", test.name, got, test.want)
		}
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{"a", strings.Repeat("é", 70), "<script>alert(1)</script>", "=cmd()", "\u202ename", "名"} {
		if err := checkName("name", name); err != nil {
			t.Errorf("checkName(%q) = %v", name, err)
		}
	}
	for _, name := range []string{"", " ", "\u3000", strings.Repeat("é", 71), "a\r\nBcc: b@x.test", "a\x00", "a\x1b[31m", "\xff"} {
		if err := checkName("name", name); !errors.Is(err, Invalid) {
			t.Errorf("checkName(%q) = %v, want %v", name, err, Invalid)
		}
	}
}

func TestCodeOf(t *testing.T) {
	cause := errors.New("the cause")
	for _, test := range []struct {
		err  error
		want Code
	}{
		{nil, ""},
		{cause, ""},
		{WeakPassword, WeakPassword},
		{fmt.Errorf("sign up: %w", WeakPassword), WeakPassword},
		{&Error{Code: Busy, Err: cause}, Busy},
		{fmt.Errorf("sign up: %w", invalid("email", "no")), Invalid},
	} {
		if got := CodeOf(test.err); got != test.want {
			t.Errorf("CodeOf(%v) = %q, want %q", test.err, got, test.want)
		}
	}
	if err := error(&Error{Code: Busy, Err: cause}); !errors.Is(err, cause) || !errors.Is(err, Busy) {
		t.Errorf("%v does not lead to its code and its cause", err)
	}
}

func TestRetriesSlowDown(t *testing.T) {
	for attempts := range 50 {
		wait := retryAfter(attempts)
		if wait < retryFirst*3/4 || wait > retryMost*5/4 {
			t.Errorf("retryAfter(%d) = %v, out of bounds", attempts, wait)
		}
	}
	if early, late := retryAfter(0), retryAfter(20); early >= late {
		t.Errorf("retryAfter(0) = %v, retryAfter(20) = %v: no growth", early, late)
	}
}

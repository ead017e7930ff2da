package web

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestCookieIsClearedAsItIsSet(t *testing.T) {
	const days = 10 * 24 * time.Hour
	tests := []struct {
		cookie     *Cookie
		set, clear string
	}{
		{NewCookie("session", true, http.SameSiteLaxMode, days),
			"__Host-session=s3cret; Path=/; Max-Age=864000; HttpOnly; Secure; SameSite=Lax",
			"__Host-session=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"},
		{NewCookie("session", true, http.SameSiteNoneMode, days),
			"__Host-session=s3cret; Path=/; Max-Age=864000; HttpOnly; Secure; SameSite=None",
			"__Host-session=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=None"},
		{NewCookie("session", false, http.SameSiteLaxMode, days),
			"session=s3cret; Path=/; Max-Age=864000; HttpOnly; SameSite=Lax",
			"session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"},
		{NewCookie("form", false, http.SameSiteStrictMode, 0),
			"form=s3cret; Path=/; HttpOnly; SameSite=Strict",
			"form=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"},
	}
	for _, tt := range tests {
		rec := httptest.NewRecorder()
		tt.cookie.Set(rec, "s3cret")
		tt.cookie.Clear(rec)
		if got := rec.Header().Values("Set-Cookie"); len(got) != 2 || got[0] != tt.set || got[1] != tt.clear {
			t.Errorf("got %q, want %q and %q", got, tt.set, tt.clear)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("SameSite=None without Secure was taken")
		}
	}()
	NewCookie("session", false, http.SameSiteNoneMode, days)
}

func TestCookieGet(t *testing.T) {
	tests := []struct {
		lines []string
		want  string // "" is none
	}{
		{[]string{"__Host-s=good"}, "good"},
		{[]string{"a=b; __Host-s=good; c=d"}, "good"},
		{[]string{"a=b", "__Host-s=good"}, "good"},
		{[]string{"__Host-s=good; __Host-s=good"}, "good"},
		{[]string{`__Host-s="good"`}, "good"},

		{nil, ""}, {[]string{""}, ""}, {[]string{"__Host-s="}, ""}, {[]string{"__Host-s"}, ""}, {[]string{"s=planted"}, ""},
		{[]string{"__host-s=planted"}, ""}, {[]string{"=__Host-s=planted"}, ""}, {[]string{"__Secure-s=planted"}, ""},
		{[]string{"__Host-s=good; __Host-s=bad"}, ""}, {[]string{"__Host-s=bad; __Host-s=good"}, ""},
		{[]string{"__Host-s=good", "__Host-s=bad"}, ""}, {[]string{"__Host-s=good; __Host-s=good; __Host-s=bad"}, ""},
		{[]string{"__Host-s=; __Host-s=good"}, ""}, {[]string{"__Host-s=good; __Host-s="}, ""},
		{[]string{strings.Repeat("a=b;", 50000) + "__Host-s=good"}, ""},
	}
	c := NewCookie("s", true, http.SameSiteLaxMode, time.Hour)
	for _, tt := range tests {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Cookie"] = tt.lines
		got, ok := c.Get(r)
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("%.80q: got %q, %v, want %q", tt.lines, got, ok, tt.want)
		}
	}
	if got := c.Name(); got != "__Host-s" {
		t.Errorf("got %q, want __Host-s", got)
	}
}

func FuzzCookie(f *testing.F) {
	f.Add("s=a; s=b", "a")
	f.Add(`s="a"; t`, "b c")
	f.Fuzz(func(t *testing.T, line, value string) {
		c := NewCookie("s", false, http.SameSiteLaxMode, time.Hour)
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Cookie"] = []string{line}
		got, ok := c.Get(r)
		if ok != (got != "") || ok && !strings.Contains(line, got) {
			t.Errorf("%q: got %q, %v", line, got, ok)
		}
		r.Header["Cookie"] = []string{line, line}
		if again, _ := c.Get(r); again != got {
			t.Errorf("%q, sent twice: got %q, want %q", line, again, got)
		}
		other := "another" + strconv.Itoa(len(got))
		r.Header["Cookie"] = []string{line, "s=" + other}
		if again, mixed := c.Get(r); ok && mixed && got != other {
			t.Errorf("%q beside another: got %q, want none", line, again)
		}
		// Whatever is set, it is one cookie with its attributes.
		rec := httptest.NewRecorder()
		c.Set(rec, value)
		if set := rec.Result().Cookies(); len(set) != 1 || set[0].Path != "/" || !set[0].HttpOnly || set[0].MaxAge != 3600 {
			t.Errorf("%q: got %v", value, rec.Header())
		}
	})
}

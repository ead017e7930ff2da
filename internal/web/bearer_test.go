package web

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func TestBearer(t *testing.T) {
	tests := []struct {
		lines []string
		want  string // "" is none
	}{
		{[]string{"Bearer eyJ.a-b_c.D~+/=="}, "eyJ.a-b_c.D~+/=="},
		{[]string{"bearer T"}, "T"}, {[]string{"BEARER T"}, "T"}, {[]string{"bEaReR T"}, "T"},

		{nil, ""}, {[]string{""}, ""}, {[]string{"Bearer"}, ""}, {[]string{"Bearer "}, ""}, {[]string{"Bearer  T"}, ""},
		{[]string{"Bearer\tT"}, ""}, {[]string{" Bearer T"}, ""}, {[]string{"Bearer T "}, ""}, {[]string{"Bearer T U"}, ""},
		{[]string{"Bearer T,Bearer U"}, ""}, {[]string{"Bearer T, U"}, ""}, {[]string{"Bearer T", "Bearer T"}, ""},
		{[]string{"Bearer T", "Bearer U"}, ""}, {[]string{"Basic VDpV", "Bearer T"}, ""}, {[]string{"Basic VDpV"}, ""},
		{[]string{"BearerT"}, ""}, {[]string{"T"}, ""}, {[]string{"Bearer =="}, ""}, {[]string{"Bearer a=b"}, ""},
		{[]string{"Bearer \"T\""}, ""}, {[]string{"Bearer token=T"}, ""}, {[]string{"Bearer T\x00"}, ""}, {[]string{"Bearer é"}, ""},
		{[]string{"Beaſer T"}, ""}, {[]string{"Bearer T;x"}, ""},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", "/?access_token=Q", nil)
		r.Header["Authorization"] = tt.lines
		r.Header.Set("Cookie", "access_token=C")
		got, ok := Bearer(r)
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("%q: got %q, %v, want %q", tt.lines, got, ok, tt.want)
		}
	}
}

func FuzzBearer(f *testing.F) {
	f.Add("Bearer T")
	f.Add("bearer  a=b")
	f.Add("BEARER ~+/.-_==")
	whole := regexp.MustCompile(`\A(?i:bearer) [A-Za-z0-9._~+/-]+=*\z`)
	f.Fuzz(func(t *testing.T, line string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Authorization"] = []string{line}
		token, ok := Bearer(r)
		// (?i) folds the long s and the Kelvin sign; neither letter is in "bearer".
		if ok != whole.MatchString(line) || ok && !strings.HasSuffix(line, " "+token) || !ok && token != "" {
			t.Errorf("%q: got %q, %v", line, token, ok)
		}
	})
}

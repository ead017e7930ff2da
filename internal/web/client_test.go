package web

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestClient(t *testing.T) {
	proxies, err := ParseProxies([]string{"10.0.0.0/8", " 192.0.2.7 ", "2001:db8::/32", "::ffff:198.51.100.9"})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		peer string
		xff  []string
		want string // "" is none
	}{
		{"203.0.113.5:1", nil, "203.0.113.5"},
		{"203.0.113.5:1", []string{"1.1.1.1"}, "203.0.113.5"},
		{"[::ffff:203.0.113.5]:1", []string{"1.1.1.1"}, "203.0.113.5"},
		{"[fe80::1%eth0]:1", nil, "fe80::1"},

		{"10.1.1.1:1", nil, "10.1.1.1"},
		{"10.1.1.1:1", []string{"1.1.1.1"}, "1.1.1.1"},
		{"[::ffff:10.1.1.1]:1", []string{"1.1.1.1"}, "1.1.1.1"},
		{"[2001:db8::5]:1", []string{"2400::1"}, "2400::1"},
		{"192.0.2.7:1", []string{"1.1.1.1"}, "1.1.1.1"},
		{"192.0.2.8:1", []string{"1.1.1.1"}, "192.0.2.8"},
		{"198.51.100.9:1", []string{"1.1.1.1"}, "1.1.1.1"},
		{"10.1.1.1:1", []string{"6.6.6.6, 1.1.1.1"}, "1.1.1.1"},
		{"10.1.1.1:1", []string{"6.6.6.6", "1.1.1.1"}, "1.1.1.1"},
		{"10.1.1.1:1", []string{"1.1.1.1", "6.6.6.6"}, "6.6.6.6"},
		{"10.1.1.1:1", []string{"6.6.6.6, 1.1.1.1, 10.2.2.2,192.0.2.7"}, "1.1.1.1"},
		{"10.1.1.1:1", []string{"6.6.6.6,1.1.1.1", "10.2.2.2", "2001:db8::9"}, "1.1.1.1"},
		{"10.1.1.1:1", []string{"6.6.6.6, ::ffff:1.1.1.1"}, "1.1.1.1"},
		{"10.1.1.1:1", []string{"1.1.1.1, ::ffff:10.2.2.2"}, "1.1.1.1"},
		{"10.1.1.1:1", []string{"1.1.1.1, 2001:db8::1%x"}, "1.1.1.1"},
		{"10.1.1.1:1", []string{"evil, 1.1.1.1"}, "1.1.1.1"},

		// What can't be relied on is the proxy's.
		{"10.1.1.1:1", []string{"10.2.2.2, 10.3.3.3"}, "10.1.1.1"},
		{"10.1.1.1:1", []string{"1.1.1.1, unknown"}, "10.1.1.1"},
		{"10.1.1.1:1", []string{"1.1.1.1,"}, "10.1.1.1"},
		{"10.1.1.1:1", []string{""}, "10.1.1.1"},
		{"10.1.1.1:1", []string{"1.1.1.1:80"}, "10.1.1.1"},
		{"10.1.1.1:1", []string{"[::1]"}, "10.1.1.1"},
		{"10.1.1.1:1", []string{"0x01010101"}, "10.1.1.1"},
		{"10.1.1.1:1", []string{"01.1.1.1"}, "10.1.1.1"},
		{"10.1.1.1:1", []string{"1.1.1.1\r\nx"}, "10.1.1.1"},

		{"", []string{"1.1.1.1"}, ""}, {"@", []string{"1.1.1.1"}, ""}, {"10.1.1.1", []string{"1.1.1.1"}, ""}, {"host:1", nil, ""},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = tt.peer
		r.Header["X-Forwarded-For"] = tt.xff
		for _, name := range []string{"X-Real-Ip", "Forwarded", "True-Client-Ip", "Cf-Connecting-Ip", "X-Client-Ip"} {
			r.Header.Set(name, "6.6.6.6")
		}
		if got := clientText(proxies.Client(r)); got != tt.want {
			t.Errorf("%s %q: got %q, want %q", tt.peer, tt.xff, got, tt.want)
		}
	}

	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "10.1.1.1:1"
	r.Header.Set("X-Forwarded-For", "1.1.1.1")
	for _, trusting := range []*Proxies{nil, {}} {
		if got := clientText(trusting.Client(r)); got != "10.1.1.1" {
			t.Errorf("nobody trusted: got %q, want the other end", got)
		}
	}
	if got := clientText(Client(r)); got != "10.1.1.1" {
		t.Errorf("without a log: got %q, want the other end", got)
	}
}

func TestParseProxies(t *testing.T) {
	for _, bad := range []string{"", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "proxy.test", "::ffff:10.0.0.0/104", "fe80::1%eth0", "10.0.0.1-10.0.0.9", "*"} {
		if _, err := ParseProxies([]string{"10.0.0.0/8", bad}); err == nil || !strings.Contains(err.Error(), `"`+bad+`"`) {
			t.Errorf("%q: got %v, want an error that names it", bad, err)
		}
	}
	p, err := ParseProxies(nil)
	if err != nil || p == nil {
		t.Errorf("none: got %v, %v", p, err)
	}
}

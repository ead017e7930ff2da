package web

import (
	"net/http/httptest"
	"net/netip"
	"slices"
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

		// Some proxies write the port as well.
		{"10.1.1.1:1", []string{"1.1.1.1:80"}, "1.1.1.1"},
		{"10.1.1.1:1", []string{"6.6.6.6:1, 1.1.1.1:65535, 10.2.2.2:3"}, "1.1.1.1"},
		{"10.1.1.1:1", []string{"[2400::1]:80"}, "2400::1"},
		{"10.1.1.1:1", []string{"[2400::1%x]:80"}, "2400::1"},
		{"10.1.1.1:1", []string{"[::ffff:1.1.1.1]:80,\t[2001:db8::1]:80"}, "1.1.1.1"},

		// What can't be relied on is the proxy's.
		{"10.1.1.1:1", []string{"10.2.2.2, 10.3.3.3"}, "10.1.1.1"},
		{"10.1.1.1:1", []string{"1.1.1.1, unknown"}, "10.1.1.1"},
		{"10.1.1.1:1", []string{"1.1.1.1,"}, "10.1.1.1"},
		{"10.1.1.1:1", []string{""}, "10.1.1.1"},
		{"10.1.1.1:1", []string{"[2400::1]"}, "10.1.1.1"},
		{"10.1.1.1:1", []string{"2400::1:99999"}, "10.1.1.1"},
		{"10.1.1.1:1", []string{"1.1.1.1:"}, "10.1.1.1"},
		{"10.1.1.1:1", []string{"1.1.1.1:x"}, "10.1.1.1"},
		{"10.1.1.1:1", []string{"1.1.1.1:99999"}, "10.1.1.1"},
		{"10.1.1.1:1", []string{"1.1.1.1\u00a0"}, "10.1.1.1"},
		{"10.1.1.1:1", []string{"_hidden"}, "10.1.1.1"},
		{"10.1.1.1:1", []string{"1.1.1.1", ""}, "10.1.1.1"},
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
	for _, bad := range []string{"", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "proxy.test", "::ffff:10.0.0.0/104", "fe80::1%eth0", "10.0.0.1-10.0.0.9", "*", "0.0.0.0/0", "::/0"} {
		if _, err := ParseProxies([]string{"10.0.0.0/8", bad}); err == nil || !strings.Contains(err.Error(), `"`+bad+`"`) {
			t.Errorf("%q: got %v, want an error that names it", bad, err)
		}
	}
	p, err := ParseProxies(nil)
	if err != nil || p == nil {
		t.Errorf("none: got %v, %v", p, err)
	}
}

// TestAThousandHopsCostLittle: who fills the headers with entries gets them neither
// read nor copied.
func TestAThousandHopsCostLittle(t *testing.T) {
	proxies, err := ParseProxies([]string{"10.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "10.1.1.1:1"
	r.Header["X-Forwarded-For"] = []string{strings.Repeat("6.6.6.6,", 10_000) + "x", strings.Repeat(",", 10_000) + "1.1.1.1"}
	if got := clientText(proxies.Client(r)); got != "1.1.1.1" {
		t.Errorf("got %q, want the last entry", got)
	}
	if n := testing.AllocsPerRun(100, func() { proxies.Client(r) }); n > 0 {
		t.Errorf("got %v allocations, want none", n)
	}
}

// FuzzForwarded holds the reading of X-Forwarded-For to a simpler one: of the
// entries, joined and split, the last that is no proxy's, with none to its right
// that can't be read.
func FuzzForwarded(f *testing.F) {
	for _, seed := range []string{"1.1.1.1", "6.6.6.6, 1.1.1.1:80", "[2400::1]:80,10.2.2.2", "1.1.1.1,", ",", "", "::ffff:10.2.2.2, x", "10.0.0.1"} {
		f.Add(seed, seed)
	}
	proxies, err := ParseProxies([]string{"10.0.0.0/8"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = "10.1.1.1:1"
		r.Header["X-Forwarded-For"] = []string{first, second}
		want := "10.1.1.1"
		for _, hop := range slices.Backward(strings.Split(first+","+second, ",")) {
			addr, err := parseHop(strings.Trim(hop, " \t"))
			if err != nil {
				break
			}
			if !strings.HasPrefix(addr.String(), "10.") {
				want = addr.String()
				break
			}
		}
		if got := clientText(proxies.Client(r)); got != want {
			t.Errorf("%q, %q: got %s, want %s", first, second, got, want)
		}
	})
}

func TestNetwork(t *testing.T) {
	for client, want := range map[string]string{
		"203.0.113.5": "203.0.113.5/32", "::ffff:203.0.113.5": "203.0.113.5/32",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "2001:db8:1:2:ffff::": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
	} {
		if got := Network(netip.MustParseAddr(client)).String(); got != want {
			t.Errorf("%s: got %s, want %s", client, got, want)
		}
	}
	if got := Network(netip.Addr{}); got != (netip.Prefix{}) {
		t.Errorf("no address: got %s, want the zero one", got)
	}
}

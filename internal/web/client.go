package web

import (
	"errors"
	"fmt"
	"iter"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Proxies are the networks of the reverse proxies whose X-Forwarded-For counts.
// The zero value, and nil, trusts nobody.
type Proxies struct {
	trusted []netip.Prefix
}

// ParseProxies reads networks in CIDR notation, or single addresses.
func ParseProxies(cidrs []string) (*Proxies, error) {
	p := &Proxies{}
	for _, s := range cidrs {
		prefix, err := parsePrefix(strings.TrimSpace(s))
		if err != nil {
			return nil, fmt.Errorf("trusted proxy %q: %w", s, err)
		}
		p.trusted = append(p.trusted, prefix)
	}
	return p, nil
}

func parsePrefix(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, errors.New("want a network such as 10.0.0.0/8 or an address")
	}
	if prefix.Addr().Is4In6() {
		// Addresses are compared in their IPv4 form, so this would never match.
		return netip.Prefix{}, errors.New("write the IPv4 network in its IPv4 form")
	}
	if prefix.Bits() == 0 {
		return netip.Prefix{}, errors.New("this is everybody, and anybody could name any address")
	}
	return prefix.Masked(), nil
}

// Client returns the address that r comes from. X-Forwarded-For is read only if
// the other end of the connection is a trusted proxy: from the right, up to the
// first address that is not one. Some proxies write a port behind the address; it
// is dropped. Where the header says nothing that can be relied on, it is the other
// end itself: then all that the proxy passes on count as one client, and nobody can
// choose to be another. IPv4 addresses in IPv6 form become IPv4, and zones are
// dropped, so that one client has one address. The result is invalid when the
// connection has no address.
func (p *Proxies) Client(r *http.Request) netip.Addr {
	client, _ := p.find(r)
	return client
}

// find is Client, and what keeps the word of a trusted proxy from being relied on,
// or "".
func (p *Proxies) find(r *http.Request) (client netip.Addr, trouble string) {
	peer := peer(r)
	if !p.trust(peer) {
		return peer, ""
	}
	lines := r.Header["X-Forwarded-For"]
	if len(lines) == 0 {
		return peer, "missing"
	}
	for _, line := range slices.Backward(lines) {
		for hop := range backward(line) {
			addr, err := parseHop(hop)
			if err != nil {
				return peer, "unreadable" // nothing to the left of this can be believed
			}
			if !p.trust(addr) {
				return addr, ""
			}
		}
	}
	return peer, "proxies only"
}

// backward yields the entries of a list from the right, without making a list of
// them: a client may have sent thousands, and the first few are looked at.
func backward(list string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for comma := len(list); comma >= 0; {
			list = list[:comma]
			comma = strings.LastIndexByte(list, ',')
			if !yield(strings.Trim(list[comma+1:], " \t")) {
				return
			}
		}
	}
}

// parseHop reads an entry: an address, or one with a port, IPv6 then in brackets.
func parseHop(s string) (netip.Addr, error) {
	addr, err := netip.ParseAddr(s)
	if err != nil {
		var both netip.AddrPort
		both, err = netip.ParseAddrPort(s)
		addr = both.Addr()
	}
	return addr.Unmap().WithZone(""), err
}

func (p *Proxies) trust(addr netip.Addr) bool {
	if p == nil {
		return false
	}
	return slices.ContainsFunc(p.trusted, func(prefix netip.Prefix) bool {
		return prefix.Contains(addr)
	})
}

// peer returns the address at the other end of r's connection.
func peer(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}

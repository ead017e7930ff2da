package web

import (
	"errors"
	"fmt"
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
	return prefix.Masked(), nil
}

// Client returns the address that r comes from. X-Forwarded-For is read only if
// the other end of the connection is a trusted proxy: from the right, up to the
// first address that is not one. Where the header says nothing that can be relied
// on, it is the other end itself. IPv4 addresses in IPv6 form become IPv4, and
// zones are dropped, so that one client has one address. The result is invalid
// when the connection has no address.
func (p *Proxies) Client(r *http.Request) netip.Addr {
	peer := peer(r)
	if !p.trust(peer) {
		return peer
	}
	for _, line := range slices.Backward(r.Header["X-Forwarded-For"]) {
		for _, hop := range slices.Backward(strings.Split(line, ",")) {
			addr, err := netip.ParseAddr(strings.TrimSpace(hop))
			if err != nil {
				return peer // nothing to the left of this can be believed
			}
			addr = addr.Unmap().WithZone("")
			if !p.trust(addr) {
				return addr
			}
		}
	}
	return peer
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

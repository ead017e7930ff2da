package web

import (
	"net/http"
	"net/netip"
)

// Visit is what a rate is counted by: the route that a request went to, and the
// network that its client is in.
type Visit struct {
	Route   string       // the pattern's path
	Network netip.Prefix // as [Network] has it
}

// Limited asks allow before a handler is called, and so before any of the body is
// read; with an error the request has failed. Each route is asked about by itself:
// that one is hammered must not matter to the others.
func Limited(allow func(Visit) error) Wrap {
	return func(next Handler) Handler {
		return func(w http.ResponseWriter, r *http.Request) error {
			if err := allow(Visit{Route: Pattern(r), Network: Network(Client(r))}); err != nil {
				return err
			}
			return next(w, r)
		}
	}
}

// Network is what one client may have for itself: an IPv4 address, or the /64 of
// an IPv6 address, which is the least that a site is given. IPv4 in IPv6 form is
// IPv4. Clients without a valid address are in one network, the zero Prefix.
func Network(client netip.Addr) netip.Prefix {
	client = client.Unmap().WithZone("")
	bits := client.BitLen()
	if client.Is6() {
		bits = 64
	}
	network, err := client.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return network
}

package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"github.com/jub0bs/cors"
)

// Origins are the front ends that may call from a browser: the program's own
// origin and the configured ones.
type Origins struct {
	listed map[string]bool // in the form that browsers send
	cors   *cors.Middleware
}

// NewOrigins reads origins, scheme://host or scheme://host:port and nothing
// more. Upper case and a default port are brought to the form that browsers send;
// plain http is taken for loopback hosts only, since anybody on the way could
// speak for another. There are no wildcards, and "null" is no origin: any page can
// be given it. The error is one line that says which origin is at fault.
func NewOrigins(own string, listed []string) (*Origins, error) {
	o := &Origins{listed: make(map[string]bool)}
	var all []string
	for _, s := range append([]string{own}, listed...) {
		origin, err := parseOrigin(s)
		if err != nil {
			return nil, fmt.Errorf("origin %q: %w", s, err)
		}
		if !o.listed[origin] {
			o.listed[origin] = true
			all = append(all, origin)
		}
	}
	var err error
	if o.cors, err = newCORS(all); err != nil {
		return nil, err
	}
	return o, nil
}

// Has says whether origin is one of them, written as a browser writes it.
func (o *Origins) Has(origin string) bool { return o.listed[origin] }

// parseOrigin returns s in the form that browsers send (RFC 6454 section 6.2).
func parseOrigin(s string) (string, error) {
	scheme, authority, ok := strings.Cut(strings.ToLower(s), "://")
	switch {
	case s == "*" || s == "null":
		return "", errors.New("list each origin by itself")
	case !ok || scheme != "https" && scheme != "http":
		return "", errors.New("must begin with https:// (or http:// for loopback)")
	case strings.ContainsAny(authority, "*"):
		return "", errors.New("wildcards are not taken, list each origin by itself")
	case strings.ContainsAny(authority, "/?#@\\"):
		return "", errors.New("must be scheme://host or scheme://host:port, with nothing after it")
	}
	host, port, err := splitPort(authority)
	if err != nil {
		return "", err
	}
	loopback, err := checkHost(host)
	if err != nil {
		return "", err
	}
	if scheme == "http" && !loopback {
		return "", errors.New("plain http is for loopback only, use https")
	}
	if port == "" || scheme == "https" && port == "443" || scheme == "http" && port == "80" {
		return scheme + "://" + host, nil
	}
	return scheme + "://" + host + ":" + port, nil
}

// splitPort divides what stands behind the scheme. The port is "" if there is none.
func splitPort(authority string) (host, port string, err error) {
	colon := strings.LastIndexByte(authority, ':')
	if colon < 0 || strings.HasSuffix(authority, "]") {
		return authority, "", nil
	}
	host, port = authority[:colon], authority[colon+1:]
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
		return "", "", errors.New("the port must be a number from 1 to 65535")
	}
	return host, port, nil
}

// checkHost says whether host, in lower case, is this machine.
func checkHost(host string) (loopback bool, err error) {
	bare, bracket := strings.CutPrefix(host, "[")
	bare, closed := strings.CutSuffix(bare, "]")
	if addr, err := netip.ParseAddr(bare); err == nil && bracket == closed && addr.Is6() == bracket {
		if addr.String() != bare || addr.Zone() != "" || addr.Is4In6() {
			return false, errors.New("write the address in its short form")
		}
		return addr.IsLoopback(), nil
	}
	if !isDomain(host) {
		return false, errors.New("the host must be a domain name in ASCII (xn--… if it has other letters) or an address")
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost"), nil
}

// isDomain says whether s is made of labels of letters, digits and inner hyphens,
// the last one not a number (RFC 1123 section 2.1).
func isDomain(s string) bool {
	if len(s) > 253 {
		return false
	}
	var last string
	for last = range strings.SplitSeq(s, ".") {
		if last == "" || len(last) > 63 || last[0] == '-' || last[len(last)-1] == '-' {
			return false
		}
		if strings.Trim(last, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return last[0] < '0' || last[0] > '9'
}

// Guard holds what changes state under a cookie to the front ends (cohorts
// contract): a listed Origin passes, any other is [ErrForeignOrigin], and so is
// more than one. Without Origin, Sec-Fetch-Site must not say that another site, or
// another host of our own site, made the browser send this. With neither header
// it is no browser of today, and passes.
func (o *Origins) Guard(r *http.Request) error {
	if sent, ok := r.Header["Origin"]; ok {
		if len(sent) == 1 && o.Has(sent[0]) {
			return nil
		}
		return ErrForeignOrigin
	}
	for _, site := range r.Header["Sec-Fetch-Site"] {
		if strings.EqualFold(site, "cross-site") || strings.EqualFold(site, "same-site") {
			return ErrForeignOrigin
		}
	}
	return nil
}

// Guarded is [Origins.Guard] around a handler, for [Router.Handle].
func (o *Origins) Guarded(next Handler) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := o.Guard(r); err != nil {
			return err
		}
		return next(w, r)
	}
}

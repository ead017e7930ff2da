package web

import (
	"net/http"
	"time"
)

// Cookie is a cookie of one name with the attributes that it is always set and
// cleared with: HttpOnly, Path=/ and no Domain, so that no script and no
// neighbouring host sees it.
type Cookie struct {
	name     string
	secure   bool
	sameSite http.SameSite
	ttl      time.Duration
}

// NewCookie describes a cookie that browsers keep for ttl, in whole seconds, and
// for as long as they run if ttl is 0. With secure it is sent over https only and
// its name gets the prefix "__Host-", which keeps other hosts from planting one (RFC
// 6265bis section 4.1.3.2). It panics on SameSite=None without secure, which every
// browser refuses: the settings rule it out.
func NewCookie(name string, secure bool, sameSite http.SameSite, ttl time.Duration) *Cookie {
	if sameSite == http.SameSiteNoneMode && !secure {
		panic("web: a cookie with SameSite=None must be secure")
	}
	if secure {
		name = "__Host-" + name
	}
	return &Cookie{name: name, secure: secure, sameSite: sameSite, ttl: ttl}
}

// Name returns the name on the wire, prefix included.
func (c *Cookie) Name() string { return c.name }

// Set gives the browser the cookie with this value.
func (c *Cookie) Set(w http.ResponseWriter, value string) {
	c.write(w, value, int(c.ttl/time.Second))
}

// Clear takes the cookie away from the browser: with the attributes that it was
// set with, since browsers keep it otherwise.
func (c *Cookie) Clear(w http.ResponseWriter) {
	c.write(w, "", -1)
}

func (c *Cookie) write(w http.ResponseWriter, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{ //gosec:disable G124 -- Secure but for http, which is this machine alone
		Name:     c.name,
		Value:    value,
		Path:     "/",
		MaxAge:   maxAge,
		Secure:   c.secure,
		HttpOnly: true,
		SameSite: c.sameSite,
	})
}

// Get returns the value that the browser sent. Two cookies of the name with
// different values are none: one of them was planted, and nothing tells which (RFC
// 6265bis section 8.6).
func (c *Cookie) Get(r *http.Request) (value string, ok bool) {
	for _, sent := range r.CookiesNamed(c.name) {
		if ok && sent.Value != value {
			return "", false
		}
		value, ok = sent.Value, true
	}
	return value, value != ""
}

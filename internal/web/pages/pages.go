package pages

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"matricula/internal/account"
	"matricula/internal/mail"
	"matricula/internal/token"
	"matricula/internal/web"
)

// Config is what the pages work with.
type Config struct {
	Service   *account.Service
	Origins   *web.Origins
	Cookie    *web.Cookie
	Device    *web.Cookie    // what an account knows a browser by that has signed in before
	PublicURL string         // without a slash at the end
	Site      string         // what the site is called; the public URL's host when empty
	Zone      *time.Location // of the times that people read and write; nil is UTC
	DevMail   *mail.Dir      // shown at /dev/mail; nil hides it
	Limited   web.Wrap       // holds a client network to a rate at what a stranger may send; nil holds nobody
}

type pages struct {
	Config
	templates map[string]*template.Template
}

// New answers a handler for every path that is not a contract's.
func New(c Config) http.Handler {
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	if c.Site == "" {
		c.Site = hostOf(c.PublicURL)
	}
	p := &pages{Config: c, templates: parseTemplates()}
	rt := web.NewRouter(p.refuse)
	for _, r := range p.routes() {
		p.add(rt, r)
	}
	return secured(rt)
}

type route struct {
	pattern string
	handler web.Handler
}

// routes are all the pages there are.
func (p *pages) routes() []route {
	all := []route{
		{"GET /", p.home},
		{"GET /sign-in", p.showSignIn},
		{"POST /sign-in", p.signIn},
		{"POST /sign-out", p.signOut},
		{"GET /account", p.showAccount},

		{"GET /club", p.showClub},
		{"POST /club", p.saveClub},

		{"GET " + LinkEndedPath, p.showLinkEnded},
		{"GET /resend", p.showResend},
		{"POST /resend", p.limited(p.resend)},

		{"GET /forgot", p.showForgot},
		{"POST /forgot", p.limited(p.forgot)},
		{"GET /reset", p.showReset},
		{"POST /reset", p.limited(p.reset)},
		{"GET /change-password", p.showChangePassword},
		{"POST /change-password", p.limited(p.changePassword)},
	}
	for i, r := range all {
		if strings.HasPrefix(r.pattern, "GET ") {
			all[i].handler = p.atHome(r.handler)
		}
	}
	all = append(all,
		route{"GET /style.css", asset("text/css; charset=utf-8", styleSheet)},
		route{"GET /icon.svg", asset("image/svg+xml", icon)},
	)
	if p.DevMail != nil {
		all = append(all, route{"GET /dev/mail", p.mails}, route{"GET /dev/mail/{name}", p.mail})
	}
	return all
}

// atHome leads who opened a page by another name of this machine, such as
// 127.0.0.1 for localhost, to the same page at the public URL: a form sent from
// there would be refused, and the cookie is another's. The port must be the same,
// or a tunnel from elsewhere would be led astray. Of any other host nothing
// follows: behind a proxy it may be whatever the proxy sends.
func (p *pages) atHome(next web.Handler) web.Handler {
	home, err := url.Parse(p.PublicURL)
	if err != nil || !isLoopback(home.Hostname()) {
		return next
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		at := url.URL{Host: strings.ToLower(r.Host)}
		if passedOn(r.Header) || at.Host == home.Host || at.Port() != home.Port() || !isLoopback(at.Hostname()) {
			return next(w, r)
		}
		w.Header().Set("Location", p.PublicURL+r.URL.RequestURI())
		w.WriteHeader(http.StatusTemporaryRedirect)
		return nil
	}
}

// limited holds what costs something, and is no sign-in, to the rate of its callers.
func (p *pages) limited(h web.Handler) web.Handler {
	if p.Limited == nil {
		return h
	}
	return p.Limited(h)
}

// LinkEndedPath is the page for a confirmation link that no longer works.
const LinkEndedPath = "/link-ended"

// add tells the router of a route. Every page that can be read answers HEAD as
// well (RFC 9110 section 9.1); whatever changes something, under a cookie or on
// somebody's behalf, asks where it comes from.
func (p *pages) add(rt *web.Router, r route) {
	path, reads := strings.CutPrefix(r.pattern, "GET ")
	if !reads {
		rt.Handle(r.pattern, r.handler, p.Origins.Guarded)
		return
	}
	rt.Handle(r.pattern, r.handler)
	rt.Handle("HEAD "+path, r.handler)
}

// policy has a page load its style and its icon from here, and nothing else at all.
const policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// secured gives every page its headers. None is kept: any may be one person's, or
// have had a token in its address.
func secured(next http.Handler) http.Handler {
	return web.Pages(policy, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	}))
}

// caller says on whose behalf a request is made.
func caller(r *http.Request) account.Caller {
	return account.Caller{Client: web.Client(r), RequestID: web.RequestID(r)}
}

// presented is the secret of the session that the browser brought, if any.
func (p *pages) presented(r *http.Request) token.Secret {
	value, ok := p.Cookie.Get(r)
	if !ok {
		return token.Secret{}
	}
	return token.SecretOf(value)
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return address
	}
	return u.Host
}

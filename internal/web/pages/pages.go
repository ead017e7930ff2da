package pages

import (
	"embed"
	"html/template"
	"net/http"
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
	PublicURL string         // without a slash at the end
	Site      string         // what the site is called; the public URL's host when empty
	Zone      *time.Location // of the times that people read and write; nil is UTC
	DevMail   *mail.Dir      // shown at /dev/mail; nil hides it
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
	p := &pages{Config: c, templates: parseTemplates()}
	rt := web.NewRouter(p.refuse)
	p.routes(rt)
	return secured(rt)
}

// routes are all the pages there are. What a form sends changes something under a
// cookie or on somebody's behalf, so each asks where it comes from.
func (p *pages) routes(rt *web.Router) {
	handle, form := rt.Handle, func(pattern string, h web.Handler) { rt.Handle(pattern, h, p.Origins.Guarded) }

	handle("GET /", p.home)
	handle("GET /style.css", style)

	handle("GET /sign-in", p.showSignIn)
	form("POST /sign-in", p.signIn)
	form("POST /sign-out", p.signOut)
	handle("GET /account", p.showAccount)

	handle("GET /club", p.showClub)
	form("POST /club", p.saveClub)

	handle("GET "+LinkEndedPath, p.showLinkEnded)
	form("POST /resend", p.resend)

	handle("GET /forgot", p.showForgot)
	form("POST /forgot", p.forgot)
	handle("GET /reset", p.showReset)
	form("POST /reset", p.reset)
	handle("GET /change-password", p.showChangePassword)
	form("POST /change-password", p.changePassword)

	if p.DevMail != nil {
		handle("GET /dev/mail", p.mails)
		handle("GET /dev/mail/{name}", p.mail)
	}
}

// LinkEndedPath is the page for a confirmation link that no longer works.
const LinkEndedPath = "/link-ended"

// secured gives every page its headers: nothing from elsewhere is loaded, nobody
// frames it, and no address of ours, which may hold a token, is told to others.
// The referrer stays on this site rather than nowhere, because browsers send
// "Origin: null" with a form otherwise, and that is refused.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

//go:embed style.css
var styleSheet []byte

// style serves the style sheet, which may be kept: it holds nothing of anybody.
func style(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Cache-Control", "public, max-age=3600")
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, err := w.Write(styleSheet)
	return err
}

//go:embed templates/*.html
var templateFiles embed.FS

// parseTemplates reads each page with the layout around it. The files are part of
// the program, so one that does not parse is a bug of ours.
func parseTemplates() map[string]*template.Template {
	entries, err := templateFiles.ReadDir("templates")
	if err != nil {
		panic(err)
	}
	layout := template.Must(template.ParseFS(templateFiles, "templates/layout.html"))
	all := map[string]*template.Template{}
	for _, entry := range entries {
		page := template.Must(layout.Clone())
		all[entry.Name()] = template.Must(page.ParseFS(templateFiles, "templates/"+entry.Name()))
	}
	return all
}

// view is what every template is given.
type view struct {
	Title   string
	Site    string
	Notice  string            // good news above the page
	Problem string            // bad news above the page
	Errors  map[string]string // by the name of a form's field
	Data    any
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

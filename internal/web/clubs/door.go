package clubs

import (
	"fmt"
	"net/http"
	"net/url"

	"matricula/internal/account"
	"matricula/internal/token"
	"matricula/internal/web"
)

// Prefixes are the path prefixes that this door serves, for web.Split.
var Prefixes = []string{"/api/user", "/api/admin", "/api/catalog", "/.well-known/jwks.json"}

// Config is what the door works with. All of it but Limited is needed.
type Config struct {
	Service *account.Service
	Origins *web.Origins // the front ends that may call from a browser
	// Limited holds a client network to a rate at each public call that costs
	// something; nil holds nobody. Sign-ins have limits of their own, at the rules.
	Limited web.Wrap

	// ClubPageURL is where a confirmation link redirects, with confirmed=true
	// added to its query; LinkEndedURL is the page that explains a link that works
	// no longer, and offers a new mail.
	ClubPageURL, LinkEndedURL string
}

// door is a Config made ready to serve.
type door struct {
	service                *account.Service
	limited                web.Wrap
	confirmedURL, endedURL string
}

// New returns the door, with its own no-store and CORS headers on every answer.
// Put web.Log around it: it is what knows the client behind the trusted proxies,
// and the request's id. New panics when ClubPageURL can't be parsed, which the
// settings rule out.
func New(c Config) http.Handler {
	d := &door{service: c.Service, limited: c.Limited, confirmedURL: confirmed(c.ClubPageURL), endedURL: c.LinkEndedURL}
	return web.NoStore(c.Origins.CORS(d.routes()))
}

// routes is every call of the contract.
func (d *door) routes() *web.Router {
	rt := web.NewRouter(refuse)
	rt.Handle("POST /api/user/email-exists", d.emailExists, d.limited)
	rt.Handle("POST /api/user/password-strength", d.passwordStrength, d.limited)
	rt.Handle("POST /api/user/register", d.register, d.limited)
	rt.Handle("POST /api/user/resend-confirm", d.resendConfirm, d.limited)
	rt.Handle("GET /api/user/confirm/{token}", d.confirm, d.limited)
	rt.Handle("POST /api/user/login", d.login)
	rt.Handle("POST /api/user/request-reset", d.requestReset, d.limited)
	rt.Handle("POST /api/user/confirm-reset", d.confirmReset, d.limited)
	rt.Handle("POST /api/user/refresh", d.refresh)
	rt.Handle("DELETE /api/user/revoke-access", d.revokeAccess)
	rt.Handle("DELETE /api/user/revoke-refresh", d.revokeRefresh)

	rt.Handle("GET /api/admin/profile", d.profile)
	rt.Handle("POST /api/admin/profile", d.editProfile)
	rt.Handle("POST /api/admin/change-password", d.changePassword)

	rt.Handle("GET /api/catalog/tags", d.tags)
	rt.Handle("GET /api/catalog/num-user-tags", d.sizes)

	rt.Handle("GET /.well-known/jwks.json", d.keys)
	return rt
}

// confirmed adds the contract's confirmed=true to the club page's address. What
// an operator has written in its query stays as it is.
func confirmed(page string) string {
	u, err := url.Parse(page)
	if err != nil {
		panic(fmt.Errorf("clubs: the club page's address: %w", err))
	}
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += "confirmed=true"
	return u.String()
}

// callerOf says on whose behalf the core is called.
func callerOf(r *http.Request) account.Caller {
	return account.Caller{Client: web.Client(r), RequestID: web.RequestID(r)}
}

// bearer returns the token that a call is made with. One that is not there is
// refused like one that is no good.
func bearer(r *http.Request) (token.Secret, error) {
	text, ok := web.Bearer(r)
	if !ok {
		return token.Secret{}, account.Unauthenticated
	}
	return token.SecretOf(text), nil
}

// success is the answer of calls that have nothing else to say.
type success struct {
	Status  string `json:"status"`
	Message string `json:"message,omitempty"`
}

// succeed answers that a call has done what it was asked for.
func succeed(w http.ResponseWriter, message string) error {
	web.WriteJSON(w, http.StatusOK, success{Status: "success", Message: message})
	return nil
}

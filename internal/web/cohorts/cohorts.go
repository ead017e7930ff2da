package cohorts

import (
	"net/http"

	"matricula/internal/account"
	"matricula/internal/token"
	"matricula/internal/web"
)

// Prefixes are the paths that the door answers for, with all that is below them.
var Prefixes = []string{"/api/auth", "/api/cohorts"}

// Config is what the door works with. All of it but Limited is needed.
type Config struct {
	Service *account.Service
	// Origins are the front ends that may call from a browser.
	Origins *web.Origins
	// Cookie carries the session's secret. Its lifetime is that of the sessions
	// which Service starts.
	Cookie *web.Cookie
	// Device carries what an account knows a browser by that has signed in before. It
	// is no credential, and lives for account.DeviceLife.
	Device *web.Cookie
	// Limited holds a client network to a rate at each public call that costs
	// something; nil holds nobody. Sign-ins have limits of their own, at the rules.
	Limited web.Wrap
}

type door struct {
	service        *account.Service
	cookie, device *web.Cookie
}

// New returns the door, with the headers that each of its answers owes: no-store,
// nosniff and, to a listed origin, those of CORS.
//
// Only what acts under the cookie is guarded: sign-in, which ends the session
// presented and begins another, and sign-out. A request for a reset link and the
// change of a password by one neither read nor write a cookie. They act on nothing
// but what their body brings, so a foreign page that made a browser send them would
// borrow no right that its author doesn't have without the browser.
func New(c Config) http.Handler {
	d := &door{service: c.Service, cookie: c.Cookie, device: c.Device}
	routes := web.NewRouter(refuse)
	guarded := c.Origins.Guarded

	routes.Handle("GET /api/auth/info", d.info)
	routes.Handle("POST /api/auth/sign-in", d.signIn, guarded)
	routes.Handle("GET /api/auth/sign-out", d.signOut, guarded)
	routes.Handle("POST /api/auth/sign-out", d.signOut, guarded)
	routes.Handle("POST /api/auth/reset-password", d.resetPassword, c.Limited)
	routes.Handle("POST /api/auth/change-password", d.changePassword, c.Limited)
	routes.Handle("GET /api/cohorts", d.cohorts)
	routes.Handle("GET /api/cohorts/current", d.currentCohort)

	return web.NoStore(c.Origins.CORS(routes))
}

// caller says to the core who asks.
func caller(r *http.Request) account.Caller {
	return account.Caller{Client: web.Client(r), RequestID: web.RequestID(r)}
}

// presented returns the secret of the session that the browser brought along, the
// zero Secret if it brought none.
func (d *door) presented(r *http.Request) token.Secret {
	value, _ := d.cookie.Get(r)
	return token.SecretOf(value)
}

// say answers 200 with a sentence.
func say(w http.ResponseWriter, sentence string) {
	web.WriteJSON(w, http.StatusOK, message{sentence})
}

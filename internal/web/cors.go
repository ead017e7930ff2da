package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/jub0bs/cors"
)

// newCORS makes the policy for the origins, which are in the form that browsers
// send.
func newCORS(origins []string) (*cors.Middleware, error) {
	m, err := cors.NewMiddleware(cors.Config{
		Origins:      origins,
		Credentialed: true,
		Methods:      methods,
		// The clubs front end asks leave to send Access-Control-Allow-Origin,
		// which can't be listed by name: it is no request header.
		RequestHeaders:  []string{"*"},
		ResponseHeaders: []string{"Retry-After", "WWW-Authenticate"},
		MaxAgeInSeconds: 600,
	})
	if err != nil {
		return nil, errors.New("origins: " + strings.Join(strings.Fields(fmt.Sprint(err)), " "))
	}
	return m, nil
}

// CORS lets the listed origins call next with credentials and read every answer,
// whatever its status. Preflights of a listed origin are answered here; those of
// others, and those for a method that no path has, reach next as the OPTIONS requests
// that they are: it says 405 in its own shape, and a browser takes any refusal for a no.
func (o *Origins) CORS(next http.Handler) http.Handler {
	listed := o.cors.Wrap(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		origin := r.Header["Origin"]
		if len(origin) != 1 || !o.Has(origin[0]) {
			h.Add("Vary", "Origin")
			next.ServeHTTP(w, r)
			return
		}
		if r.Method == http.MethodOptions {
			// The library leaves these out of a preflight's answer.
			h.Add("Vary", "Origin")
			h.Set("Access-Control-Allow-Origin", origin[0])
			h.Set("Access-Control-Allow-Credentials", "true")
			r = noPreflight(r)
		}
		listed.ServeHTTP(w, r)
	})
}

// methods are what a page at another origin may call with.
var methods = []string{http.MethodGet, http.MethodPost, http.MethodDelete}

// noPreflight makes of a preflight for any other method a plain OPTIONS request, for
// the library would refuse it without a word. HEAD needs no leave, and gets none.
func noPreflight(r *http.Request) *http.Request {
	wanted := r.Header["Access-Control-Request-Method"]
	if len(wanted) == 0 || slices.Contains(methods, wanted[0]) {
		return r
	}
	plain := r.Clone(r.Context())
	plain.Header.Del("Access-Control-Request-Method")
	return plain
}

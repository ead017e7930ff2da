package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/jub0bs/cors"
)

// newCORS makes the policy for the origins, which are in the form that browsers
// send.
func newCORS(origins []string) (*cors.Middleware, error) {
	m, err := cors.NewMiddleware(cors.Config{
		Origins:      origins,
		Credentialed: true,
		Methods:      []string{http.MethodGet, http.MethodPost, http.MethodDelete},
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
// others reach next as the OPTIONS requests that they are.
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
			// The library leaves these out, of a refused preflight too.
			h.Add("Vary", "Origin")
			h.Set("Access-Control-Allow-Origin", origin[0])
			h.Set("Access-Control-Allow-Credentials", "true")
		}
		listed.ServeHTTP(w, r)
	})
}

package web

import (
	"net/http"
	"slices"
	"strings"
)

// Split sends a request to the handler of the longest of the prefixes that the
// path begins with, whole segments only, or else to rest. "/api" takes "/api"
// and "/api/user" but not "/apis". The path is taken as it was sent: one written
// in any other way ("//api", "/%61pi") is another path. It panics when a prefix
// is not of that form.
func Split(prefixes map[string]http.Handler, rest http.Handler) http.Handler {
	type branch struct {
		prefix  string
		handler http.Handler
	}
	var branches []branch
	for prefix, handler := range prefixes {
		if !strings.HasPrefix(prefix, "/") || strings.HasSuffix(prefix, "/") {
			panic("web: the prefix " + prefix + " must begin with a slash and not end with one")
		}
		branches = append(branches, branch{prefix, handler})
	}
	slices.SortFunc(branches, func(a, b branch) int { return len(b.prefix) - len(a.prefix) })

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.EscapedPath()
		for _, b := range branches {
			below, ok := strings.CutPrefix(path, b.prefix)
			if ok && (below == "" || below[0] == '/') {
				b.handler.ServeHTTP(w, r)
				return
			}
		}
		rest.ServeHTTP(w, r)
	})
}

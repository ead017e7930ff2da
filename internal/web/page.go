package web

import "net/http"

// Pages gives every answer of a door that serves pages the headers that keep a page
// to itself: policy says what it may load (Content Security Policy); nobody frames it
// or holds its window; no address of ours, which may hold a token, is told to others;
// a script that got in all the same would have no camera to turn on.
//
// The referrer stays on this site rather than nowhere, because browsers send
// "Origin: null" with a form otherwise, and that is refused.
func Pages(policy string, next http.Handler) http.Handler {
	headers := map[string]string{
		"Content-Security-Policy":      policy,
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Permissions-Policy":           "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
		"Referrer-Policy":              "same-origin",
		"X-Content-Type-Options":       "nosniff",
		"X-Frame-Options":              "DENY",
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		next.ServeHTTP(w, r)
	})
}

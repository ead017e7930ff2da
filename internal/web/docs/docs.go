package docs

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"io"
	"net/http"

	"matricula/api"
	"matricula/internal/web"
)

// Prefixes are the paths that the door answers for.
var Prefixes = []string{"/docs", "/openapi.yaml", "/postman_collection.json"}

//go:embed page.html page.css page.js
//go:embed swagger-ui/swagger-ui-bundle.js.gz swagger-ui/swagger-ui.css.gz
//go:embed swagger-ui/LICENSE swagger-ui/NOTICE swagger-ui/swagger-ui-bundle.js.LICENSE.txt
var files embed.FS

// Whatever keeps these answers may do so for minutes: a new version of the program
// may bring others. The parts of the page have a checksum in their address.
const (
	forMinutes = "public, max-age=300"
	forGood    = "public, max-age=31536000, immutable"
)

// New returns the door.
func New() http.Handler {
	rt := web.NewRouter(refuse)
	read(rt, "/openapi.yaml", plain("application/yaml", forMinutes, api.Description))
	read(rt, "/postman_collection.json", plain("application/json", forMinutes, api.Collection))

	parts := carriedParts()
	read(rt, "/docs", plain("text/html; charset=utf-8", forMinutes, render(parts)))
	read(rt, "/docs/LICENSE", plain("text/plain; charset=utf-8", forMinutes, licenses()))
	for _, p := range parts {
		read(rt, "/docs/"+p.name, p.serve)
	}
	return web.Split(map[string]http.Handler{"/docs": web.Pages(policy, rt)}, noSniff(rt))
}

// read adds a path that answers GET, and HEAD as well (RFC 9110 section 9.1).
func read(rt *web.Router, path string, h web.Handler) {
	rt.Handle("GET "+path, h)
	rt.Handle("HEAD "+path, h)
}

// noSniff keeps a file from being taken for another type than it says.
func noSniff(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

// policy lets scripts and styles come from here alone, none of them from within the
// page, and has it speak to nobody but this server. Swagger UI draws its signs from
// data addresses.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

// refuse says in plain text what is not there; it is the door's [web.Refuse].
func refuse(w http.ResponseWriter, _ *http.Request, err error) {
	status := http.StatusInternalServerError
	if _, ok := errors.AsType[*web.MethodError](err); ok {
		status = http.StatusMethodNotAllowed
	}
	if errors.Is(err, web.ErrNotFound) {
		status = http.StatusNotFound
	}
	if errors.Is(err, web.ErrHeadersTooLarge) {
		status = http.StatusRequestHeaderFieldsTooLarge
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, http.StatusText(status)+"\n") // who hung up has nothing to be told
}

// render fills the page with the addresses of its parts.
func render(parts []*part) []byte {
	addresses := map[string]string{}
	for _, p := range parts {
		addresses[p.name] = p.address()
	}
	var page bytes.Buffer
	if err := template.Must(template.ParseFS(files, "page.html")).Execute(&page, addresses); err != nil {
		panic(err) // the page is a part of the program
	}
	return page.Bytes()
}

// licenses are those of Swagger UI and of what its bundle holds.
func licenses() []byte {
	var all bytes.Buffer
	for _, name := range []string{"NOTICE", "LICENSE", "swagger-ui-bundle.js.LICENSE.txt"} {
		all.Write(carried("swagger-ui/" + name))
		all.WriteByte('\n')
	}
	return all.Bytes()
}

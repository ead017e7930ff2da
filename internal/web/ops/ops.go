package ops

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/pprof"
	"time"

	"matricula/internal/web"
)

// Prefixes are the paths that [Public] answers for.
var Prefixes = []string{"/healthz", "/readyz"}

// Config is what the door works with. Ready and Now are needed.
type Config struct {
	// Ready says what keeps the program from doing its work, nil when nothing
	// does. It must give up when its context ends.
	Ready func(context.Context) error
	// Stopping is closed when the program begins to stop; nil is never.
	Stopping <-chan struct{}
	// Now is the clock that the age of an answer of Ready is taken by.
	Now func() time.Time
	// Metrics are shown at /metrics; nil shows none.
	Metrics *Metrics
}

// Door tells of one program. Its two handlers share what Ready said last.
type Door struct {
	stopping <-chan struct{}
	check    *check
	metrics  *Metrics
}

// New returns the door.
func New(c Config) *Door {
	return &Door{stopping: c.Stopping, check: &check{ready: c.Ready, now: c.Now}, metrics: c.Metrics}
}

// Public returns /healthz and /readyz, for the listener that everybody reaches.
//
// /healthz answers 200 as long as the process answers at all: restart it when it
// doesn't. /readyz answers 200 while it should be sent requests, and 503 while the
// database is away and from the moment when it begins to stop. Neither tells
// strangers why; the log does.
func (d *Door) Public() http.Handler {
	return web.NoStore(d.routes())
}

// Private returns what [Door.Public] has, the metrics at /metrics, and the profiles
// of net/http/pprof under /debug/pprof/, for a listener that strangers don't reach.
//
// The command line is left out of the profiles: a setting given by a flag may hold
// a password.
func (d *Door) Private() http.Handler {
	routes := d.routes()
	handle := func(pattern string, h http.HandlerFunc) {
		routes.Handle(pattern, func(w http.ResponseWriter, r *http.Request) error {
			h(w, r)
			return nil
		})
	}
	if d.metrics != nil {
		handle("GET /metrics", d.metrics.handler().ServeHTTP)
	}
	handle("GET /debug/pprof/", pprof.Index)
	handle("GET /debug/pprof/{profile}", pprof.Index)
	handle("GET /debug/pprof/profile", pprof.Profile)
	handle("GET /debug/pprof/trace", pprof.Trace)
	handle("GET /debug/pprof/symbol", pprof.Symbol)
	handle("POST /debug/pprof/symbol", pprof.Symbol)
	return web.NoStore(routes)
}

// routes returns a router with what both listeners have. Some that watch ask with
// HEAD.
func (d *Door) routes() *web.Router {
	routes := web.NewRouter(refuse)
	routes.Handle("GET /healthz", d.healthz)
	routes.Handle("HEAD /healthz", d.healthz)
	routes.Handle("GET /readyz", d.readyz)
	routes.Handle("HEAD /readyz", d.readyz)
	return routes
}

type status struct {
	Status string `json:"status"`
}

func (d *Door) healthz(w http.ResponseWriter, _ *http.Request) error {
	web.WriteJSON(w, http.StatusOK, status{"up"})
	return nil
}

func (d *Door) readyz(w http.ResponseWriter, r *http.Request) error {
	select {
	case <-d.stopping:
		return errStopping
	default:
	}
	if err := d.check.run(r.Context()); err != nil {
		return &notReadyError{err}
	}
	web.WriteJSON(w, http.StatusOK, status{"ready"})
	return nil
}

var errStopping = errors.New("the program is stopping")

// notReadyError carries to the log why the program can't do its work.
type notReadyError struct{ cause error }

func (e *notReadyError) Error() string { return "not ready: " + e.cause.Error() }
func (e *notReadyError) Unwrap() error { return e.cause }

// problem is RFC 9457's, of the type about:blank, whose title is the status's own.
type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
}

// refuse tells a failure; it is the door's [web.Refuse].
func refuse(w http.ResponseWriter, _ *http.Request, err error) {
	code, detail := verdictOf(err)
	if code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	body, err := json.Marshal(problem{http.StatusText(code), code, detail})
	if err != nil {
		panic(err) // two texts and a number
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(code)
	_, _ = w.Write(body) // who hung up has nothing to be told
}

func verdictOf(err error) (code int, detail string) {
	if errors.Is(err, errStopping) {
		return http.StatusServiceUnavailable, "The program is stopping."
	}
	if _, ok := errors.AsType[*notReadyError](err); ok {
		return http.StatusServiceUnavailable, "The database does not answer, or can't be written."
	}
	if _, ok := errors.AsType[*web.MethodError](err); ok {
		return http.StatusMethodNotAllowed, ""
	}
	if errors.Is(err, web.ErrNotFound) {
		return http.StatusNotFound, ""
	}
	if errors.Is(err, web.ErrHeadersTooLarge) {
		return http.StatusRequestHeaderFieldsTooLarge, ""
	}
	return http.StatusInternalServerError, ""
}

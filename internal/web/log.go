package web

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"sync"
	"time"
)

// Log writes one line to log for each request that next answers: its id, method,
// route, status, bytes of body, duration by now, client as proxies finds it (and
// "forwarded" with what is wrong where a trusted proxy doesn't say), and what handlers add with [Note]. It never writes the path or the query (a
// confirmation link's path is a secret), a header or a body. A request that
// failed has its error in the line; with status 500 and above the line's level is
// ERROR (WARN where it is for an overload), and a panic has its stack there too. Of
// refusals beyond a hundred a second of one route and status, and of what was granted
// beyond a thousand, only the number is told.
//
// The request's id is random, never the client's word, and is sent back as
// X-Request-Id. A panic that no router caught is answered 500 with no body.
//
// The watchers are told of each request when it has been answered. They run in its
// goroutine, so they must be quick and safe for concurrent use.
func Log(log *slog.Logger, now func() time.Time, proxies *Proxies, next http.Handler, watchers ...func(Served)) *Logged {
	return &Logged{next: next, thin: newThin(log), now: now, proxies: proxies, watchers: watchers}
}

// Logged is a handler whose requests are logged.
type Logged struct {
	next     http.Handler
	thin     *thin
	now      func() time.Time
	proxies  *Proxies
	watchers []func(Served)
}

// Flush tells how many lines were left out of the log until now. It is for the end;
// before that, the next request tells.
func (l *Logged) Flush() {
	l.thin.mu.Lock()
	defer l.thin.mu.Unlock()
	l.thin.tell(l.now())
}

// ServeHTTP has the request answered, and logs it.
func (l *Logged) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rec := newRecord(r, l.proxies)
	a := watch(w)
	a.Header().Set("X-Request-Id", rec.id)
	r = r.WithContext(context.WithValue(r.Context(), recordKey{}, rec))

	start := l.now()
	aborted := serve(l.next, a, r, rec)
	end := l.now()
	served := rec.served(r, a, end.Sub(start), aborted)
	if l.thin.take(kind{served.Route, served.Status}, end) {
		rec.write(l.thin.log, r, a, served.Took, aborted)
	}
	for _, told := range l.watchers {
		told(served)
	}
	if aborted {
		panic(http.ErrAbortHandler)
	}
}

// Served is one request that has been answered. It holds nothing that the client
// made up.
type Served struct {
	Method string // "other" for one that HTTP doesn't have
	Route  string // the path's pattern, "" where no route took it
	Status int    // 0 where the connection was cut before there was one
	Took   time.Duration
	Err    error // what the handler failed with, nil if it didn't
}

// serve calls next and says whether the connection is to be cut.
func serve(next http.Handler, a *answer, r *http.Request, rec *record) (abort bool) {
	defer func() {
		switch v := recover(); v {
		case nil:
		case http.ErrAbortHandler:
			abort = true
		default:
			rec.setErr(&panicError{value: v, stack: debug.Stack()})
			abort = a.started()
			if !abort {
				a.WriteHeader(http.StatusInternalServerError)
			}
		}
	}()
	next.ServeHTTP(a, r)
	return false
}

// Note adds attributes to the request's line. They must hold no secret. Without
// [Log] around the handler it does nothing.
func Note(r *http.Request, attrs ...slog.Attr) {
	if rec := recordOf(r); rec != nil {
		rec.mu.Lock()
		defer rec.mu.Unlock()
		rec.attrs = append(rec.attrs, attrs...)
	}
}

// RequestID returns the id that [Log] gave the request, or "" without it.
func RequestID(r *http.Request) string {
	if rec := recordOf(r); rec != nil {
		return rec.id
	}
	return ""
}

// Client returns the address that the request came from, as [Log] determined it;
// without Log the address at the other end of the connection. It is invalid when
// that end has none.
func Client(r *http.Request) netip.Addr {
	if rec := recordOf(r); rec != nil {
		return rec.client
	}
	return peer(r)
}

// record is what the request line will say.
type record struct {
	id     string
	client netip.Addr

	mu      sync.Mutex // guards what follows: handlers may have goroutines
	pattern string
	attrs   []slog.Attr
	err     error
}

// newRecord begins the record of r. That a trusted proxy does not say whom it speaks
// for is noted: its clients share their limits then.
func newRecord(r *http.Request, proxies *Proxies) *record {
	client, trouble := proxies.find(r)
	rec := &record{id: rand.Text(), client: client}
	if trouble != "" {
		rec.attrs = append(rec.attrs, slog.String("forwarded", trouble))
	}
	return rec
}

type recordKey struct{}

// recordOf returns the record of r, or nil where there is no Log.
func recordOf(r *http.Request) *record {
	rec, _ := r.Context().Value(recordKey{}).(*record)
	return rec
}

func (rec *record) setRoute(pattern string) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.pattern = pattern
}

func (rec *record) route() string {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return rec.pattern
}

func (rec *record) setErr(err error) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.err = err
}

// write writes the line.
func (rec *record) write(log *slog.Logger, r *http.Request, a *answer, took time.Duration, aborted bool) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	status := a.final(aborted)
	attrs := []slog.Attr{
		slog.String("id", rec.id),
		slog.String("method", method(r)),
		slog.String("route", rec.pattern),
		slog.Int("status", status),
		slog.Int64("bytes", a.bytes),
		slog.Float64("ms", float64(took.Microseconds())/1000),
		slog.String("client", clientText(rec.client)),
	}
	attrs = append(attrs, rec.attrs...)
	attrs = append(attrs, rec.failure()...)
	if aborted {
		attrs = append(attrs, slog.Bool("aborted", true))
	}
	// The request's context may be over, and the line is wanted all the more.
	log.LogAttrs(context.WithoutCancel(r.Context()), rec.level(r, status, aborted), "request", attrs...)
}

func (rec *record) served(r *http.Request, a *answer, took time.Duration, aborted bool) Served {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return Served{Method: method(r), Route: rec.pattern, Status: a.final(aborted), Took: took, Err: rec.err}
}

// final is the status that the client was sent, 0 for none.
func (a *answer) final(aborted bool) int {
	if a.status == 0 && !aborted {
		return http.StatusOK // what net/http sends for silence
	}
	return a.status
}

func (rec *record) failure() []slog.Attr {
	if rec.err == nil {
		return nil
	}
	attrs := []slog.Attr{slog.String("error", rec.err.Error())}
	if p, ok := errors.AsType[*panicError](rec.err); ok {
		attrs = append(attrs, slog.String("stack", string(p.stack)))
	}
	return attrs
}

func (rec *record) level(r *http.Request, status int, aborted bool) slog.Level {
	switch {
	case errors.Is(rec.err, context.Canceled) && r.Context().Err() != nil:
		return slog.LevelInfo // the client went away: its own business
	case isOverload(rec.err):
		return slog.LevelWarn // nothing is broken, and thousands may come in a minute
	case status >= 500, aborted:
		return slog.LevelError
	default:
		return slog.LevelInfo
	}
}

// isOverload reports whether a handler failed because more was asked for than can be
// done at once: such an error says so by a method Overload.
func isOverload(err error) bool {
	refusal, ok := errors.AsType[interface {
		error
		Overload() bool
	}](err)
	return ok && refusal.Overload()
}

// method is the request's method if it is a usual one: the others are whatever
// a client made up, of any length.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return r.Method
	}
	return "other"
}

func clientText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

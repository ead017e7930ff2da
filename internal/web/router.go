package web

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
)

// Handler answers a request or fails. A handler that fails has written nothing;
// the error goes to the door's [Refuse].
type Handler func(w http.ResponseWriter, r *http.Request) error

// Wrap puts something around a handler, such as [Origins.Guarded].
type Wrap func(Handler) Handler

// Router sends requests to the handlers of one door, and their failures to its
// [Refuse]. Paths are taken as they were sent: nothing is decoded, cleaned or
// redirected, so that no two spellings reach one handler. HEAD is not answered
// by GET's handler, and OPTIONS is a method like any other: not declared, 405.
type Router struct {
	refuse  Refuse
	mux     *chi.Mux
	methods []string // declared by any route, sorted
	tooMuch http.HandlerFunc
}

// NewRouter returns a router without routes, whose failures refuse words.
func NewRouter(refuse Refuse) *Router {
	rt := &Router{refuse: refuse, mux: chi.NewMux()}
	nowhere := rt.handle("", rt.nowhere)
	rt.mux.NotFound(nowhere)
	rt.mux.MethodNotAllowed(nowhere)
	rt.tooMuch = rt.handle("", func(http.ResponseWriter, *http.Request) error { return ErrHeadersTooLarge })
	return rt
}

// Handle adds the route of a pattern, "POST /api/user/login" or "GET
// /api/user/confirm/{token}", a method and a path. The wraps are put around h,
// the first outermost; a nil one is none. It panics when the pattern is malformed, and must not be
// called once the router serves.
func (rt *Router) Handle(pattern string, h Handler, wraps ...Wrap) {
	method, path, ok := strings.Cut(pattern, " ")
	if !ok || method != strings.ToUpper(method) || !strings.HasPrefix(path, "/") {
		panic("web: the pattern " + pattern + " is not a method and a path")
	}
	for _, wrap := range slices.Backward(wraps) {
		if wrap != nil {
			h = wrap(h)
		}
	}
	rt.mux.Method(method, path, rt.handle(path, h))
	if i, found := slices.BinarySearch(rt.methods, method); !found {
		rt.methods = slices.Insert(rt.methods, i, method)
	}
}

// ServeHTTP answers the request, or has the door's Refuse answer it.
func (rt *Router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if headerSize(r) > MaxHeaders {
		rt.tooMuch(w, r)
		return
	}
	// chi would match the decoded path where the encoding is the usual one. A
	// context of our own makes it always match the path on the wire.
	route := chi.NewRouteContext()
	route.Routes = rt.mux
	route.RoutePath = r.URL.EscapedPath()
	ctx := context.WithValue(r.Context(), chi.RouteCtxKey, route)
	rt.mux.ServeHTTP(w, r.WithContext(ctx))
}

// Param returns the part of the path that stood at {name} in the pattern, as it
// was sent, percent signs and all; "" if the pattern has no such name.
func Param(r *http.Request, name string) string { return chi.URLParam(r, name) }

// Pattern returns the path of the route that took the request, such as
// "/api/user/confirm/{token}", or "" if none did. Unlike the path itself it
// holds nothing that the client sent.
func Pattern(r *http.Request) string {
	if rec := recordOf(r); rec != nil {
		return rec.route()
	}
	if route := chi.RouteContext(r.Context()); route != nil {
		return strings.Join(route.RoutePatterns, "")
	}
	return ""
}

// nowhere is the handler of requests that no route takes.
func (rt *Router) nowhere(w http.ResponseWriter, r *http.Request) error {
	path := r.URL.EscapedPath()
	var allow []string
	for _, method := range rt.methods {
		if rt.mux.Match(chi.NewRouteContext(), method, path) {
			allow = append(allow, method)
		}
	}
	if allow == nil {
		return ErrNotFound
	}
	return &MethodError{Allow: allow}
}

// handle turns a failing handler into one of net/http.
func (rt *Router) handle(path string, h Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if rec := recordOf(r); rec != nil {
			rec.setRoute(path)
		}
		a := watch(w)
		before := a.Header().Clone()
		if err := attempt(h, a, r); err != nil {
			rt.fail(a, r, before, err)
		}
	}
}

// attempt calls h and turns a panic into an error, but for
// http.ErrAbortHandler, which asks for the connection to be cut.
func attempt(h Handler, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		switch v := recover(); v {
		case nil:
		case http.ErrAbortHandler:
			panic(v)
		default:
			err = &panicError{value: v, stack: debug.Stack()}
		}
	}()
	return h(w, r)
}

// fail has the door answer a request that failed with err.
func (rt *Router) fail(a *answer, r *http.Request, before http.Header, err error) {
	if rec := recordOf(r); rec != nil {
		rec.setErr(err)
	}
	if a.started() {
		// Half an answer must not pass for a whole one.
		panic(http.ErrAbortHandler)
	}
	if _, ok := errors.AsType[*panicError](err); ok {
		// A handler that broke off midway may have left a cookie behind.
		clear(a.Header())
		maps.Copy(a.Header(), before)
	}
	if errors.Is(err, ErrTooLarge) {
		a.Header().Set("Connection", "close")
	}
	if e, ok := errors.AsType[*MethodError](err); ok {
		a.Header().Set("Allow", strings.Join(e.Allow, ", "))
	}
	rt.refuse(a, r, err)
	if !a.started() {
		// Silence would be sent as 200.
		a.WriteHeader(http.StatusInternalServerError)
	}
}

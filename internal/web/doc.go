// Package web is what every door shares: handlers that may fail and the router
// that calls them, strict JSON, cookies, bearer tokens, origins and CORS, the
// client's address, where rates are asked for, the request line in the log, and the
// HTTP server with the number of its connections.
//
// It words nothing: how a failure looks on the wire is each contract's own, and
// comes in as a [Refuse]. It knows no account, no path and no setting.
//
// The parts are meant to be worn in this order, the outermost first:
//
//	Log → Split → NoStore → Origins.CORS → Router → Handler
//
// so that whatever goes wrong further in, an overload or a panic included, still
// has its request line, its headers and its CORS headers.
package web

// Package clubs is the door of the clubs contract: the calls at /api/user, with
// which the officers of student clubs register, confirm, log in and recover, and
// what their tokens are for, at /api/admin and /api/catalog. It also shows the
// public keys of the tokens at /.well-known/jwks.json.
//
// It turns requests into calls of the core and answers into the contract's JSON;
// testdata holds the contract as transcripts. It knows no rule, no cookie and no
// SQL, and learns who calls from package web.
package clubs

// Package token makes and reads what stands for a person when no password is at
// hand: signed tokens, opaque secrets and the digests that are kept of them, and
// the keys under all of it.
//
// It knows nothing of HTTP, of SQL or of the rules about accounts. What it says
// of a token is that this installation made it, for this use, and that its time
// has not run out. Whether the session lives, whether the token was revoked and
// whether a link was used already is the database's to say, each time.
//
// # Keys
//
// Everything symmetric is derived from the installation's secret, a [Master], by
// HKDF with a purpose of its own, so that a key of one purpose is no help against
// another. What others verify is signed by a [SigningKey], whose private half is
// kept sealed under the secret.
//
// # Signed tokens
//
//	access   at+jwt        ES256, signing key          RFC 9068; the only one that others may verify
//	refresh  refresh+jwt   HS256, derived key          its jti is the session
//	reset    reset+jwt     HS256, key bound to a hash  the link in the cohorts mail
//	mail     opaque        HMAC-SHA256, derived key    the links in the clubs mails
//
// An [Issuer] reads only what it could have written. The header of a token must
// be, octet for octet, one of the headers that it writes, and the claims, once
// the signature holds, must be the very text that it would write for their
// values. So there is one text for one meaning: no second member of a name, no
// unknown or missing one, no other case, number form, escape, white space, array
// for a string, and no header (alg, jwk, jku, x5u, crit, b64, zip) that could
// steer the verification. A claim that is added one day must be read a release
// before it is written.
//
// A token has run out at the second named by exp, without leeway: the clock that
// wrote it is our own. An iat may lie up to a minute ahead, for the clocks of two
// instances. aud is exactly one string, the issuer itself.
package token

import "errors"

// ErrInvalid is the one answer for every token that is not to be trusted, be it
// malformed, forged, of another kind or issuer, or expired. It says no more, so
// that nothing of a token reaches a log and nothing of the check reaches a caller.
var ErrInvalid = errors.New("invalid token")

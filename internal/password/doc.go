// Package password makes and verifies password hashes, judges how good a
// password is, and decides how many hashes are computed at once.
//
// It is a tool: it knows nothing of accounts, of where hashes are kept, of
// what a refusal looks like on the wire, or of the time of day. It never logs,
// and no error of its own carries a password, a salt or a digest.
package password

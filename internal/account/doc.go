// Package account holds every rule of Matricula: who may sign up, what
// confirms an address, what a sign-in needs, which sessions live, how a password
// is recovered, and what clubs, the roster, cohorts, projects and roles are.
//
// It knows nothing of HTTP and nothing of SQL. The doors call a [Service]; what
// the rules need kept stands in [Store], which an engine implements. Passwords,
// tokens and mails are the tools it works with.
//
// # Refusals
//
// A rule that says no returns a [Code], which is an error in itself, or an
// [*Error] that carries one and says more. What a stranger must not tell apart
// is one Code. Any other error is a fault of the machine.
//
// # Changes
//
// Whatever belongs together is written in one [Store.Update]: the row, its audit
// event and its mail's outbox row. Hashing, sending and randomness stay outside
// of it, because a change may run twice; the time that it writes and compares is
// read when it runs, since it may have waited for its turn. What a rule learnt before
// the change (a password that was right, a token that was live) is asked again
// inside it, since another change may have come between.
package account

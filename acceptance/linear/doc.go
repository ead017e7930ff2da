// Package linear proves that what was revoked is refused: everywhere, from the
// moment that the revocation is answered. It starts one, two or three instances of the built
// program on one database, has many clients sign in, use, refresh and revoke at any of
// them while an operator resets, disables and deletes, breaks things meanwhile (kill -9,
// cut and slow connections, processes that stand still, clocks that jump), and judges
// what every client was told.
//
// Two judges look at each history. One holds it to a model of an account, by
// porcupine (github.com/anishathalye/porcupine): there is an order of all calls, which keeps to
// when they began and were answered, in which each answer is right. The other asks the
// promise itself: no credential is taken by a call that began after the answer that
// ended it. docs/revocation.md tells the story, the command and the figures.
//
// It holds tests alone. It knows the wire, and the rules that an operator's commands call;
// of how an instance decides it knows nothing.
package linear

// Package mail composes the mails that Matricula sends, from templates that an
// operator can replace, and hands them over: to an SMTP server ([SMTP]) or, in
// development, to files ([Dir]).
//
// It knows nothing of accounts, tokens, queues or HTTP. Whoever calls it decides
// who gets which mail, builds the links, and tries again; [Permanent] says when
// trying again is pointless.
//
// A mail has one sender, one recipient and nothing that a stranger could add:
// a header value with a control character is refused, not repaired, and what
// users typed (names of people and clubs) is one line of plain text before a
// template sees it.
package mail

// Package pages is what mails and redirects lead to: sign in, the club's edit
// page, a forgotten password, and what to do about a link that no longer works.
// The pages are rendered by the program, work without script, and call the same
// rules as the contracts do. In development it shows the mails, too.
//
// It knows nothing of SQL, and of the two contracts only the cookie that it
// shares with cohorts.
package pages

// Package outside is what those who play the program from outside have in common: they
// read its mails, gather its secrets and wait for it. It uses none of the program's own
// rooms, which it would otherwise hold to themselves.
package outside

// Package store keeps what the rules of package account need kept. It holds
// every query once, each next to the function that runs it, in SQL that SQLite
// and PostgreSQL both take, and the runner of the migrations.
//
// It knows no database: an [Engine] opens one, runs the statements and tells the
// kinds of its errors apart. And it knows no rule: it answers what stands there,
// refuses what would break uniqueness or a reference, and leaves the judging to
// the rules.
//
// # The SQL that both engines take
//
// Placeholders are $1, $2 and so on. An instant is a whole number of
// microseconds since 1970, and NULL where it is zero; a yes or no is 0 or 1; an
// id that stands for nothing is NULL. Ids are made by the database and never used
// again. Conflicts are settled with ON CONFLICT, and what a statement made or
// changed comes back by RETURNING, so that a check and its act are one statement.
// Social links and imported lists are JSON in a text column that no SQL looks
// into. Text compares by its octets: in PostgreSQL that takes COLLATE "C".
package store

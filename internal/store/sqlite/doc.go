// Package sqlite opens a SQLite database file as the engine beneath package
// store: its settings, one writer that commits many waiting changes together, the
// readers beside it, and the names of its errors. It carries the migrations of
// this engine, and in schema.sql the schema as it stands after them.
//
// It knows no query of the program and no rule.
//
// # One writer
//
// SQLite lets one connection write at a time, and a durable commit waits for the
// disk. So one goroutine owns the connection that writes: it takes the changes
// that wait, gives each a savepoint of its own in one transaction, commits once,
// and only then answers all of them, refusals too, for a refusal may rest on a row
// that a neighbour wrote. A change that fails or panics is rolled back to its
// savepoint. When the transaction as a whole is lost, each change is run again in
// one of its own, so that what one can't do hurts no other.
//
// The write-ahead log is synced at each commit (synchronous=FULL): what was
// answered survives a loss of power. Other processes, such as the commands beside
// a server, write in between: a transaction takes the lock when it begins, and
// waits for it as long as Config.BusyTimeout says.
//
// # Opening
//
// A file is looked at before anything is written. What is another program's, newer
// than this program, or damaged, is refused as it stands. A new database is made
// under another name and put in place whole.
package sqlite

// Package postgres opens a PostgreSQL database as the engine beneath package
// store: its connections, changes that are serializable and run again after a
// conflict, and the names of its errors. It carries the migrations of this engine,
// and in schema.sql the schema as it stands after them.
//
// It knows no query of the program and no rule.
//
// # Changes
//
// A change is one serializable transaction
// (https://www.postgresql.org/docs/current/transaction-iso.html). Where two can't
// both be as if one had come after the other, one of them is refused by the
// server, and runs again; from the second time on, one after the other within the
// process, so that many that want the same row get it in turn. What a change wants
// read waits for the server; what it wants written, and nobody waits for, goes with
// the next question or with the commit. So the shortest change takes two journeys.
//
// A commit whose answer was lost is an error, never a success, and isn't tried
// again: it may have happened. A change that refuses is rolled back: what it read was
// true together, at one moment after it began.
//
// # Reads
//
// A read is one statement in no transaction, which sees all that was committed
// before it began. Reads keep some connections for themselves, so that they don't
// wait for changes. What every request asks goes together with what others ask at that
// moment, see Find.
//
// # Poolers
//
// Nothing rests on a session: no LISTEN, no lock but a transaction's, no setting
// but a transaction's where a pooler stands between. Behind one that hands the
// server's connections from transaction to transaction, such as PgBouncer, no
// statement stays prepared; that one stands between is noticed at the start.
//
// # Opening
//
// A database is looked at before anything is written. What is another program's,
// newer than this program, too old a server, or set up so that a commit may be
// lost, is refused as it stands.
package postgres

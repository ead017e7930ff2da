// Package pgtest starts a PostgreSQL server for tests, from the binaries that the
// system has installed, in a directory that goes with it: one server for all the
// tests of a process, and a database for each. The server runs as an ordinary user
// when the tests run as root, for PostgreSQL refuses root, and it ends when the
// process that started it does, however that ends.
//
// It knows nothing of the program: what the databases hold is the caller's.
package pgtest

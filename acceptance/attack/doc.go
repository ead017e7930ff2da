// Package attack attacks a running Matricula: guessing, forging, smuggling, mixing
// up, exhausting. Each attack has an id, such as TOK-05, and a test named by it
// (TestTOK05); the files in testdata list them all, and those that do not apply yet
// with the reason. A run ends with a table: what was tried, and what the server did.
//
// By default it builds the program and attacks a server of its own. With -url it
// attacks one that runs already:
//
//	go test ./acceptance/attack -v -url https://accounts.example.edu
//
// A mistake in the call, such as a URL where nothing listens, ends the run before the
// first attack, in a line: what fails after that says something about the server.
//
// Attacks that need accounts want the server's side too: -data, the data directory of
// a server on this machine whose commands may be run there and whose mails lie in it.
// Each attack then is a client network of its own by X-Forwarded-For, so the server must
// trust this machine as a proxy, and it must list https://good.test as an origin. Never
// point it at a server that people rely on: it makes accounts, and much noise.
//
// The package holds tests alone and imports no room of the program.
package attack

// Package acceptance plays Matricula from outside: it builds the program, starts
// it, and tells the stories of both contracts with nothing but HTTP, the commands,
// real files, a mail server, kill -9 and a browser.
//
// It holds tests alone, and imports no room of the program: what it knows of it is
// what an operator and a front end know. With TEST_DATABASE=postgres the stories are
// told on a PostgreSQL that they start themselves.
//
// Every story keeps what it used as a secret, and when it ends no log, no file of data but the mails, no metric and no command's
// output may hold any of it.
package acceptance

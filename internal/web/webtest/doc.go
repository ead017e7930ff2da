// Package webtest plays transcripts against a door: text files that say what is
// sent and what comes back, so that a contract can be read as its stories. It
// knows HTTP and JSON, and nothing of any contract.
//
// A transcript is a list of exchanges, with a line == between them. An exchange
// is a request, a line --, and the answer:
//
//	# An officer signs in with the password of yesterday.
//	POST /api/user/login
//	{"email": "chess@x.test", "password": "wrong"}
//	--
//	400
//	{"reason":"The e-mail address or the password is wrong.","status":"error"}
//	==
//	! mail confirm chess@x.test
//	GET $link
//	Accept: text/html
//	--
//	303
//	Location: http://localhost:8080/club?confirmed=true
//	Set-Cookie:
//
// # Requests
//
// A line of method and path, as it goes on the wire; header lines "Name: value",
// if any; and the body, if any, from the first line that is no header line (or
// after an empty one) up to the --. A body goes out as application/json unless a
// header line says otherwise; "Content-Type:" with no value leaves the header
// out. "Host: name" sets the request's host.
//
// # Answers
//
// The status; header lines that must hold, if any; and the body. JSON is compared
// as values, so spaces and the order of members don't matter. "Name:" with no
// value means that the header is absent; of several headers of a name one must
// match. Without a body the answer's must be empty; the body <any> takes whatever
// comes.
//
// In a header's value, in a text inside JSON and in a body that is no JSON,
//
//	{{name}}   stands for one or more characters, and keeps them as $name
//	<any>      stands for any characters
//	<int>      stands for a whole number
//
// and where they are a whole JSON text, {{name}} and <any> stand for any JSON
// value, <int> for an integer.
//
// # Variables
//
// $name or ${name} in a request, or in what an answer must be, is replaced by
// the variable's value, given to [Play], kept from an earlier answer or set by a
// hook. One that is not set fails the test. $$ is a dollar sign.
//
// # Hooks
//
// Lines "! name argument…" before a request (or without any request) call the hook of
// that name with the arguments, in which variables are replaced, so that a story
// can take a link out of a mail or move the clock.
//
// # Comments
//
// Lines that begin with # are comments, above a request or an answer's status;
// empty lines there count for nothing.
//
// # Rewriting
//
// With the flag -update the answers are rewritten from what came back, JSON with
// its members sorted; what stands for something and still matches stays.
package webtest

// Package docs shows what the server answers: the description at /openapi.yaml,
// the Postman collection that is made from it, and at /docs a page to read it and
// to try it out on.
//
// The page is Swagger UI, whose files are carried in the program, so that it works
// where nothing of the outside can be reached, and tells nobody that it is read.
// It knows no account and no rule; what it calls, it calls like any front end.
package docs

// Package apitest holds the doors to the description in package api, either way:
// no answer that is not described, no described answer that never comes. A door's
// tests put [Book.Hold] around their handler, and call [Book.Complete] when every
// story has been told.
//
// What is looked at is the status, the headers (those that must be there, and
// those that nobody described), the type and the body of an answer, down to
// each of its members; of a request that was granted, whether the description
// allows it; of a refusal's examples, whether each came word for word.
//
// It knows HTTP and OpenAPI, and nothing of any contract.
package apitest

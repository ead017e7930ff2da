// Package api is the description of what the server answers, for people and for
// tools: openapi.yaml, and the Postman collection that is made from it. It knows
// nothing of the code that answers; package apitest holds that to it.
package api

import _ "embed"

// Description is openapi.yaml, in OpenAPI 3.1.
//
//go:embed openapi.yaml
var Description []byte

// Collection is postman_collection.json, in Postman's format 2.1. The command
// "make postman" makes it from the description.
//
//go:embed postman_collection.json
var Collection []byte

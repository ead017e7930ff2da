package main

import (
	"math/rand/v2"
	"strconv"
	"sync/atomic"
)

// work is a call that is measured. Each request is for an account chosen by
// chance, over all that there are.
type work struct {
	name   string
	hashes bool // its base are raw hashes, not the bare handler
	writes bool // it leaves mails behind
	mails  bool // each of its calls leaves one
	scales bool // it is measured on several instances too
	script func(in *installation) script
}

// works are in the order in which they are measured: what hashes comes last, so
// that its memory doesn't pass for that of the others.
var works = []work{
	{name: "info", scales: true, script: (*installation).info},
	{name: "refresh", scales: true, script: (*installation).refresh},
	{name: "profile", script: (*installation).profile},
	{name: "request-reset", writes: true, mails: true, scales: true, script: (*installation).requestReset},
	{name: "login", hashes: true, script: (*installation).login},
	{name: "register", hashes: true, writes: true, script: (*installation).register},
}

// info asks who a cookie is (cohorts contract).
func (in *installation) info() script {
	return func(b []byte, pick *rand.Rand) []byte {
		b = append(b, "GET /api/auth/info HTTP/1.1\r\nHost: localhost\r\nCookie: matricula="...)
		b = append(b, cookie(pick.IntN(in.accounts))...)
		return append(b, "\r\n\r\n"...)
	}
}

// refresh asks for an access token (clubs contract).
func (in *installation) refresh() script {
	return func(b []byte, pick *rand.Rand) []byte {
		b = append(b, "POST /api/user/refresh HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nAuthorization: Bearer "...)
		b = append(b, in.officers[pick.IntN(len(in.officers))].refresh...)
		return append(b, "\r\n\r\n"...)
	}
}

// profile asks for the club of an officer (clubs contract).
func (in *installation) profile() script {
	return func(b []byte, pick *rand.Rand) []byte {
		b = append(b, "GET /api/admin/profile HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "...)
		b = append(b, in.officers[pick.IntN(len(in.officers))].access...)
		return append(b, "\r\n\r\n"...)
	}
}

// requestReset asks for the mail with a reset link (clubs contract).
func (in *installation) requestReset() script {
	return func(b []byte, pick *rand.Rand) []byte {
		return post(b, "/api/user/request-reset", `{"email":"`+address(pick.IntN(in.accounts))+`"}`)
	}
}

// login starts a session with a password (clubs contract).
func (in *installation) login() script {
	return func(b []byte, pick *rand.Rand) []byte {
		officer := in.officers[pick.IntN(len(in.officers))].number
		return post(b, "/api/user/login", `{"email":"`+address(officer)+`","password":"`+passphrase+`"}`)
	}
}

// register makes an account and its club, of an address that has none (clubs
// contract).
func (in *installation) register() script {
	return func(b []byte, _ *rand.Rand) []byte {
		i := in.club.next()
		return post(b, "/api/user/register", `{"name":"Go Club `+strconv.Itoa(i)+`","email":"`+applicant(i)+`","password":"`+passphrase+
			`","tags":[1,12],"app_required":false,"new_members":true,"num_users":1}`)
	}
}

// post appends a request with a JSON body.
func post(b []byte, path, body string) []byte {
	b = append(b, "POST "...)
	b = append(b, path...)
	b = append(b, " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(len(body)), 10)
	b = append(b, "\r\n\r\n"...)
	return append(b, body...)
}

// counter counts from 0, for many at once.
type counter struct{ n atomic.Int64 }

func (c *counter) next() int { return int(c.n.Add(1)) - 1 }

package outside

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Secrets are the passwords, tokens, cookies and mailed links that were used against a
// program, gathered as they pass by. The zero value has none.
type Secrets struct {
	mu  sync.Mutex
	all map[string]bool
}

// What is searched for has at least so many octets, for a shorter text may stand
// anywhere by chance, and at most so many.
const (
	shortest = 12
	longest  = 4 << 10
)

// Add gathers one.
func (s *Secrets) Add(text string) {
	if len(text) < shortest || len(text) > longest || strings.Count(text, text[:1]) == len(text) { // such as AAA…, which encodes nothing but zeros
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[string]bool{}
	}
	s.all[text] = true
}

// members are those of bodies and forms, ours and the program's, that hold one.
var members = []string{"password", "old_password", "new_password", "newPassword", "token", "access", "refresh"}

// AddBody gathers the secrets of a JSON body; another body has none.
func (s *Secrets) AddBody(body []byte) {
	var said map[string]any
	if len(body) > 2*longest || json.Unmarshal(body, &said) != nil {
		return
	}
	for _, name := range members {
		if text, ok := said[name].(string); ok {
			s.Add(text)
		}
	}
}

// AddForm gathers those of a form or a query.
func (s *Secrets) AddForm(text string) {
	said, err := url.ParseQuery(text)
	if err != nil {
		return
	}
	for _, name := range append(members, "again") {
		s.Add(said.Get(name))
	}
}

// AddRequest gathers the secrets that a request presents beside its body: a token, a
// cookie, what stands in a link.
func (s *Secrets) AddRequest(r *http.Request) {
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && scheme == "Bearer" {
		s.Add(token)
	}
	for _, cookie := range r.Cookies() {
		s.Add(cookie.Value)
	}
	s.AddForm(r.URL.RawQuery)
}

// Len answers how many there are.
func (s *Secrets) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all)
}

// forms are the ways in which a secret could be written down, each with the secret
// itself: as it is, in a URL or a form, in hexadecimal and base64, as the octets that it
// encodes, and, of a signed token, the signature by itself.
func (s *Secrets) forms() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	forms := map[string]string{}
	add := func(octets []byte, secret string) {
		if len(octets) < shortest {
			return
		}
		for _, form := range []string{
			string(octets), hex.EncodeToString(octets), strings.ToUpper(hex.EncodeToString(octets)),
			base64.StdEncoding.EncodeToString(octets), base64.RawStdEncoding.EncodeToString(octets), base64.RawURLEncoding.EncodeToString(octets),
		} {
			forms[form] = secret
		}
	}
	for text := range s.all {
		add([]byte(text), text)
		forms[url.QueryEscape(text)], forms[url.PathEscape(text)] = text, text
		if octets, err := base64.RawURLEncoding.DecodeString(text); err == nil {
			add(octets, text)
		}
		if parts := strings.Split(text, "."); len(parts) == 3 && len(parts[2]) >= 2*shortest {
			add([]byte(parts[2]), text)
			if octets, err := base64.RawURLEncoding.DecodeString(parts[2]); err == nil {
				add(octets, text)
			}
		}
	}
	return forms
}

// In answers the secrets that a text holds. It looks at each place once, by the first
// octets of what could begin there: texts and secrets are many.
func (s *Secrets) In(text []byte) []string {
	type start [8]byte // no form is shorter
	byStart := map[start][]string{}
	forms := s.forms()
	for form := range forms {
		at := start([]byte(form))
		byStart[at] = append(byStart[at], form)
	}
	found := map[string]bool{}
	for i := 0; i+len(start{}) <= len(text); i++ {
		for _, form := range byStart[start(text[i:])] {
			if bytes.HasPrefix(text[i:], []byte(form)) {
				found[forms[form]] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

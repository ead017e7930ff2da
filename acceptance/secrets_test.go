package acceptance

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// secrets are the passwords, tokens, cookies and mailed links that a story has
// used, gathered as they pass by, and the installation's own.
type secrets struct {
	mu  sync.Mutex
	all map[string]bool
}

// shortest is the least length of what is searched for: a shorter text may stand
// anywhere by chance.
const shortest = 10

func (s *secrets) add(text string) {
	if len(text) < shortest || strings.Count(text, text[:1]) == len(text) { // such as AAA…, which encodes nothing but zeros
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[string]bool{}
	}
	s.all[text] = true
}

// secretMembers are the members of bodies, ours and the program's, that hold one.
var secretMembers = []string{
	"password", "old_password", "new_password", "newPassword", "token", "access", "refresh",
}

// addBody gathers the secrets of a JSON body; another body has none.
func (s *secrets) addBody(body []byte) {
	var members map[string]any
	if json.Unmarshal(body, &members) != nil {
		return
	}
	for _, name := range secretMembers {
		if text, ok := members[name].(string); ok {
			s.add(text)
		}
	}
}

// addRequest gathers the secrets that a request presents beside its body: a token, a
// cookie, what stands in a link.
func (s *secrets) addRequest(r *http.Request) {
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && scheme == "Bearer" {
		s.add(token)
	}
	for _, cookie := range r.Cookies() {
		s.add(cookie.Value)
	}
	s.addForm(r.URL.RawQuery)
}

// addForm gathers those of a form or a query.
func (s *secrets) addForm(text string) {
	members, err := url.ParseQuery(text)
	if err != nil {
		return
	}
	for _, name := range append(secretMembers, "again") {
		s.add(members.Get(name))
	}
}

// forms are the ways in which a secret could be written down: as it is, as the
// octets that it encodes, and, of a signed token, the signature by itself.
func (s *secrets) forms() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	forms := map[string]string{}
	for text := range s.all {
		forms[text] = text
		if octets, err := base64.RawURLEncoding.DecodeString(text); err == nil && len(octets) >= shortest {
			forms[string(octets)] = text
		}
		if parts := strings.Split(text, "."); len(parts) == 3 && len(parts[2]) >= shortest {
			forms[parts[2]] = text
			if octets, err := base64.RawURLEncoding.DecodeString(parts[2]); err == nil {
				forms[string(octets)] = text
			}
		}
	}
	return forms
}

// in answers the secrets that a text holds.
func (s *secrets) in(text []byte) []string {
	found := map[string]bool{}
	for form, secret := range s.forms() {
		if bytes.Contains(text, []byte(form)) {
			found[secret] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// log collects the standard error of an installation's servers.
type log struct{ lines }

// check wants one JSON object a line, no secret in any, and no error of ours: a
// 503 says that the program is busy or stops, as it should.
func (l *log) check(t *testing.T, used *secrets) {
	t.Helper()
	text := l.String()
	for line := range strings.Lines(text) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Errorf("this line of the log is not one JSON object (%v): %s", err, line)
		}
		if entry["level"] == "ERROR" && entry["status"] != 503.0 {
			t.Errorf("the log tells of an error: %s", line)
		}
	}
	for _, secret := range used.in([]byte(text)) {
		t.Errorf("the log holds the secret %s", secret)
	}
}

// tail answers the last lines.
func (l *log) tail(n int) string {
	all := strings.SplitAfter(strings.TrimSpace(l.String()), "\n")
	return strings.Join(all[max(0, len(all)-n):], "")
}

// secretFile is where an installation keeps the secret that it has made.
const secretFile = "secret"

// checkData searches the octets of the database, of its log and of whatever else an
// installation keeps, but for the mails, which carry their links, and the file that
// is the secret's own.
func (in *installation) checkData(t *testing.T) {
	t.Helper()
	if own, err := os.ReadFile(filepath.Join(in.data, secretFile)); err == nil {
		in.secrets.add(strings.TrimSpace(string(own)))
	}
	err := filepath.WalkDir(in.data, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case os.IsNotExist(err):
			return nil
		case err == nil && entry.IsDir() && entry.Name() == "mail":
			return fs.SkipDir
		case err != nil || entry.IsDir() || path == filepath.Join(in.data, secretFile):
			return err
		}
		octets, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			return nil // a server that is stopping took its log away
		}
		for _, secret := range in.secrets.in(octets) {
			t.Errorf("%s holds the secret %s", entry.Name(), secret)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// checkSaid searches what the commands printed, and the metrics of the servers.
func (in *installation) checkSaid(t *testing.T) {
	t.Helper()
	for what, said := range map[string]*lines{"what the commands printed": &in.said, "the metrics": &in.metrics} {
		for _, secret := range in.secrets.in([]byte(said.String())) {
			t.Errorf("%s: the secret %s", what, secret)
		}
	}
}

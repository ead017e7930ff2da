package attack

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
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

// secrets are the passwords, tokens, cookies and mailed links that were used
// against a target, gathered as they pass by.
type secrets struct {
	mu  sync.Mutex
	all map[string]bool
}

// shortest is the least length of what is searched for: a shorter text may stand
// anywhere by chance.
const shortest = 12

func (s *secrets) add(text string) {
	if len(text) < shortest || len(text) > 4<<10 {
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
	if len(body) > 8<<10 || json.Unmarshal(body, &members) != nil {
		return
	}
	for _, name := range secretMembers {
		if text, ok := members[name].(string); ok {
			s.add(text)
		}
	}
}

// forms are the ways in which a secret could be written down, each with the secret
// itself: as it is, in a URL or a form, in hexadecimal and base64, as the octets that it
// encodes, and, of a signed token, the signature by itself.
func (s *secrets) forms() map[string]string {
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

// in answers the secrets that a text holds. It looks at each place once, by the first
// octets of what could begin there: texts and secrets are many.
func (s *secrets) in(text []byte) []string {
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

// TestASecretIsFound writes a secret down in every way that is searched for.
func TestASecretIsFound(t *testing.T) {
	var used secrets
	const password = "correct horse+battery/staple?"
	token := encoded([]byte("thirty-two octets of a token, no less"))
	used.add(password)
	used.add(token)
	used.add("e30.e30." + token)
	for _, text := range []string{
		password, "correct+horse%2Bbattery%2Fstaple%3F", "correct%20horse+battery%2Fstaple%3F", hex.EncodeToString([]byte(password)),
		base64.StdEncoding.EncodeToString([]byte(password)), token, "thirty-two octets of a token, no less", strings.ToUpper(hex.EncodeToString([]byte("thirty-two octets of a token, no less"))),
	} {
		for _, around := range []string{"", "x", "\"", strings.Repeat("long ", 1000)} {
			if len(used.in([]byte(around+text+around))) == 0 {
				t.Errorf("%q within %.9q is not found", text, around)
			}
		}
	}
	if found := used.in([]byte(password[:20] + "|" + token[1:])); len(found) != 0 {
		t.Errorf("a part is taken for %q", found)
	}
}

// leave ends a target that a test had to itself, and searches what is left.
func (g *target) leave(t *testing.T) {
	t.Helper()
	spilt := g.spilt()
	if err := g.stop(); err != nil {
		t.Error(err)
	}
	for _, where := range append(spilt, g.spilt()...) {
		t.Error(where)
	}
}

// lastLook stops the shared target, searches what it wrote for every secret that
// was used, and tells so as LGG-01. It answers whether all is well.
func lastLook() bool {
	if !begun.Load() {
		return true
	}
	g, err := shared()
	if err != nil {
		return true // the attacks have told
	}
	if g.data == "" || g.used.empty() {
		return g.stop() == nil
	}
	r := row{id: "LGG-01", tried: "searched " + g.searched() + " for every secret used by any attack"}
	spilt := g.spilt()
	if err := g.stop(); err != nil {
		spilt = append(spilt, err.Error())
	}
	spilt = append(spilt, g.spilt()...)
	r.verdict, r.did = held, fmt.Sprintf("wrote none of %d down", len(g.used.all))
	if len(spilt) > 0 {
		r.verdict, r.did = broken, strings.Join(spilt[:min(5, len(spilt))], "; ")
	}
	if chosen(r.id) || r.verdict == broken {
		tell(r)
	}
	return len(spilt) == 0
}

// searched says what of the server's own side is at hand.
func (g *target) searched() string {
	if g.log != nil {
		return "log (at level debug), database and metrics"
	}
	all := []string{"the data directory"}
	if *logFlag != "" {
		all = append(all, "the log")
	}
	if g.ops != "" {
		all = append(all, "the metrics")
	}
	return strings.Join(all, " and ")
}

func (s *secrets) empty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all) == 0
}

// spilt says where a secret stands that shouldn't: in the log, in the metrics, in
// any file of the data directory. Mails carry links by design, and the key of the
// installation is its own.
func (g *target) spilt() []string {
	var found []string
	search := func(where string, text []byte) {
		for _, secret := range g.used.in(text) {
			found = append(found, fmt.Sprintf("%s holds the secret %.40q", where, secret))
		}
	}
	if g.log != nil {
		text := g.log.String()
		search("the log", []byte(text))
		found = append(found, notLines(text)...)
	} else if *logFlag != "" {
		text, err := os.ReadFile(*logFlag)
		if err != nil {
			found = append(found, err.Error())
		}
		search("the log", text)
	}
	if response, err := http.Get(g.ops + "/metrics"); err == nil {
		text, _ := io.ReadAll(response.Body) // what came is searched
		response.Body.Close()
		search("the metrics", text)
	}
	err := filepath.WalkDir(g.data, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case os.IsNotExist(err): // a server that is stopping took it away
			return nil
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "mail":
			return fs.SkipDir
		case entry.IsDir() || entry.Name() == "secret":
			return nil
		}
		octets, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			return nil
		}
		search(entry.Name(), octets)
		return err
	})
	if err != nil {
		found = append(found, err.Error())
	}
	return found
}

// notLines answers the lines of a log that are not one JSON object each, and those
// that tell of an error of the program's own: a 503 says that it is busy or stops, as
// it should.
func notLines(text string) []string {
	var bad []string
	for line := range strings.Lines(text) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			bad = append(bad, fmt.Sprintf("this line of the log is not one JSON object (%v): %.300s", err, line))
		}
		if entry["level"] == "ERROR" && entry["status"] != 503.0 {
			bad = append(bad, fmt.Sprintf("the log tells of an error: %.300s", line))
		}
	}
	return bad
}

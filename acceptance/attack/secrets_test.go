package attack

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

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
	if g.data == "" || g.used.Len() == 0 {
		return g.stop() == nil
	}
	r := row{id: "LGG-01", tried: "searched " + g.searched() + " for every secret used by any attack"}
	spilt := g.spilt()
	if err := g.stop(); err != nil {
		spilt = append(spilt, err.Error())
	}
	spilt = append(spilt, g.spilt()...)
	r.verdict, r.did = held, fmt.Sprintf("wrote none of %d down", g.used.Len())
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

// spilt says where a secret stands that shouldn't: in the log, in the metrics, in
// any file of the data directory. Mails carry links by design, and the key of the
// installation is its own.
func (g *target) spilt() []string {
	var found []string
	search := func(where string, text []byte) {
		for _, secret := range g.used.In(text) {
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

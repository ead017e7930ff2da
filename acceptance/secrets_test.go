package acceptance

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"matricula/acceptance/outside"
)

// log collects the standard error of an installation's servers.
type log struct{ lines }

// check wants one JSON object a line, no secret in any, and no error of ours: a
// 503 says that the program is busy or stops, as it should.
func (l *log) check(t *testing.T, used *outside.Secrets) {
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
	for _, secret := range used.In([]byte(text)) {
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
		in.secrets.Add(strings.TrimSpace(string(own)))
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
		for _, secret := range in.secrets.In(octets) {
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
		for _, secret := range in.secrets.In([]byte(said.String())) {
			t.Errorf("%s: the secret %s", what, secret)
		}
	}
}

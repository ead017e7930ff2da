package acceptance

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestDemoIsTrue does what the demonstration says: it signs in with each account
// that is printed, and runs the lines to try first as they stand.
func TestDemoIsTrue(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		orSkip(t, "there is no curl: apt-get install curl")
	}
	in, temp := install(t), t.TempDir()
	in.env = []string{"TMPDIR=" + temp}
	s := in.launch(t, "demo", "--addr", "127.0.0.1:0")
	eventually(t, startTime, "the demonstration", func() bool { return strings.Contains(s.out.String(), "Ctrl-C") })
	said := s.out.String()
	s.visitor = newVisitor(regexp.MustCompile(`http://localhost:\d+`).FindString(said), in.secrets)

	accounts := demoAccounts(said)
	for _, role := range []string{"officer", "student", "adviser", "mentor", "administrator"} {
		if !strings.Contains(strings.Join(accounts.roles, "\n"), role) {
			t.Errorf("the demonstration has no %s:\n%s", role, said)
		}
	}
	for i, m := range accounts.members {
		s.getIn(t, m, accounts.roles[i])
	}
	for name, want := range map[string]string{
		"/api/catalog/tags": `"id":0`, "/api/catalog/num-user-tags": `"id":0`, "/api/cohorts": `"academicYear"`,
		"/api/cohorts/current": `"academicYear"`, "/dev/mail": "<h1", "/": "",
	} {
		a := s.call(t, "GET", name, nil)
		if a.status >= 400 || !strings.Contains(string(a.body), want) {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}

	tries := regexp.MustCompile(`(?m)^\s*curl .*$`).FindAllString(said, -1)
	if len(tries) != 3 {
		t.Fatalf("%d lines to try first, want 3:\n%s", len(tries), said)
	}
	for i, member := range []string{"exists", "access", "user"} {
		out, err := exec.Command("sh", "-ec", tries[i]).Output()
		var answer object
		if err != nil || json.Unmarshal(out, &answer) != nil || answer[member] == nil {
			t.Errorf("%s\nanswers %q (%v), want a member %q", tries[i], out, err, member)
		}
	}

	s.stop(t)
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("the demonstration left %v behind (%v)", left, err)
	}
}

// getIn signs in as somebody whom the demonstration tells to have a role.
func (s *server) getIn(t *testing.T, m member, role string) {
	t.Helper()
	if strings.Contains(role, "not confirmed") {
		s.call(t, "POST", "/api/user/login", object{"email": m.email, "password": m.password}).want(t, 403)
		eventually(t, mailTime, "the mail to "+m.email, func() bool {
			return strings.Contains(string(s.call(t, "GET", "/dev/mail", nil).body), m.email)
		})
		return
	}
	cookie, _ := s.signIn(t, m)
	info := s.info(t, cookie).want(t, 200)
	if strings.Contains(role, "officer") {
		s.profile(t, s.login(t, officer{email: m.email, password: m.password}).access).want(t, 200)
	} else if word := regexp.MustCompile(`student|adviser|mentor|administrator`).FindString(role); info.members(t)[word] == nil {
		t.Errorf("%s is told to be %s, and is not: %s", m.email, role, info.body)
	}
}

// printed are the accounts that a demonstration prints.
type printed struct {
	members []member
	roles   []string
}

// demoAccounts reads the table, whose columns are two spaces apart at least.
func demoAccounts(said string) printed {
	var p printed
	_, table, _ := strings.Cut(said, "EMAIL")
	table, _, _ = strings.Cut(table, "\n\n")
	for _, line := range strings.Split(table, "\n")[1:] {
		cells := regexp.MustCompile(`\s{2,}`).Split(strings.TrimSpace(line), -1)
		if len(cells) == 3 {
			p.members = append(p.members, member{cells[0], cells[1]})
			p.roles = append(p.roles, cells[2])
		}
	}
	return p
}

package acceptance

import (
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestEveryRoleHasAllCallsNeeded is the cohorts contract for a student, an adviser,
// a mentor and an administrator whom commands made.
func TestEveryRoleHasAllCallsNeeded(t *testing.T) {
	t.Parallel()
	const front = "http://localhost:3000"
	in := install(t)
	s := in.serve(t, "--origins", front)
	year, project := programme(t, in)
	roles := map[string]object{
		"student": {"cohortYear": year, "projectId": project, "nusnetId": "e0123456", "matricNo": "A0123456X"},
		"adviser": {"cohortYear": year, "projectIds": []any{project}, "nusnetId": nil, "matricNo": nil},
		"mentor":  {"cohortYear": year, "projectIds": []any{project}},
		"administrator": {
			"startDate": day(-1) + "T00:00:00.000Z", "endDate": day(1) + "T23:59:59.999Z",
		},
	}
	for role, want := range roles {
		m := member{role + "@example.edu", "the " + role + " of the story"}
		t.Run(role, func(t *testing.T) {
			cookie, a := s.signIn(t, m)
			user := a.members(t)["user"].(object)
			got, _ := user[role].(object)
			if got == nil {
				t.Fatalf("sign-in tells of no %s: %s", role, a.body)
			}
			if got["userId"] != user["id"] || got["id"] == nil {
				t.Errorf("the %s's ids are wrong: %v", role, got)
			}
			delete(got, "id")
			delete(got, "userId")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("what the %s is told (-want +got):\n%s", role, diff)
			}
			for other := range roles {
				if other != role && user[other] != nil {
					t.Errorf("a %s is told to be a %s: %s", role, other, a.body)
				}
			}
			if info := s.info(t, cookie).want(t, 200); string(info.body) != string(a.body) {
				t.Errorf("info says %s, sign-in said %s", info.body, a.body)
			}
			s.call(t, "GET", "/api/auth/sign-out", nil, cookie).want(t, 200)
			s.info(t, cookie).want(t, 401).says(t, "message", "Authentication failed")
			s.call(t, "GET", "/api/auth/sign-out", nil, cookie).want(t, 401)
			setNewPassword(t, s, m, front)
		})
	}
}

// programme makes, with commands beside the running server, a cohort that runs
// now, a project, and somebody of every role. It answers the year and the
// project's id.
func programme(t *testing.T, in *installation) (year, project float64) {
	t.Helper()
	for _, role := range []string{"student", "adviser", "mentor", "administrator"} {
		in.person(t, role+"@example.edu", "The "+role, "the "+role+" of the story")
	}
	year = float64(time.Now().UTC().Year())
	cohort := strconv.Itoa(int(year))
	in.run(t, "", "cohort", "create", cohort, "--start", day(-30), "--end", day(30))
	in.run(t, "", "cohort", "create", strconv.Itoa(int(year)-1), "--start", day(-400), "--end", day(-60))
	made := in.run(t, "", "project", "create", cohort, "Star Map", "--adviser", "adviser@example.edu", "--mentor", "mentor@example.edu", "--json")
	var shape struct{ ID float64 }
	if err := json.Unmarshal([]byte(made), &shape); err != nil || shape.ID == 0 {
		t.Fatalf("project create --json: %v: %s", err, made)
	}
	in.run(t, "", "role", "grant", "student@example.edu", "student", "--cohort", cohort,
		"--project", strconv.Itoa(int(shape.ID)), "--nusnet-id", "e0123456", "--matric-no", "A0123456X")
	in.run(t, "", "role", "grant", "administrator@example.edu", "administrator", "--start", day(-1), "--end", day(1))
	return year, shape.ID
}

// day is a day in UTC, some days from today.
func day(from int) string { return time.Now().UTC().AddDate(0, 0, from).Format(time.DateOnly) }

// setNewPassword resets and changes a member's password by mail.
func setNewPassword(t *testing.T, s *server, m member, front string) {
	t.Helper()
	old, _ := s.signIn(t, m)
	s.call(t, "POST", "/api/auth/reset-password", object{"email": m.email, "origin": "https://evil.example"}).want(t, 400)
	asked := s.call(t, "POST", "/api/auth/reset-password", object{"email": m.email, "origin": front}).want(t, 200)
	nobody := s.call(t, "POST", "/api/auth/reset-password", object{"email": "nobody@example.edu", "origin": front}).want(t, 200)
	if string(asked.body) != string(nobody.body) {
		t.Errorf("a reset is answered %s, for an unknown address %s", asked.body, nobody.body)
	}
	mailed := s.newLetter(t, m.email, 1).link(t)
	if got, want := mailed.Scheme+"://"+mailed.Host+mailed.Path, front+"/change-password"; got != want {
		t.Errorf("the mailed link leads to %s, want %s", got, want)
	}
	link := resetLinkOf(mailed)
	body := link.change("brand new password, quite long")
	if m.email == "mentor@example.edu" { // front ends send the id as a number, too
		body["id"] = json.Number(link.id)
	}
	weak := link.change("password")
	s.call(t, "POST", "/api/auth/change-password", weak).want(t, 400)
	s.call(t, "POST", "/api/auth/change-password", body).want(t, 200)
	s.call(t, "POST", "/api/auth/change-password", body).want(t, 400)
	s.info(t, old).want(t, 401)
	s.call(t, "POST", "/api/auth/sign-in", object{"email": m.email, "password": m.password}).want(t, 401)
	s.signIn(t, member{m.email, "brand new password, quite long"})
}

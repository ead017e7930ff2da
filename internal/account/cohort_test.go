package account_test

import (
	"strings"
	"testing"
	"time"

	"matricula/internal/account"
	"matricula/internal/account/accounttest"
	"matricula/internal/token"
)

var operator = account.Caller{Actor: "operator"}

func on(text string) time.Time {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return at
}

// programme makes two cohorts, of which 2026 runs at the kit's start.
func programme(t *testing.T, k *accounttest.Kit) {
	t.Helper()
	must(t, k.AddCohorts(t.Context(), operator, []account.Cohort{
		{Year: 2025, Start: on("2025-05-01"), End: on("2026-05-01").Add(-time.Millisecond)},
		{Year: 2026, Start: on("2026-05-01"), End: on("2027-05-01").Add(-time.Millisecond)},
	}))
}

func who(t *testing.T, k *accounttest.Kit, cookie account.Cookie) account.Roles {
	t.Helper()
	member, err := k.Who(t.Context(), cookie.Secret)
	must(t, err)
	return member.Roles
}

func TestRolesAreThoseOfTheLatestCohort(t *testing.T) {
	k := accounttest.New(t, func(c *account.Config) { c.SessionTTL = 10 * 365 * 24 * time.Hour })
	a, err := k.CreateAccount(t.Context(), operator, account.NewAccount{Email: "ada@x.test", Name: "Ada", Password: token.SecretOf(good)})
	must(t, err)
	_, cookie, err := k.SignInMember(t.Context(), someone, "ada@x.test", good, token.Secret{})
	wants(t, "a sign-in before there is any cohort", err, "")
	if roles := who(t, k, cookie); roles != (account.Roles{}) {
		t.Errorf("roles without a cohort: %+v", roles)
	}
	programme(t, k)
	projects, err := k.AddProjects(t.Context(), operator, []account.NewProject{{Year: 2026, Name: "Rockets"}, {Year: 2025, Name: "Kites"}, {Year: 2026, Name: "Boats"}})
	must(t, err)
	rockets, kites, boats := projects[0].ID, projects[1].ID, projects[2].ID
	must(t, k.GrantStudent(t.Context(), operator, account.Student{Account: a.ID, Year: 2025, Project: kites, NusnetID: "e1"}))
	must(t, k.GrantAdviser(t.Context(), operator, account.Adviser{Account: a.ID, Year: 2026, Projects: []int64{boats, rockets}, MatricNo: "A1"}))
	must(t, k.GrantAdministrator(t.Context(), operator, account.Administrator{Account: a.ID, Start: on("2026-08-01"), End: on("2026-10-01")}))

	roles := who(t, k, cookie)
	if roles.Student != nil || roles.Mentor != nil {
		t.Errorf("roles of another cohort are shown: %+v", roles)
	}
	if r := roles.Adviser; r == nil || r.Year != 2026 || r.MatricNo != "A1" || r.NusnetID != "" || len(r.Projects) != 2 || r.Projects[0] != rockets {
		t.Errorf("the adviser is %+v", r)
	}
	if r := roles.Administrator; r == nil || !r.Start.Equal(on("2026-08-01")) {
		t.Errorf("the administrator is %+v", r)
	}
	k.Clock.Move(on("2026-10-01").Sub(accounttest.Start))
	if who(t, k, cookie).Administrator == nil {
		t.Error("the grant has ended at its last instant")
	}
	k.Clock.Move(time.Millisecond)
	if who(t, k, cookie).Administrator != nil {
		t.Error("the grant holds after its end")
	}
	k.Clock.Move(-200 * 24 * time.Hour) // while 2025 runs
	if roles := who(t, k, cookie); roles.Student == nil || roles.Student.Project != kites || roles.Adviser != nil {
		t.Errorf("a year before: %+v", roles)
	}
}

func TestGrantsThatCantBe(t *testing.T) {
	k := accounttest.New(t)
	programme(t, k)
	ada, err := k.CreateAccount(t.Context(), operator, account.NewAccount{Email: "ada@x.test", Name: "Ada"})
	must(t, err)
	bob, err := k.CreateAccount(t.Context(), operator, account.NewAccount{Email: "bob@x.test", Name: "Bob"})
	must(t, err)
	projects, err := k.AddProjects(t.Context(), operator, []account.NewProject{{Year: 2026, Name: "Rockets", Mentor: bob.ID}, {Year: 2025, Name: "Kites"}})
	must(t, err)
	student := func(id, year, project int64, nusnet string) error {
		return k.GrantStudent(t.Context(), operator, account.Student{Account: id, Year: year, Project: project, NusnetID: nusnet})
	}
	wants(t, "no such account", student(99, 2026, 0, ""), account.NotFound)
	wants(t, "no such cohort", student(ada.ID, 1999, 0, ""), account.NotFound)
	wants(t, "no such project", student(ada.ID, 2026, 99, ""), account.NotFound)
	wants(t, "a project of another cohort", student(ada.ID, 2026, projects[1].ID, ""), account.Invalid)
	for _, odd := range []string{"e1\x1b[31m", "e1\n", "e1\u202e", "e\u200b1", "e\xff", "\u2028", strings.Repeat("1", 71)} {
		wants(t, "a number that can't be shown", student(ada.ID, 2026, 0, odd), account.Invalid)
		wants(t, "a number that can't be shown", k.GrantAdviser(t.Context(), operator, account.Adviser{Account: ada.ID, Year: 2026, MatricNo: odd}), account.Invalid)
	}
	wants(t, "a student", student(ada.ID, 2026, 0, "e1"), "")
	wants(t, "twice", student(ada.ID, 2026, 0, ""), account.Taken)
	wants(t, "the same nusnetId", student(bob.ID, 2026, 0, "e1"), account.Taken)
	wants(t, "a mentor where there is one", k.GrantMentor(t.Context(), operator, account.Mentor{Account: ada.ID, Year: 2026, Projects: []int64{projects[0].ID}}), account.Taken)
	if grants, err := k.Grants(t.Context(), ada.ID); err != nil || len(grants) != 1 {
		t.Errorf("the refused grants left %+v, %v", grants, err)
	}
	wants(t, "an end before the start", k.GrantAdministrator(t.Context(), operator, account.Administrator{Account: ada.ID, Start: on("2026-02-01"), End: on("2026-01-01")}), account.Invalid)
	must(t, k.RevokeRole(t.Context(), operator, bob.ID, account.MentorRole, 2026))
	wants(t, "once more", k.RevokeRole(t.Context(), operator, bob.ID, account.MentorRole, 2026), account.NotFound)
	if all, _ := k.Projects(t.Context(), 2026); all[0].Mentor != 0 {
		t.Error("the project keeps the mentor whose role is gone")
	}
}

func TestAnOperatorsAccountIsInvited(t *testing.T) {
	k := accounttest.New(t)
	a, err := k.CreateAccount(t.Context(), operator, account.NewAccount{Email: "ada@x.test", Name: "Ada"})
	must(t, err)
	link := k.Link(t, "ada@x.test")
	if link.Host != "localhost:8080" || link.Path != "/change-password" || link.Query().Get("id") != "1" {
		t.Errorf("the invitation leads to %s", link)
	}
	k.Clock.Move(6 * 24 * time.Hour)
	secret := token.SecretOf(link.Query().Get("token"))
	wants(t, "a weak password", k.ResetByLink(t.Context(), someone, a.ID, secret, "password1"), account.WeakPassword)
	wants(t, "another id", k.ResetByLink(t.Context(), someone, a.ID+1, secret, good), account.TokenInvalid)
	must(t, k.ResetByLink(t.Context(), someone, a.ID, secret, good))
	_, _, err = k.SignInMember(t.Context(), someone, "ada@x.test", good, token.Secret{})
	wants(t, "signing in with it", err, "")
	_, err = k.CreateAccount(t.Context(), operator, account.NewAccount{Email: "ADA@x.test", Name: "Ada"})
	wants(t, "the address again", err, account.Taken)
	_, err = k.CreateAccount(t.Context(), operator, account.NewAccount{Email: "nobody", Name: ""})
	wants(t, "nonsense", err, account.Invalid)
}

package cohorts

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"matricula/api/apitest"
	"matricula/internal/account"
	"matricula/internal/token"
	"matricula/internal/web"
	"matricula/internal/web/webtest"
)

// limits are those of the stories that are about one.
var limits = map[string]account.Limits{
	"rest": {Failures: 2},
}

// TestStories plays every transcript in testdata, each against a door of its own.
// Together they tell all that api/openapi.yaml describes of the contract. In them,
//
//	! account EMAIL NAME…               makes a confirmed account with $password; ids count from 1
//	! invite EMAIL NAME…                makes one without a password, who gets a mail to set one
//	! officer EMAIL                     makes an unconfirmed one, with $password, by registering a club
//	! set EMAIL MEMBER VALUE…           sets an optional member
//	! cohort YEAR START END             makes a cohort, between instants
//	! project YEAR NAME                 makes a project; ids count from 1
//	! student EMAIL YEAR [PROJECT NUSNET MATRIC]    grants, as do the next three
//	! adviser EMAIL YEAR [PROJECT,PROJECT NUSNET MATRIC]
//	! mentor EMAIL YEAR [PROJECT,PROJECT]
//	! administrator EMAIL START END
//	! revoke EMAIL ROLE YEAR
//	! clock INSTANT                     moves the clock there
//	! after DURATION                    moves it on
//	! disable EMAIL, ! enable EMAIL, ! delete EMAIL
//	! mails N                           delivers, and holds that N mails went out
//	! link EMAIL                        delivers, and takes $link, $token and $id out of the newest mail
//	! repeat NAME TEXT N                sets $NAME to N times TEXT
//	! away, ! damage                    takes the database away, or breaks it, for good
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d transcripts, error %v", len(files), err)
	}
	book, told := apitest.Open(t, "cohorts"), 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name, func(t *testing.T) {
			k := newKit(t, func(c *account.Config) { c.Limits = limits[name] })
			k.Handler = book.Hold(t, k.Handler)
			if name == "rates" {
				k.rate = once()
			}
			vars := map[string]string{"password": password, "fresh": fresh}
			webtest.Play(t, k, file, vars, k.people(), k.years(), k.roles(), k.post(), k.time(), k.machine())
			told++
		})
	}
	if told == len(files) { // not when -run chooses among them
		book.Complete(t)
	}
}

// once lets each network make each call once.
func once() func(web.Visit) error {
	seen := map[web.Visit]bool{}
	return func(v web.Visit) error {
		if seen[v] {
			return &account.Error{Code: account.TooMany, RetryAfter: 100 * time.Millisecond}
		}
		seen[v] = true
		return nil
	}
}

var operator = account.Caller{Actor: "operator"}

// must fails the test where a hook's call was refused.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// people are the hooks about accounts.
func (k *kit) people() webtest.Hooks {
	create := func(t *testing.T, args []string, secret string) {
		_, err := k.CreateAccount(t.Context(), operator, account.NewAccount{
			Email: args[0], Name: strings.Join(args[1:], " "), Password: token.SecretOf(secret),
		})
		must(t, err)
	}
	return webtest.Hooks{
		"account": func(t *testing.T, args []string, _ map[string]string) { create(t, args, password) },
		"invite":  func(t *testing.T, args []string, _ map[string]string) { create(t, args, "") },
		"officer": func(t *testing.T, args []string, _ map[string]string) { k.addOfficer(t, args[0]) },
		"set": func(t *testing.T, args []string, _ map[string]string) {
			value := strings.Join(args[2:], " ")
			edit := map[string]account.AccountEdit{
				"profilePicUrl":   {ProfilePicURL: &value},
				"githubUrl":       {GithubURL: &value},
				"linkedinUrl":     {LinkedinURL: &value},
				"personalSiteUrl": {PersonalSiteURL: &value},
				"selfIntro":       {SelfIntro: &value},
			}[args[1]]
			must(t, k.EditAccount(t.Context(), operator, k.idOf(t, args[0]), edit))
		},
		"disable": func(t *testing.T, args []string, _ map[string]string) {
			must(t, k.SetDisabled(t.Context(), operator, k.idOf(t, args[0]), true))
		},
		"enable": func(t *testing.T, args []string, _ map[string]string) {
			must(t, k.SetDisabled(t.Context(), operator, k.idOf(t, args[0]), false))
		},
		"delete": func(t *testing.T, args []string, _ map[string]string) {
			must(t, k.DeleteAccount(t.Context(), operator, k.idOf(t, args[0])))
		},
	}
}

// years are the hooks about cohorts and projects.
func (k *kit) years() webtest.Hooks {
	return webtest.Hooks{
		"cohort": func(t *testing.T, args []string, _ map[string]string) {
			must(t, k.AddCohorts(t.Context(), operator, []account.Cohort{
				{Year: number(t, args[0]), Start: at(t, args[1]), End: at(t, args[2])},
			}))
		},
		"project": func(t *testing.T, args []string, _ map[string]string) {
			_, err := k.AddProjects(t.Context(), operator, []account.NewProject{{Year: number(t, args[0]), Name: args[1]}})
			must(t, err)
		},
	}
}

// roles are the hooks that grant and revoke.
func (k *kit) roles() webtest.Hooks {
	return webtest.Hooks{
		"student": func(t *testing.T, args []string, _ map[string]string) {
			role := account.Student{Account: k.idOf(t, args[0]), Year: number(t, args[1])}
			if len(args) > 2 {
				role.Project, role.NusnetID, role.MatricNo = number(t, args[2]), args[3], args[4]
			}
			must(t, k.GrantStudent(t.Context(), operator, role))
		},
		"adviser": func(t *testing.T, args []string, _ map[string]string) {
			role := account.Adviser{Account: k.idOf(t, args[0]), Year: number(t, args[1])}
			if len(args) > 2 {
				role.Projects, role.NusnetID, role.MatricNo = numbers(t, args[2]), args[3], args[4]
			}
			must(t, k.GrantAdviser(t.Context(), operator, role))
		},
		"mentor": func(t *testing.T, args []string, _ map[string]string) {
			role := account.Mentor{Account: k.idOf(t, args[0]), Year: number(t, args[1])}
			if len(args) > 2 {
				role.Projects = numbers(t, args[2])
			}
			must(t, k.GrantMentor(t.Context(), operator, role))
		},
		"administrator": func(t *testing.T, args []string, _ map[string]string) {
			must(t, k.GrantAdministrator(t.Context(), operator, account.Administrator{
				Account: k.idOf(t, args[0]), Start: at(t, args[1]), End: at(t, args[2]),
			}))
		},
		"revoke": func(t *testing.T, args []string, _ map[string]string) {
			must(t, k.RevokeRole(t.Context(), operator, k.idOf(t, args[0]), account.RoleName(args[1]), number(t, args[2])))
		},
	}
}

// post are the hooks about mail.
func (k *kit) post() webtest.Hooks {
	return webtest.Hooks{
		"mails": func(t *testing.T, args []string, _ map[string]string) {
			if got, want := len(k.Deliver(t)), number(t, args[0]); int64(got) != want {
				t.Fatalf("got %d mails, want %d", got, want)
			}
		},
		"link": func(t *testing.T, args []string, vars map[string]string) {
			link := k.Link(t, args[0])
			vars["link"], vars["token"], vars["id"] = link.String(), link.Query().Get("token"), link.Query().Get("id")
		},
		"repeat": func(t *testing.T, args []string, vars map[string]string) {
			vars[args[0]] = strings.Repeat(args[1], int(number(t, args[2])))
		},
	}
}

// time are the hooks that move the clock.
func (k *kit) time() webtest.Hooks {
	return webtest.Hooks{
		"clock": func(t *testing.T, args []string, _ map[string]string) {
			k.Clock.Move(at(t, args[0]).Sub(k.Clock.Now()))
		},
		"after": func(t *testing.T, args []string, _ map[string]string) {
			d, err := time.ParseDuration(args[0])
			must(t, err)
			k.Clock.Move(d)
		},
	}
}

// machine are the hooks about what the door stands on.
func (k *kit) machine() webtest.Hooks {
	return webtest.Hooks{
		"away":   func(t *testing.T, _ []string, _ map[string]string) { k.TakeAway(t) },
		"damage": func(t *testing.T, _ []string, _ map[string]string) { k.Damage(t) },
	}
}

func number(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	must(t, err)
	return n
}

func numbers(t *testing.T, text string) []int64 {
	t.Helper()
	var list []int64
	for part := range strings.SplitSeq(text, ",") {
		list = append(list, number(t, part))
	}
	return list
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	instant, err := time.Parse(time.RFC3339, text)
	must(t, err)
	return instant
}

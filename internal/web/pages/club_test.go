package pages

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"matricula/internal/account"
	"matricula/internal/token"
)

var berlin = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return zone
}()

func inBerlin(c *Config) { c.Zone = berlin }

// asKept compares clubs but for what every edit changes.
var asKept = []cmp.Option{cmpopts.IgnoreFields(account.Club{}, "LastUpdated"), cmpopts.EquateEmpty()}

// everything is an edit of all that the page can change.
var everything = url.Values{
	"name":                 {"Chess & Go «Ω»"},
	"about_us":             {"Line one.\r\n\r\nLine <b>three</b>."},
	"get_involved":         {"\r\nCome on Monday."},
	"tags":                 {"0", "4", "22"},
	"num_users":            {"0"},
	"new_members":          nil,
	"app_required":         {"1"},
	"apply_link":           {"x.test/apply?a=1&b=2"},
	"apply_deadline_start": {"2026-09-01T08:00"},
	"apply_deadline_end":   {"2026-12-01T23:59"},
	"recruiting_start":     {"2026-09-02T09:30"},
	"recruiting_end":       {""},

	contactEmail:             {" Board@X.test "},
	socialPrefix + "website": {"https://x.test/"},
	socialPrefix + "discord": {"//discord.test/x"},
	socialPrefix + "medium":  {""},
}

func TestAClubIsEdited(t *testing.T) {
	s := newSite(t, inBerlin)
	a := s.officer(t, chess)
	want := s.club(t, a.ID)
	b := s.browser(t)
	p := b.submit(t, b.signIn(t, chess, good), "/club", everything)
	if p.status != 200 || p.path != "/club?saved=true" || p.said() != "Your changes are saved." {
		t.Fatalf("got %d %s %q", p.status, p.path, p.text())
	}

	want.Name, want.AboutUs, want.GetInvolved = "Chess & Go «Ω»", "Line one.\n\nLine <b>three</b>.", "\nCome on Monday."
	want.Tags, want.NumUsers, want.NewMembers, want.AppRequired = []int64{0, 4, 22}, 0, false, true
	want.ApplyLink = "https://x.test/apply?a=1&b=2"
	want.ApplyDeadlineStart = time.Date(2026, 9, 1, 6, 0, 0, 0, time.UTC) // summer time
	want.ApplyDeadlineEnd = time.Date(2026, 12, 1, 22, 59, 0, 0, time.UTC)
	want.RecruitingStart = time.Date(2026, 9, 2, 7, 30, 0, 0, time.UTC)
	want.Social = map[string]string{
		"contact_email": "Board@X.test", "website": "https://x.test/", "discord": "https://discord.test/x",
	}
	got := s.club(t, a.ID)
	if diff := cmp.Diff(want, got, asKept...); diff != "" {
		t.Errorf("the club is not as it was typed (-want +got):\n%s", diff)
	}

	// What the page then shows, sent as it stands, changes nothing.
	b.submit(t, p, "/club", nil)
	if diff := cmp.Diff(got, s.club(t, a.ID), asKept...); diff != "" {
		t.Errorf("saving an untouched form changed the club (-before +after):\n%s", diff)
	}

	// And all can be emptied again that may be empty.
	empty := url.Values{"app_required": nil}
	for name := range p.form(t, "/club") {
		if !slices.Contains([]string{"name", "tags", "num_users"}, name) {
			empty[name] = []string{""}
		}
	}
	b.submit(t, p, "/club", empty)
	bare := s.club(t, a.ID)
	want = account.Club{
		ID: got.ID, Owner: got.Owner, OwnerEmail: got.OwnerEmail, Name: got.Name, LinkName: got.LinkName, Tags: got.Tags,
		Lists: got.Lists, Reactivated: true,
	}
	if diff := cmp.Diff(want, bare, asKept...); diff != "" {
		t.Errorf("the club is not emptied (-want +got):\n%s", diff)
	}
}

// TestUntouchedTimesStayExact: the form shows neither seconds nor which of the two
// hours it is when clocks go back, so a time that was not touched is not written.
func TestUntouchedTimesStayExact(t *testing.T) {
	s := newSite(t, inBerlin)
	a := s.officer(t, chess)
	times := []time.Time{
		time.Date(2026, 9, 1, 8, 0, 59, 123456000, time.UTC),
		time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC), // 02:30, for the second time that day
		time.Date(1800, 1, 1, 0, 0, 0, 0, time.UTC),    // local mean time, 53 minutes and 28 seconds ahead
	}
	must(t, s.SetClub(t.Context(), account.Caller{}, s.club(t, a.ID).ID, account.ClubEdit{
		ApplyDeadlineStart: &times[0], ApplyDeadlineEnd: &times[1], RecruitingStart: &times[2],
	}))
	b := s.browser(t)
	p := b.signIn(t, chess, good)
	form := p.form(t, "/club")
	for field, want := range map[string]string{
		"apply_deadline_start": "2026-09-01T10:00", "apply_deadline_end": "2026-10-25T02:30",
		"recruiting_start": "1800-01-01T00:53", "recruiting_end": "",
	} {
		if form.Get(field) != want {
			t.Errorf("%s is shown as %q, want %q", field, form.Get(field), want)
		}
	}
	// Some browsers add the seconds that they were not given.
	seconds := url.Values{"apply_deadline_start": {"2026-09-01T10:00:00"}, "about_us": {"New."}}
	p = b.submit(t, p, "/club", seconds)
	got := s.club(t, a.ID)
	for i, at := range []time.Time{got.ApplyDeadlineStart, got.ApplyDeadlineEnd, got.RecruitingStart} {
		if !at.Equal(times[i]) {
			t.Errorf("got %v, want %v", at, times[i])
		}
	}
	if got.AboutUs != "New." {
		t.Errorf("the text that was touched is %q", got.AboutUs)
	}
	b.submit(t, p, "/club", url.Values{"apply_deadline_start": {"2026-09-01T10:01:30"}})
	if at := s.club(t, a.ID).ApplyDeadlineStart; !at.Equal(time.Date(2026, 9, 1, 8, 1, 30, 0, time.UTC)) {
		t.Errorf("a touched time is %v", at)
	}
}

// TestWhatIsWrongStandsBesideItsField, what was typed is shown again, and nothing
// is saved.
func TestWhatIsWrongStandsBesideItsField(t *testing.T) {
	s := newSite(t, inBerlin)
	a := s.officer(t, chess)
	before := s.club(t, a.ID)
	b := s.browser(t)
	club := b.signIn(t, chess, good)
	for _, c := range []struct {
		field string
		typed []string
		want  string
	}{
		{"name", []string{""}, "A name has 1 to 70 characters."},
		{"name", []string{strings.Repeat("ü", 71)}, "A name has 1 to 70 characters."},
		{"name", []string{"a\tb"}, "A name is one line of plain text."},
		{"about_us", []string{strings.Repeat("ü", 751)}, "This text has at most 750 characters."},
		{"get_involved", []string{strings.Repeat("\r\n", 501)}, "This text has at most 500 characters."},
		{"tags", nil, "A club has 1 to 3 tags."},
		{"tags", []string{"0", "1", "2", "3"}, "A club has 1 to 3 tags."},
		{"tags", []string{"1", "1"}, "Tag 1 is given twice."},
		{"tags", []string{"999"}, "There is no tag 999."},
		{"tags", []string{"-1"}, "There is no tag -1."},
		{"tags", []string{"x", "y"}, "Please choose from the list."},
		{"num_users", []string{"999"}, "There is no size 999."},
		{"num_users", []string{""}, "Please choose from the list."},
		{"num_users", nil, "Please choose from the list."},
		{"apply_link", []string{"javascript:alert(1)"}, "This is not a link to a page (http or https)."},
		{"apply_link", []string{"data:text/html,<script>alert(1)</script>"}, "This is not a link to a page (http or https)."},
		{socialPrefix + "website", []string{"JaVaScRiPt:alert(1)"}, "This is not a link to a page (http or https)."},
		{socialPrefix + "website", []string{"java\tscript:alert(1)"}, "This is not a link to a page (http or https)."},
		{socialPrefix + "discord", []string{"https://"}, "This is not a link to a page (http or https)."},
		{contactEmail, []string{"nobody"}, "This is not an e-mail address."},
		{"apply_deadline_start", []string{"tomorrow"}, "There is no such date and time."},
		{"apply_deadline_end", []string{"2026-02-30T10:00"}, "There is no such date and time."},
		{"recruiting_start", []string{"2026-03-29T02:30"}, "There is no such date and time."}, // clocks go forward
		{"recruiting_end", []string{"10000-01-01T00:00"}, "There is no such date and time."},
		{"recruiting_end", []string{"0001-01-01T00:00"}, "There is no such date and time."}, // the year before, in UTC
		{"recruiting_end", []string{"2026-09-01T9:00"}, "There is no such date and time."},
	} {
		p := b.submit(t, club, "/club", url.Values{c.field: c.typed})
		if p.status != 400 || p.path != "/club" || p.fault(c.field) != c.want {
			t.Errorf("%s %.40q: got %d %q, want %q", c.field, c.typed, p.status, p.fault(c.field), c.want)
		}
		wantForm := club.form(t, "/club")
		wantForm[c.field] = c.typed
		again := p.form(t, "/club")
		if c.field == "num_users" || c.field == "tags" {
			// Only what is in a list can be chosen from it.
			delete(wantForm, c.field)
			delete(again, c.field)
		}
		if diff := cmp.Diff(wantForm, again, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s %.40q: the form is not as it was typed (-want +got):\n%s", c.field, c.typed, diff)
		}
		if link := linkTo(p, "#"+c.field); link != clubLabels[c.field] {
			t.Errorf("%s: the link to the field says %q, want %q", c.field, link, clubLabels[c.field])
		}
	}
	if diff := cmp.Diff(before, s.club(t, a.ID)); diff != "" {
		t.Errorf("a refused form changed the club (-before +after):\n%s", diff)
	}

	all := url.Values{"name": {""}, "about_us": {strings.Repeat("x", 751)}, "tags": nil}
	p := b.submit(t, club, "/club", all)
	for field := range all {
		if p.fault(field) == "" {
			t.Errorf("of several faults, that of %s is not told", field)
		}
	}
	links := b.submit(t, club, "/club", url.Values{"apply_link": {"ftp://x"}, contactEmail: {"x"}, socialPrefix + "github": {"mailto:x"}})
	for _, field := range []string{"apply_link", contactEmail, socialPrefix + "github"} {
		if links.fault(field) == "" {
			t.Errorf("of several bad links, that of %s is not told", field)
		}
	}
}

// linkTo is what the page's link to an address says.
func linkTo(p page, address string) string {
	for _, a := range p.all("a") {
		if to, err := url.PathUnescape(attr(a, "href")); err == nil && to == address {
			return text(a)
		}
	}
	return ""
}

// TestALimitCountsANewLineOnce as the editor does that counts along, and a
// character that is two in UTF-16 once as well.
func TestALimitCountsANewLineOnce(t *testing.T) {
	s := newSite(t)
	a := s.officer(t, chess)
	b := s.browser(t)
	p := b.submit(t, b.signIn(t, chess, good), "/club", url.Values{
		"about_us": {strings.Repeat("\r\n", 750)}, "get_involved": {strings.Repeat("🎲", 500)}, "name": {strings.Repeat("🎲", 70)},
	})
	if p.path != "/club?saved=true" {
		t.Errorf("got %d %s %q", p.status, p.path, p.said())
	}
	if got := s.club(t, a.ID).AboutUs; got != strings.Repeat("\n", 750) {
		t.Errorf("got %d octets, want 750 new lines", len(got))
	}
	if got := b.open(t, "/club").form(t, "/club").Get("about_us"); got != strings.Repeat("\r\n", 750) {
		t.Errorf("%d octets are shown, want 750 new lines", len(got))
	}
}

// TestATextIsNotLostWithTheSession: who is signed out while writing signs in
// elsewhere, and sends the same form again.
func TestATextIsNotLostWithTheSession(t *testing.T) {
	s := newSite(t)
	a := s.officer(t, chess)
	b := s.browser(t)
	club := b.signIn(t, chess, good)
	s.Clock.Move(240 * time.Hour)
	typed := maps.Clone(everything)
	typed.Set("is_reactivating", "1")
	kept := b.submit(t, club, "/club", typed)
	if kept.status != 401 || !strings.Contains(kept.said(), "nothing has been saved") || linkTo(kept, "/sign-in") == "" {
		t.Fatalf("got %d %q", kept.status, kept.text())
	}
	want := club.form(t, "/club")
	maps.Copy(want, typed)
	delete(want, "new_members") // an empty box is not sent
	if diff := cmp.Diff(want, kept.form(t, "/club"), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the form is not as it was typed (-want +got):\n%s", diff)
	}
	if strings.Contains(kept.body, "chess-club") || strings.Contains(kept.body, chess) {
		t.Error("somebody who is signed out is told of the club")
	}
	b.signIn(t, chess, good) // in another tab
	if p := b.submit(t, kept, "/club", nil); p.path != "/club?saved=true" {
		t.Errorf("saving again: got %d %s", p.status, p.path)
	}
	if got := s.club(t, a.ID).Name; got != "Chess & Go «Ω»" {
		t.Errorf("the club is called %q", got)
	}
}

// TestTagsKeepTheirOrder: boxes have none, so those that stay stay in place.
func TestTagsKeepTheirOrder(t *testing.T) {
	s := newSite(t)
	a := s.officer(t, chess) // with the tags 3 and 1
	b := s.browser(t)
	p := b.signIn(t, chess, good)
	for _, c := range []struct {
		typed []string
		want  []int64
	}{{[]string{"1", "3"}, []int64{3, 1}}, {[]string{"0", "1", "3"}, []int64{3, 1, 0}}, {[]string{"0", "2"}, []int64{0, 2}}} {
		b.submit(t, p, "/club", url.Values{"tags": c.typed})
		if got := s.club(t, a.ID).Tags; !slices.Equal(got, c.want) {
			t.Errorf("after choosing %v: got %v, want %v", c.typed, got, c.want)
		}
	}
}

func TestAClubThatWasDeleted(t *testing.T) {
	s := newSite(t)
	a := s.officer(t, chess)
	b := s.browser(t)
	club := b.signIn(t, chess, good)
	must(t, s.DeleteClub(t.Context(), account.Caller{}, s.club(t, a.ID).ID))
	for _, p := range []page{b.open(t, "/club"), b.submit(t, club, "/club", nil)} {
		if p.status != 404 || text(p.all("h1")[0]) != "You have no club here" {
			t.Errorf("got %d %q", p.status, p.text())
		}
	}
	if own := b.open(t, "/account"); own.status != 200 || linkTo(own, "/club") != "" {
		t.Errorf("the account page says %q", own.text())
	}
	if p := b.signIn(t, chess, good); p.path != "/account" {
		t.Errorf("signing in leads to %s", p.path)
	}
}

func TestAClubOfAnImportBecomesActive(t *testing.T) {
	s := newSite(t)
	a := s.officer(t, chess)
	b := s.browser(t)
	club := b.signIn(t, chess, good)
	if strings.Contains(club.body, "is_reactivating") {
		t.Error("an active club is asked whether it is")
	}
	must(t, s.Store.Update(t.Context(), func(tx account.Tx) error {
		asleep, err := tx.ClubByOwner(a.ID)
		if err != nil {
			return err
		}
		asleep.Reactivated = false
		return tx.SetClub(asleep)
	}))
	club = b.open(t, "/club")
	b.submit(t, club, "/club", nil)
	if s.club(t, a.ID).Reactivated {
		t.Error("saving made the club active by itself")
	}
	wrong := b.submit(t, club, "/club", url.Values{"is_reactivating": {"1"}, "name": {""}})
	if wrong.form(t, "/club").Get("is_reactivating") != "1" {
		t.Error("a refused form forgets that the club is active again")
	}
	b.submit(t, wrong, "/club", url.Values{"name": {"Chess Club"}})
	if !s.club(t, a.ID).Reactivated {
		t.Error("the club is not active")
	}
}

// TestOnlyTheOwnClubIsEdited: no field of the form names another, nor what the
// contract leaves out.
func TestOnlyTheOwnClubIsEdited(t *testing.T) {
	s := newSite(t)
	a := s.officer(t, chess)
	other := s.officer(t, "go@x.test")
	before, others := s.club(t, a.ID), s.club(t, other.ID)
	b := s.browser(t)
	otherID := strconv.FormatInt(others.ID, 10)
	form := b.signIn(t, chess, good).form(t, "/club")
	maps.Copy(form, url.Values{
		"id": {otherID}, "club_id": {otherID}, "owner": {"go@x.test"}, "link_name": {"mine"}, "confirmed": {"false"}, "logo_url": {"https://evil.test"},
		"reactivated": {""}, "last_updated": {"2020-01-01T00:00"}, "faq": {"[1]"},
	})
	if p := b.post(t, "/club?id="+otherID, form); p.path != "/club?saved=true" {
		t.Fatalf("got %d %s", p.status, p.path)
	}
	if diff := cmp.Diff(before, s.club(t, a.ID), asKept...); diff != "" {
		t.Errorf("the club changed (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(others, s.club(t, other.ID)); diff != "" {
		t.Errorf("the other club changed (-before +after):\n%s", diff)
	}
}

var hostile = []string{
	`"><script>alert(1)</script>`, `'><img src=x onerror=alert(1)>`, `</textarea><script>alert(1)</script>`, `</title><script>alert(1)</script>`,
	"{{.Site}}", "javascript:alert(1)", "\u202egnp.exe", "a\u0085b", "<!--", "]]>", "&lt;b&gt;", "🏴‍☠️", "=cmd()", "%s%n",
}

// TestHostileTextsAreInert: whatever people type, on their own page or another's,
// is text. What it may not do is held by every page that a test reads.
func TestHostileTextsAreInert(t *testing.T) {
	for _, text := range hostile {
		s := newSite(t)
		a := s.officer(t, chess)
		b := s.browser(t)
		club := b.signIn(t, chess, good)
		typed := url.Values{"name": {text}, "about_us": {text}, "get_involved": {text}}
		p := b.submit(t, club, "/club", typed)
		for field := range typed {
			if got := b.open(t, "/club").form(t, "/club").Get(field); p.status == 200 && got != text {
				t.Errorf("%q as %s is shown as %q", text, field, got)
			}
		}
		b.submit(t, club, "/club", url.Values{"apply_link": {text}, contactEmail: {text}, "tags": {text}, "num_users": {text}, "recruiting_end": {text}})
		if link := s.club(t, a.ID).ApplyLink; link != "" && !strings.HasPrefix(link, "https://") {
			t.Errorf("%q became the link %q", text, link)
		}
		for _, path := range []string{"/sign-in", "/forgot", "/resend"} {
			p := b.post(t, path, url.Values{"email": {text}, "password": {text}})
			if got := p.form(t, path).Get("email"); got != text {
				t.Errorf("%q at %s is shown as %q", text, path, got)
			}
		}
		query := "?" + url.Values{"email": {text}, "token": {text}, "id": {text}, "confirmed": {text}, "saved": {text}, "sent": {text}, "error": {text}}.Encode()
		for _, path := range []string{"/", "/sign-in", "/club", "/forgot", "/resend", LinkEndedPath, "/account", "/nowhere"} {
			if p := b.open(t, path+query); strings.Contains(p.body, "alert(1)") && path != "/club" && path != "/account" {
				t.Errorf("%s%s shows it", path, query)
			}
		}
		for _, action := range []string{"/reset", "/change-password"} {
			if got := b.post(t, action, url.Values{"token": {text}, "password": {good}, "again": {better}}).form(t, action).Get("token"); got != text {
				t.Errorf("the token %q stands in the form as %q", text, got)
			}
		}
		person := s.browser(t)
		if _, err := s.CreateAccount(t.Context(), account.Caller{}, account.NewAccount{Email: "ada@x.test", Name: text, Password: token.SecretOf(good)}); err == nil {
			if p := person.signIn(t, "ada@x.test", good); !strings.Contains(rawText(p.root), text) {
				t.Errorf("the name %q is shown otherwise", text)
			}
		}
	}
}

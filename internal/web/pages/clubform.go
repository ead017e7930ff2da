package pages

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"matricula/internal/account"
)

// The fields of the edit form have the names that the members have on the wire,
// so that what a refusal says of a member finds its field.

// clubLabels are what people read beside the fields.
var clubLabels = map[string]string{
	"name": "Name", "about_us": "About us", "get_involved": "How to get involved", "tags": "Tags", "num_users": "Members",
	"new_members": "We take new members", "app_required": "New members have to apply",
	"is_reactivating": "The club is active again", "apply_link": "Where to apply",

	"apply_deadline_start": "Applications open", "apply_deadline_end": "Applications close",
	"recruiting_start": "Recruiting begins", "recruiting_end": "Recruiting ends",

	contactEmail: "Contact e-mail", socialPrefix + "website": "Website", socialPrefix + "facebook": "Facebook",
	socialPrefix + "instagram": "Instagram", socialPrefix + "linkedin": "LinkedIn", socialPrefix + "twitter": "Twitter",
	socialPrefix + "youtube": "YouTube", socialPrefix + "github": "GitHub", socialPrefix + "behance": "Behance",
	socialPrefix + "medium": "Medium", socialPrefix + "gcalendar": "Google Calendar", socialPrefix + "discord": "Discord",
}

const (
	socialPrefix = "social_media_links."
	contactEmail = socialPrefix + "contact_email"
)

// clubTimes are the four instants of a club.
var clubTimes = []struct {
	name string
	of   func(*account.Club) time.Time
	in   func(*account.ClubEdit) **time.Time
}{
	{"apply_deadline_start",
		func(c *account.Club) time.Time { return c.ApplyDeadlineStart },
		func(e *account.ClubEdit) **time.Time { return &e.ApplyDeadlineStart }},
	{"apply_deadline_end",
		func(c *account.Club) time.Time { return c.ApplyDeadlineEnd },
		func(e *account.ClubEdit) **time.Time { return &e.ApplyDeadlineEnd }},
	{"recruiting_start",
		func(c *account.Club) time.Time { return c.RecruitingStart },
		func(e *account.ClubEdit) **time.Time { return &e.RecruitingStart }},
	{"recruiting_end",
		func(c *account.Club) time.Time { return c.RecruitingEnd },
		func(e *account.ClubEdit) **time.Time { return &e.RecruitingEnd }},
}

// clubValues is a club as its form has it: what a browser sends that changes
// nothing.
func (p *pages) clubValues(c account.Club) url.Values {
	values := url.Values{
		"name": {c.Name}, "about_us": {c.AboutUs}, "get_involved": {c.GetInvolved}, "apply_link": {c.ApplyLink},
		"num_users": {strconv.FormatInt(c.NumUsers, 10)},
	}
	if c.AppRequired {
		values.Set("app_required", "1")
	}
	if c.NewMembers {
		values.Set("new_members", "1")
	}
	for _, tag := range c.Tags {
		values.Add("tags", strconv.FormatInt(tag, 10))
	}
	for _, at := range clubTimes {
		values.Set(at.name, p.inputTime(at.of(&c)))
	}
	for _, name := range account.SocialLinks {
		values.Set(socialPrefix+name, c.Social[name])
	}
	return values
}

// readClub turns the form into an edit of the club as it stands, or says what is
// wrong with it as far as the form alone tells.
func (p *pages) readClub(form url.Values, club account.Club) (account.ClubEdit, []account.FieldError) {
	text := func(name string) *string { value := form.Get(name); return &value }
	lines := func(name string) *string { value := plainLines.Replace(form.Get(name)); return &value }
	truth := func(name string) *bool { value := form.Get(name) != ""; return &value }
	var faults []account.FieldError
	fault := func(field, why string) { faults = append(faults, account.FieldError{Field: field, Why: why}) }

	edit := account.ClubEdit{
		Name: text("name"), AboutUs: lines("about_us"), GetInvolved: lines("get_involved"), ApplyLink: text("apply_link"),
		AppRequired: truth("app_required"), NewMembers: truth("new_members"),
		Social: map[string]string{},
	}
	if again := form.Get("is_reactivating") != ""; again {
		edit.Reactivated = &again
	}
	size, ok := readIDs([]string{form.Get("num_users")})
	if !ok {
		fault("num_users", "Please choose from the list.")
	} else {
		edit.NumUsers = &size[0]
	}
	if edit.Tags, ok = readIDs(form["tags"]); !ok {
		fault("tags", "Please choose from the list.")
	}
	keepOrder(edit.Tags, club.Tags)
	for _, at := range clubTimes {
		instant, ok := p.readTime(form.Get(at.name), at.of(&club))
		if !ok {
			fault(at.name, "There is no such date and time.")
		}
		*at.in(&edit) = instant
	}
	for _, name := range account.SocialLinks {
		edit.Social[name] = form.Get(socialPrefix + name)
	}
	return edit, faults
}

// plainLines undoes the line ends that browsers send (HTML, "constructing the form
// data set"): the limits of the texts count a new line as one character.
var plainLines = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// readIDs reads ids of a list; none is an empty list and not nil, which would
// leave the tags as they are.
func readIDs(texts []string) ([]int64, bool) {
	ids := make([]int64, len(texts))
	for i, text := range texts {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, false
		}
		ids[i] = id
	}
	return ids, true
}

// keepOrder puts the ids that were there before in the order they had, and new
// ones behind them: boxes are sent in the order of the page.
func keepOrder(ids, before []int64) {
	place := func(id int64) int {
		if i := slices.Index(before, id); i >= 0 {
			return i
		}
		return len(before)
	}
	slices.SortStableFunc(ids, func(a, b int64) int { return place(a) - place(b) })
}

// How browsers want the value of a datetime-local input, and how they may send it.
const (
	inputLayout      = "2006-01-02T15:04"
	inputWithSeconds = "2006-01-02T15:04:05"
)

func (p *pages) inputTime(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.In(p.Zone).Format(inputLayout)
}

// readTime reads a time that was typed over the one kept. It is nil where it
// stands as it was shown, which leaves the kept one exact: no seconds are shown, and
// the hour that comes twice when clocks go back looks the same twice. "" is the
// zero time, which is none.
func (p *pages) readTime(typed string, kept time.Time) (*time.Time, bool) {
	shown := p.inputTime(kept)
	switch {
	case typed == shown, shown != "" && typed == shown+":00":
		return nil, true
	case typed == "":
		return &time.Time{}, true
	}
	for _, layout := range []string{inputLayout, inputWithSeconds} {
		at, err := time.ParseInLocation(layout, typed, p.Zone)
		// What is written otherwise than it was read does not exist: the hour in which
		// clocks go forward. And beyond these years no contract can tell it.
		if err == nil && at.Format(layout) == typed && at.UTC().Year() >= 1 && at.UTC().Year() <= 9999 {
			return &at, true
		}
	}
	return nil, false
}

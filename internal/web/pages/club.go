package pages

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"matricula/internal/account"
)

// clubForm is what the edit page shows.
type clubForm struct {
	Club   account.Club
	Tags   []choice
	Sizes  []choice
	Times  []field
	Social []field
	Zone   string
}

type choice struct {
	ID     int64
	Text   string
	Chosen bool
}

type field struct {
	Name, Label, Value string
}

// socialLabels are the words for the social links, by their name on the wire.
var socialLabels = map[string]string{
	"contact_email": "Contact e-mail", "website": "Website", "facebook": "Facebook", "instagram": "Instagram",
	"linkedin": "LinkedIn", "twitter": "Twitter", "youtube": "YouTube", "github": "GitHub", "behance": "Behance",
	"medium": "Medium", "gcalendar": "Google Calendar", "discord": "Discord",
}

// showClub shows the club of the signed-in officer; others are asked to sign in.
// After a confirmation the page says so, signed in or not.
func (p *pages) showClub(w http.ResponseWriter, r *http.Request) error {
	v := view{Title: "Your club"}
	switch query := r.URL.Query(); {
	case query.Get("confirmed") == "true":
		v.Notice = "Thank you, your e-mail address is confirmed."
	case query.Get("saved") == "true":
		v.Notice = "Your changes are saved."
	}
	club, err := p.Service.MemberClub(r.Context(), p.presented(r))
	switch account.CodeOf(err) {
	case account.Unauthenticated:
		v.Title = "Sign in"
		if v.Notice != "" {
			v.Notice += " Sign in to edit your club."
		}
		return p.render(w, http.StatusOK, "sign-in", v)
	case account.NotFound:
		return redirect(w, "/account")
	}
	if err != nil {
		return err
	}
	return p.renderClub(w, r, http.StatusOK, v, club)
}

func (p *pages) renderClub(w http.ResponseWriter, r *http.Request, status int, v view, club account.Club) error {
	tags, err := p.Service.Tags(r.Context())
	if err != nil {
		return err
	}
	sizes, err := p.Service.Sizes(r.Context())
	if err != nil {
		return err
	}
	form := clubForm{Club: club, Zone: p.Zone.String()}
	for _, tag := range tags {
		form.Tags = append(form.Tags, choice{tag.ID, tag.Text, slices.Contains(club.Tags, tag.ID)})
	}
	for _, size := range sizes {
		form.Sizes = append(form.Sizes, choice{size.ID, size.Text, club.NumUsers == size.ID})
	}
	for _, at := range clubTimes {
		form.Times = append(form.Times, field{at.name, at.label, p.inputTime(*at.of(&club))})
	}
	for _, name := range account.SocialLinks {
		form.Social = append(form.Social, field{name, socialLabels[name], club.Social[name]})
	}
	v.Data = form
	return p.render(w, status, "club", v)
}

// clubTimes are the four instants of a club.
var clubTimes = []struct {
	name, label string
	of          func(*account.Club) *time.Time
	in          func(*account.ClubEdit) **time.Time
}{
	{"apply_deadline_start", "Applications open", func(c *account.Club) *time.Time { return &c.ApplyDeadlineStart },
		func(e *account.ClubEdit) **time.Time { return &e.ApplyDeadlineStart }},
	{"apply_deadline_end", "Applications close", func(c *account.Club) *time.Time { return &c.ApplyDeadlineEnd },
		func(e *account.ClubEdit) **time.Time { return &e.ApplyDeadlineEnd }},
	{"recruiting_start", "Recruiting begins", func(c *account.Club) *time.Time { return &c.RecruitingStart },
		func(e *account.ClubEdit) **time.Time { return &e.RecruitingStart }},
	{"recruiting_end", "Recruiting ends", func(c *account.Club) *time.Time { return &c.RecruitingEnd },
		func(e *account.ClubEdit) **time.Time { return &e.RecruitingEnd }},
}

// inputTime is how browsers want the value of a datetime-local input.
const inputLayout = "2006-01-02T15:04"

func (p *pages) inputTime(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.In(p.Zone).Format(inputLayout)
}

func (p *pages) saveClub(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	club, err := p.Service.MemberClub(r.Context(), p.presented(r))
	if account.CodeOf(err) == account.Unauthenticated {
		return redirect(w, "/sign-in")
	}
	if err != nil {
		return err
	}
	edit, errs := p.readClub(form, club)
	if len(errs) == 0 {
		err = p.Service.EditMemberClub(r.Context(), caller(r), p.presented(r), edit)
	} else {
		err = &account.Error{Code: account.Invalid, Fields: errs}
	}
	if err == nil {
		return redirect(w, "/club?saved=true")
	}
	return p.clubAgain(w, r, shown(club, edit), err)
}

// clubAgain shows what was typed, with what is wrong with it.
func (p *pages) clubAgain(w http.ResponseWriter, r *http.Request, club account.Club, err error) error {
	said, ok := refusals[account.CodeOf(err)]
	if !ok {
		return err
	}
	v := view{Title: "Your club", Problem: said.text, Errors: fieldErrors(err)}
	tellWhenToRetry(w, err)
	return p.renderClub(w, r, said.status, v, club)
}

// readClub turns the form into an edit. A time that stands as it was shown is
// left alone, since the form shows no seconds.
func (p *pages) readClub(form url.Values, club account.Club) (account.ClubEdit, []account.FieldError) {
	text := func(name string) *string { value := form.Get(name); return &value }
	truth := func(name string) *bool { value := form.Get(name) != ""; return &value }
	var errs []account.FieldError
	number := func(field, text string) int64 {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			errs = append(errs, account.FieldError{Field: field, Why: "Please choose from the list."})
		}
		return n
	}
	edit := account.ClubEdit{
		Name: text("name"), AboutUs: text("about_us"), GetInvolved: text("get_involved"), ApplyLink: text("apply_link"),
		AppRequired: truth("app_required"), NewMembers: truth("new_members"), Tags: []int64{},
		Social: map[string]string{}, Reactivate: form.Get("is_reactivating") != "",
	}
	size := number("num_users", form.Get("num_users"))
	edit.NumUsers = &size
	for _, tag := range form["tags"] {
		edit.Tags = append(edit.Tags, number("tags", tag))
	}
	for _, at := range clubTimes {
		typed := form.Get(at.name)
		if typed == p.inputTime(*at.of(&club)) {
			continue
		}
		var instant time.Time
		if typed != "" {
			var err error
			if instant, err = time.ParseInLocation(inputLayout, typed, p.Zone); err != nil {
				errs = append(errs, account.FieldError{Field: at.name, Why: "This is not a date and a time."})
			}
		}
		*at.in(&edit) = &instant
	}
	for _, name := range account.SocialLinks {
		edit.Social[name] = form.Get(name)
	}
	return edit, errs
}

// shown is the club as the form had it, for showing it again.
func shown(club account.Club, edit account.ClubEdit) account.Club {
	club.Name, club.AboutUs, club.GetInvolved, club.ApplyLink = *edit.Name, *edit.AboutUs, *edit.GetInvolved, *edit.ApplyLink
	club.AppRequired, club.NewMembers, club.NumUsers, club.Tags = *edit.AppRequired, *edit.NewMembers, *edit.NumUsers, edit.Tags
	club.Social = edit.Social
	for _, at := range clubTimes {
		if typed := *at.in(&edit); typed != nil {
			*at.of(&club) = *typed
		}
	}
	return club
}

package pages

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"matricula/internal/account"
)

const titleClub = "Your club"

// showClub shows the club of the signed-in officer; others are asked to sign in.
// After a confirmation the page says so, signed in or not.
func (p *pages) showClub(w http.ResponseWriter, r *http.Request) error {
	v := view{Title: titleClub, Notice: notice(r)}
	club, err := p.Service.MemberClub(r.Context(), p.presented(r))
	switch account.CodeOf(err) {
	case account.Unauthenticated:
		v.Title = "Sign in"
		if v.Notice != "" {
			v.Notice += " Sign in to edit your club."
		}
		return p.render(w, http.StatusOK, "sign-in", v)
	case account.NotFound:
		return p.showNoClub(w, v)
	}
	if err != nil {
		return err
	}
	return p.renderClub(w, r, http.StatusOK, v, clubView{Club: club, Values: p.clubValues(club)})
}

// showNoClub is for somebody who owns no club, or whose club was deleted.
func (p *pages) showNoClub(w http.ResponseWriter, v view) error {
	v.Title = "You have no club here"
	return p.render(w, http.StatusNotFound, "no-club", v)
}

// saveClub writes what the form says. Whatever stands against it, what was typed
// is shown again, for it may be the work of an evening.
func (p *pages) saveClub(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	club, err := p.Service.MemberClub(r.Context(), p.presented(r))
	if err == nil {
		err = p.editClub(r, form, club)
	}
	switch code := account.CodeOf(err); {
	case err == nil:
		return redirect(w, "/club?saved=true")
	case code == account.NotFound:
		return p.showNoClub(w, view{})
	case code == "":
		return err
	}
	said := told(w, r, err)
	v := view{Title: titleClub, Problem: said.text, Faults: faultsOf(err)}
	signedOut := account.CodeOf(err) == account.Unauthenticated
	if signedOut {
		v.Problem = "You are no longer signed in, so nothing has been saved yet."
	}
	return p.renderClub(w, r, said.status, v, clubView{Club: club, Values: form, SignedOut: signedOut})
}

func (p *pages) editClub(r *http.Request, form url.Values, club account.Club) error {
	edit, faults := p.readClub(form, club)
	if len(faults) > 0 {
		return &account.Error{Code: account.Invalid, Fields: faults}
	}
	return p.Service.EditMemberClub(r.Context(), caller(r), p.presented(r), edit)
}

// clubView is what the edit page shows: of the club what the form does not
// change, and the form's values, as they are kept or as they were typed.
type clubView struct {
	Club      account.Club // its zero value for who is not signed in
	Values    url.Values
	SignedOut bool
	Labels    map[string]string
	Zone      string
	Tags      []choice
	Sizes     []choice
	Times     []input
	Social    []input
}

type choice struct {
	Value, Text string
	Chosen      bool
}

type input struct {
	Name, Value string
	Email       bool // rather than a link
}

// AskWhetherActive is for the template: whether the form asks if a club of an
// import is active again.
func (c clubView) AskWhetherActive() bool {
	return !c.Club.Reactivated && !c.SignedOut || c.Values.Has("is_reactivating")
}

func (p *pages) renderClub(w http.ResponseWriter, r *http.Request, status int, v view, c clubView) error {
	tags, err := p.Service.Tags(r.Context())
	if err != nil {
		return err
	}
	sizes, err := p.Service.Sizes(r.Context())
	if err != nil {
		return err
	}
	c.Labels, c.Zone = clubLabels, p.Zone.String()
	c.Tags, c.Sizes = choices(tags, c.Values["tags"]), choices(sizes, c.Values["num_users"])
	for _, at := range clubTimes {
		c.Times = append(c.Times, input{Name: at.name, Value: c.Values.Get(at.name)})
	}
	for _, link := range account.SocialLinks {
		name := socialPrefix + link
		c.Social = append(c.Social, input{name, c.Values.Get(name), name == contactEmail})
	}
	v.Data = c
	return p.render(w, status, "club", v)
}

// choices are the entries of a list, and which of them are chosen.
func choices(items []account.ListItem, chosen []string) []choice {
	all := make([]choice, len(items))
	for i, item := range items {
		value := strconv.FormatInt(item.ID, 10)
		all[i] = choice{value, item.Text, slices.Contains(chosen, value)}
	}
	return all
}

package pages

import (
	"net/http"

	"matricula/internal/account"
	"matricula/internal/token"
)

// home sends people to where they want to go.
func (p *pages) home(w http.ResponseWriter, r *http.Request) error {
	if p.presented(r).IsZero() {
		return redirect(w, "/sign-in")
	}
	return redirect(w, "/account")
}

func (p *pages) showSignIn(w http.ResponseWriter, r *http.Request) error {
	return p.render(w, http.StatusOK, "sign-in", view{Title: "Sign in", Notice: notice(r)})
}

// signIn starts the same session as the cohorts contract does.
func (p *pages) signIn(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	email, from := form.Get("email"), caller(r)
	known, _ := p.Device.Get(r)
	from.Device = token.SecretOf(known)
	member, cookie, err := p.Service.SignInMember(r.Context(), from, email, form.Get("password"), p.presented(r))
	if err != nil {
		return p.again(w, r, "sign-in", view{Title: "Sign in", Data: email}, err)
	}
	p.Cookie.Set(w, cookie.Secret.Reveal())
	if !cookie.Device.IsZero() {
		p.Device.Set(w, cookie.Device.Reveal())
	}
	if member.Account.ClubID != 0 {
		return redirect(w, "/club")
	}
	return redirect(w, "/account")
}

// signOut ends the session; without one there is nothing left to do.
func (p *pages) signOut(w http.ResponseWriter, r *http.Request) error {
	err := p.Service.SignOut(r.Context(), caller(r), p.presented(r))
	if err != nil && account.CodeOf(err) != account.Unauthenticated {
		return err
	}
	p.Cookie.Clear(w)
	return redirect(w, "/sign-in?signed-out=true")
}

// showAccount tells a signed-in person who it is here.
func (p *pages) showAccount(w http.ResponseWriter, r *http.Request) error {
	member, err := p.Service.Who(r.Context(), p.presented(r))
	if account.CodeOf(err) == account.Unauthenticated {
		return redirect(w, "/sign-in")
	}
	if err != nil {
		return err
	}
	shown := accountView{Member: member}
	if grant := member.Roles.Administrator; grant != nil {
		shown.AdministratorUntil = grant.End.In(p.Zone).Format("2 January 2006")
	}
	return p.render(w, http.StatusOK, "account", view{Title: "Your account", Data: shown})
}

// accountView is what the account page shows.
type accountView struct {
	account.Member
	AdministratorUntil string // a day in the zone of the pages; "" for who is none
}

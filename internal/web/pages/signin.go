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

func (p *pages) showSignIn(w http.ResponseWriter, _ *http.Request) error {
	return p.render(w, http.StatusOK, "sign-in", view{Title: "Sign in"})
}

// signIn starts the same session as the cohorts contract does.
func (p *pages) signIn(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	email := form.Get("email")
	member, cookie, err := p.Service.SignInMember(r.Context(), caller(r), email, form.Get("password"), p.presented(r))
	if err != nil {
		return p.again(w, "sign-in", view{Title: "Sign in", Data: email}, err)
	}
	p.Cookie.Set(w, cookie.Secret.Reveal())
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
	return redirect(w, "/sign-in")
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
	return p.render(w, http.StatusOK, "account", view{Title: "Your account", Data: member})
}

func (p *pages) showForgot(w http.ResponseWriter, _ *http.Request) error {
	return p.render(w, http.StatusOK, "forgot", view{Title: "Forgotten password"})
}

// forgot asks for a reset mail, and says the same whoever asks.
func (p *pages) forgot(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	email := form.Get("email")
	// A link of the cohorts kind leads to this site's own page whatever front end
	// the clubs links are set to.
	if err := p.Service.RequestResetLink(r.Context(), caller(r), email, p.PublicURL); err != nil {
		return p.again(w, "forgot", view{Title: "Forgotten password", Data: email}, err)
	}
	return p.render(w, http.StatusOK, "sent", view{
		Title: "Look into your mail", Data: "If there is an account with this address, a mail with a link to set a new password is on its way to it.",
	})
}

// showLinkEnded explains a confirmation link that no longer works.
func (p *pages) showLinkEnded(w http.ResponseWriter, _ *http.Request) error {
	return p.render(w, http.StatusNotFound, "link-ended", view{Title: "This link no longer works"})
}

// resend asks for a new confirmation mail, and says the same whoever asks.
func (p *pages) resend(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	email := form.Get("email")
	if err := p.Service.ResendConfirm(r.Context(), caller(r), email); err != nil {
		return p.again(w, "link-ended", view{Title: "Confirm your address", Data: email}, err)
	}
	return p.render(w, http.StatusOK, "sent", view{
		Title: "Look into your mail", Data: "If this address waits to be confirmed, a mail with a new link is on its way to it.",
	})
}

// newPassword is what the two forms for a new password hold.
type newPassword struct {
	Action string // where the form goes
	Token  string
	ID     string // of the account; "" with a clubs token, which names it
}

func (p *pages) showReset(w http.ResponseWriter, r *http.Request) error {
	return p.showNewPassword(w, newPassword{Action: "/reset", Token: r.URL.Query().Get("token")})
}

func (p *pages) showChangePassword(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	return p.showNewPassword(w, newPassword{Action: "/change-password", Token: query.Get("token"), ID: query.Get("id")})
}

func (p *pages) showNewPassword(w http.ResponseWriter, data newPassword) error {
	if data.Token == "" {
		return redirect(w, "/forgot")
	}
	return p.render(w, http.StatusOK, "new-password", view{Title: "Set a new password", Data: data})
}

// reset sets a new password with a link of the clubs contract.
func (p *pages) reset(w http.ResponseWriter, r *http.Request) error {
	return p.setPassword(w, r, "/reset", func(data newPassword, fresh string) error {
		return p.Service.Reset(r.Context(), caller(r), token.SecretOf(data.Token), fresh)
	})
}

// changePassword does so with a link of the cohorts contract.
func (p *pages) changePassword(w http.ResponseWriter, r *http.Request) error {
	return p.setPassword(w, r, "/change-password", func(data newPassword, fresh string) error {
		id, ok := accountID(data.ID)
		if !ok {
			return account.TokenInvalid
		}
		return p.Service.ResetByLink(r.Context(), caller(r), id, token.SecretOf(data.Token), fresh)
	})
}

func (p *pages) setPassword(w http.ResponseWriter, r *http.Request, action string, set func(newPassword, string) error) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	data := newPassword{Action: action, Token: form.Get("token"), ID: form.Get("id")}
	v := view{Title: "Set a new password", Data: data}
	fresh := form.Get("password")
	if fresh != form.Get("again") {
		v.Problem, v.Errors = "The two passwords differ.", map[string]string{"again": "This is not the same password."}
		return p.render(w, http.StatusBadRequest, "new-password", v)
	}
	switch err := set(data, fresh); {
	case account.CodeOf(err) == account.TokenInvalid:
		return p.render(w, http.StatusNotFound, "forgot", view{
			Title: "This link no longer works", Problem: "It has been used, or it is too old. Ask for a new one here.",
		})
	case err != nil:
		return p.again(w, "new-password", v, err)
	}
	p.Cookie.Clear(w) // every session has ended
	return p.render(w, http.StatusOK, "sign-in", view{
		Title: "Sign in", Notice: "Your new password is set. You have been signed out everywhere; sign in with it.",
	})
}

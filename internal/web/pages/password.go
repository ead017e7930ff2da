package pages

import (
	"errors"
	"net/http"
	"strconv"

	"matricula/internal/account"
	"matricula/internal/token"
)

const (
	titleForgot      = "Forgotten password"
	titleNewPassword = "Set a new password"
	titleEnded       = "This link no longer works"
)

// errAgain refuses a new password that was not typed twice the same.
var errAgain = &account.Error{Code: account.Invalid, Fields: []account.FieldError{
	{Field: "again", Why: "This is not the same password as above."},
}}

func (p *pages) showForgot(w http.ResponseWriter, r *http.Request) error {
	if isSent(r) {
		return p.showSent(w, "If there is an account with this address, a mail with a link to set a new password is on its way to it.")
	}
	return p.render(w, http.StatusOK, "forgot", view{Title: titleForgot})
}

// forgot asks for a reset mail, and says the same whoever asks.
func (p *pages) forgot(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	email := form.Get("email")
	// A link of the cohorts kind leads to this site's own page whatever front end
	// the clubs links are set to, and officers may use it as well.
	if err := p.Service.RequestResetLink(r.Context(), caller(r), email, p.PublicURL); err != nil {
		return p.again(w, r, "forgot", view{Title: titleForgot, Data: email}, err)
	}
	return redirect(w, "/forgot"+sent)
}

// newPassword is what the two forms for a new password hold.
type newPassword struct {
	Action string // where the form goes
	Token  token.Secret
	ID     string // of the account; "" with a clubs token, which names it
}

func (p *pages) showReset(w http.ResponseWriter, r *http.Request) error {
	data := newPassword{Action: "/reset", Token: token.SecretOf(r.URL.Query().Get("token"))}
	return p.showNewPassword(w, r, data, func() error { return p.Service.CheckReset(r.Context(), data.Token) })
}

func (p *pages) showChangePassword(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	data := newPassword{Action: "/change-password", Token: token.SecretOf(query.Get("token")), ID: query.Get("id")}
	return p.showNewPassword(w, r, data, func() error {
		id, ok := accountID(data.ID)
		if !ok {
			return account.TokenInvalid
		}
		return p.Service.CheckResetLink(r.Context(), id, data.Token)
	})
}

// showNewPassword asks for a new password where the link still works: nobody shall
// think of one, and type it twice, to hear only then that it doesn't.
func (p *pages) showNewPassword(w http.ResponseWriter, r *http.Request, data newPassword, check func() error) error {
	if data.Token.IsZero() {
		return redirect(w, "/forgot")
	}
	err := check()
	switch {
	case errors.Is(err, account.TokenInvalid):
		return p.linkEnded(w, r, err)
	case err != nil:
		return err
	}
	return p.render(w, http.StatusOK, "new-password", view{Title: titleNewPassword, Data: data})
}

// linkEnded says that a link leads nowhere any more. To ask for another is all that
// is left to do.
func (p *pages) linkEnded(w http.ResponseWriter, r *http.Request, err error) error {
	return p.again(w, r, "forgot", view{Title: titleEnded}, err)
}

// reset sets a new password with a link of the clubs contract.
func (p *pages) reset(w http.ResponseWriter, r *http.Request) error {
	return p.setPassword(w, r, "/reset", func(data newPassword, fresh string) error {
		return p.Service.Reset(r.Context(), caller(r), data.Token, fresh)
	})
}

// changePassword does so with a link of the cohorts contract.
func (p *pages) changePassword(w http.ResponseWriter, r *http.Request) error {
	return p.setPassword(w, r, "/change-password", func(data newPassword, fresh string) error {
		id, ok := accountID(data.ID)
		if !ok {
			return account.TokenInvalid
		}
		return p.Service.ResetByLink(r.Context(), caller(r), id, data.Token, fresh)
	})
}

func (p *pages) setPassword(w http.ResponseWriter, r *http.Request, action string, set func(newPassword, string) error) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	data := newPassword{Action: action, Token: token.SecretOf(form.Get("token")), ID: form.Get("id")}
	v := view{Title: titleNewPassword, Data: data}
	fresh := form.Get("password")
	if fresh != form.Get("again") {
		return p.again(w, r, "new-password", v, errAgain)
	}
	err = set(data, fresh)
	switch {
	case errors.Is(err, account.TokenInvalid):
		return p.linkEnded(w, r, err)
	case err != nil:
		return p.again(w, r, "new-password", v, err)
	}
	p.Cookie.Clear(w) // the sessions of the account have ended
	return redirect(w, "/sign-in?reset=true")
}

// accountID reads an id as the mailed link has it: a canonical decimal number.
func accountID(text string) (int64, bool) {
	id, err := strconv.ParseInt(text, 10, 64)
	return id, err == nil && id > 0 && strconv.FormatInt(id, 10) == text
}

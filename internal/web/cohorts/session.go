package cohorts

import (
	"net/http"

	"matricula/internal/token"
	"matricula/internal/web"
)

// info tells a signed-in person who it is (cohorts contract, "info").
func (d *door) info(w http.ResponseWriter, r *http.Request) error {
	member, err := d.service.Who(r.Context(), d.presented(r))
	if err != nil {
		return err
	}
	web.WriteJSON(w, http.StatusOK, infoOf(member))
	return nil
}

// signIn starts a session (cohorts contract, "sign-in").
func (d *door) signIn(w http.ResponseWriter, r *http.Request) error {
	body, err := web.ReadBody(r)
	if err != nil {
		return err
	}
	email, password := body.Text("email"), body.Text("password")
	if err := body.Err(); err != nil {
		return err
	}
	from := caller(r)
	known, _ := d.device.Get(r)
	from.Device = token.SecretOf(known)
	member, session, err := d.service.SignInMember(r.Context(), from, email, password, d.presented(r))
	if err != nil {
		return err
	}
	d.cookie.Set(w, session.Secret.Reveal())
	if !session.Device.IsZero() {
		d.device.Set(w, session.Device.Reveal())
	}
	web.WriteJSON(w, http.StatusOK, infoOf(member))
	return nil
}

// signOut ends the session presented (cohorts contract, "sign-out").
func (d *door) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := d.service.SignOut(r.Context(), caller(r), d.presented(r)); err != nil {
		return err
	}
	d.cookie.Clear(w)
	say(w, "You are signed out.")
	return nil
}

package cohorts

import (
	"net/http"
	"strconv"

	"matricula/internal/token"
	"matricula/internal/web"
)

// resetPassword mails a link to set a new password, and says the same where it
// mails none (cohorts contract, "reset-password").
func (d *door) resetPassword(w http.ResponseWriter, r *http.Request) error {
	body, err := web.ReadBody(r)
	if err != nil {
		return err
	}
	email, origin := body.Text("email"), body.Text("origin")
	if err := body.Err(); err != nil {
		return err
	}
	if err := d.service.RequestResetLink(r.Context(), caller(r), email, origin); err != nil {
		return err
	}
	say(w, "If this address has an account, a mail with a link to set a new password is on its way.")
	return nil
}

// changePassword sets a new password with the token and the id of a reset link
// (cohorts contract, "change-password").
func (d *door) changePassword(w http.ResponseWriter, r *http.Request) error {
	body, err := web.ReadBody(r)
	if err != nil {
		return err
	}
	id := accountID(body)
	link, fresh := token.SecretOf(body.Text("token")), body.Text("newPassword")
	if err := body.Err(); err != nil {
		return err
	}
	if err := d.service.ResetByLink(r.Context(), caller(r), id, link, fresh); err != nil {
		return err
	}
	say(w, "The password is changed. Please sign in with the new one.")
	return nil
}

// endOfIDs is the first number that no id can be: above it, a front end's numbers
// leave integers out (contract, "accounts").
const endOfIDs = 1 << 53

// accountID reads the member "id", a text or an integer: front ends send the link's
// parameter as they found it, or as a number.
func accountID(body *web.Body) int64 {
	id, ok := parseID(body.IntOrText("id"))
	if !ok {
		body.Fail("id", "This field must be the id in the link.")
	}
	return id
}

// parseID reads an id in its one spelling, [1-9][0-9]*.
func parseID(text string) (id int64, ok bool) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 || id >= endOfIDs || strconv.FormatInt(id, 10) != text {
		return 0, false
	}
	return id, true
}

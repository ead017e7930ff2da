package clubs

import (
	"net/http"
	"time"

	"matricula/internal/token"
	"matricula/internal/web"
)

// login starts a session and answers its pair of tokens.
func (d *door) login(w http.ResponseWriter, r *http.Request) error {
	body, err := web.ReadBody(r)
	if err != nil {
		return err
	}
	email, password := body.Text("email"), body.Text("password")
	if err := body.Err(); err != nil {
		return err
	}
	pair, err := d.service.SignInOfficer(r.Context(), callerOf(r), email, password)
	if err != nil {
		return err
	}
	web.WriteJSON(w, http.StatusOK, struct {
		Access           string `json:"access"`
		AccessExpiresIn  int64  `json:"access_expires_in"`
		Refresh          string `json:"refresh"`
		RefreshExpiresIn int64  `json:"refresh_expires_in"`
	}{
		pair.Access.Reveal(), seconds(pair.AccessExpiresIn),
		pair.Refresh.Reveal(), seconds(pair.RefreshExpiresIn),
	})
	return nil
}

// refresh answers a new access token for a refresh token.
func (d *door) refresh(w http.ResponseWriter, r *http.Request) error {
	presented, err := bearer(r)
	if err != nil {
		return err
	}
	minted, err := d.service.Refresh(r.Context(), presented)
	if err != nil {
		return err
	}
	web.WriteJSON(w, http.StatusOK, struct {
		Access          string `json:"access"`
		AccessExpiresIn int64  `json:"access_expires_in"`
	}{minted.Access.Reveal(), seconds(minted.ExpiresIn)})
	return nil
}

// seconds is how the contract writes a lifetime.
func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// revokeAccess ends the access token that it is called with.
func (d *door) revokeAccess(w http.ResponseWriter, r *http.Request) error {
	presented, err := bearer(r)
	if err != nil {
		return err
	}
	if err := d.service.RevokeAccess(r.Context(), callerOf(r), presented); err != nil {
		return err
	}
	return succeed(w, "Access token revoked!")
}

// revokeRefresh ends the refresh token that it is called with.
func (d *door) revokeRefresh(w http.ResponseWriter, r *http.Request) error {
	presented, err := bearer(r)
	if err != nil {
		return err
	}
	if err := d.service.RevokeRefresh(r.Context(), callerOf(r), presented); err != nil {
		return err
	}
	return succeed(w, "Refresh token revoked!")
}

// requestReset mails a link to set a new password, where there is an account.
func (d *door) requestReset(w http.ResponseWriter, r *http.Request) error {
	email, err := readEmail(r)
	if err != nil {
		return err
	}
	if err := d.service.RequestReset(r.Context(), callerOf(r), email); err != nil {
		return err
	}
	return succeed(w, "")
}

// confirmReset sets a new password with the token of such a link.
func (d *door) confirmReset(w http.ResponseWriter, r *http.Request) error {
	body, err := web.ReadBody(r)
	if err != nil {
		return err
	}
	mailed, password := token.SecretOf(body.Text("token")), body.Text("password")
	if err := body.Err(); err != nil {
		return err
	}
	if err := d.service.Reset(r.Context(), callerOf(r), mailed, password); err != nil {
		return err
	}
	return succeed(w, "")
}

// changePassword sets a new password for somebody who knows the old one.
func (d *door) changePassword(w http.ResponseWriter, r *http.Request) error {
	access, err := bearer(r)
	if err != nil {
		return err
	}
	old, fresh, err := readPasswords(r)
	if err != nil {
		return d.tokenFirst(r, access, err)
	}
	if err := d.service.ChangePassword(r.Context(), callerOf(r), access, old, fresh); err != nil {
		return err
	}
	return succeed(w, "")
}

func readPasswords(r *http.Request) (old, fresh string, err error) {
	body, err := web.ReadBody(r)
	if err != nil {
		return "", "", err
	}
	old, fresh = body.Text("old_password"), body.Text("new_password")
	return old, fresh, body.Err()
}

// tokenFirst answers what a call by a token with a bad body is refused with: a
// token that is no good comes before the body, since the front end refreshes on
// 401 and calls again.
func (d *door) tokenFirst(r *http.Request, access token.Secret, bad error) error {
	if _, _, err := d.service.ClubOf(r.Context(), access); err != nil {
		return err
	}
	return bad
}

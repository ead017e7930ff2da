package clubs

import (
	"errors"
	"net/http"
	"strings"

	"matricula/internal/account"
	"matricula/internal/token"
	"matricula/internal/web"
)

// emailExists answers whether an address is on the roster.
func (d *door) emailExists(w http.ResponseWriter, r *http.Request) error {
	email, err := readEmail(r)
	if err != nil {
		return err
	}
	exists, err := d.service.OnRoster(r.Context(), callerOf(r), email)
	if err != nil {
		return err
	}
	web.WriteJSON(w, http.StatusOK, struct {
		Exists bool `json:"exists"`
	}{exists})
	return nil
}

// passwordStrength answers whether a password would do, and if not, why.
func (d *door) passwordStrength(w http.ResponseWriter, r *http.Request) error {
	body, err := web.ReadBody(r)
	if err != nil {
		return err
	}
	password := body.Text("password")
	if err := body.Err(); err != nil {
		return err
	}
	verdict := struct {
		Strong  bool     `json:"strong"`
		Reasons []string `json:"reasons,omitempty"`
	}{Strong: true}
	for _, reason := range d.service.PasswordReasons(password) {
		verdict.Strong = false
		verdict.Reasons = append(verdict.Reasons, reason.Sentence())
	}
	web.WriteJSON(w, http.StatusOK, verdict)
	return nil
}

// register makes an officer account and its club.
func (d *door) register(w http.ResponseWriter, r *http.Request) error {
	in, err := readSignUp(r)
	if err != nil {
		return err
	}
	if err := d.service.SignUp(r.Context(), callerOf(r), in); err != nil {
		return err
	}
	return succeed(w, "")
}

// maxList is how many tags are read: more than any club may have, so that the
// refusal of too many is the rule's own.
const maxList = 100

func readSignUp(r *http.Request) (account.SignUp, error) {
	body, err := web.ReadBody(r)
	if err != nil {
		return account.SignUp{}, err
	}
	in := account.SignUp{
		Name:        body.Text("name"),
		Email:       body.Text("email"),
		Password:    token.SecretOf(body.Text("password")),
		Tags:        body.Ints("tags", maxList),
		AppRequired: body.Bool("app_required"),
		NewMembers:  body.Bool("new_members"),
		NumUsers:    body.Int("num_users"),

		ApplyDeadlineStart: body.MaybeTime("apply_deadline_start").Value,
		ApplyDeadlineEnd:   body.MaybeTime("apply_deadline_end").Value,
		RecruitingStart:    body.MaybeTime("recruiting_start").Value,
		RecruitingEnd:      body.MaybeTime("recruiting_end").Value,
	}
	return in, body.Err()
}

// resendConfirm sends the confirmation mail once more, where there is one to send.
func (d *door) resendConfirm(w http.ResponseWriter, r *http.Request) error {
	email, err := readEmail(r)
	if err != nil {
		return err
	}
	if err := d.service.ResendConfirm(r.Context(), callerOf(r), email); err != nil {
		return err
	}
	return succeed(w, "")
}

// readEmail reads a body whose one member is an address.
func readEmail(r *http.Request) (string, error) {
	body, err := web.ReadBody(r)
	if err != nil {
		return "", err
	}
	email := body.Text("email")
	return email, body.Err()
}

// confirm is where a confirmation mail's link leads.
func (d *door) confirm(w http.ResponseWriter, r *http.Request) error {
	err := d.service.Confirm(r.Context(), callerOf(r), token.SecretOf(web.Param(r, "token")))
	switch {
	case errors.Is(err, account.TokenInvalid) && isBrowser(r):
		redirect(w, d.endedURL)
		return nil
	case err != nil:
		return err
	}
	redirect(w, d.confirmedURL)
	return nil
}

// isBrowser reports whether somebody wants to read the answer.
func isBrowser(r *http.Request) bool {
	accept := strings.ToLower(strings.Join(r.Header["Accept"], ","))
	return strings.Contains(accept, "text/html")
}

// redirect sends a browser on with a GET of its own, and without the body that
// http.Redirect adds.
func redirect(w http.ResponseWriter, to string) {
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}

package pages

import "net/http"

// showLinkEnded explains a confirmation link that no longer works, and offers
// another. It is a page, so its answer is 404 like that of the link itself.
func (p *pages) showLinkEnded(w http.ResponseWriter, _ *http.Request) error {
	return p.render(w, http.StatusNotFound, "resend", view{
		Title: titleEnded, Problem: "A confirmation link works for a few days, and only if it is opened whole.",
	})
}

// showResend offers a confirmation mail to somebody who has none.
func (p *pages) showResend(w http.ResponseWriter, r *http.Request) error {
	if isSent(r) {
		return p.showSent(w, "If this address is waiting to be confirmed, a mail with a new link is on its way to it.")
	}
	return p.render(w, http.StatusOK, "resend", view{Title: titleResend})
}

const titleResend = "Confirm your address"

// resend asks for a new confirmation mail, and says the same whoever asks.
func (p *pages) resend(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	email := form.Get("email")
	if err := p.Service.ResendConfirm(r.Context(), caller(r), email); err != nil {
		return p.again(w, r, "resend", view{Title: titleResend, Data: email}, err)
	}
	return redirect(w, "/resend"+sent)
}

// sent is what the two pages that ask for a mail are redirected to with, so that
// loading the answer again sends no second mail.
const sent = "?sent=true"

func isSent(r *http.Request) bool { return "?"+r.URL.RawQuery == sent }

func (p *pages) showSent(w http.ResponseWriter, sentence string) error {
	return p.render(w, http.StatusOK, "sent", view{Title: "Look at your mail", Data: sentence})
}

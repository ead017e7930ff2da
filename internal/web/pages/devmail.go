package pages

import (
	"errors"
	"html/template"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strings"

	"matricula/internal/mail"
	"matricula/internal/web"
)

// mails lists the mails of development. They hold every secret there is, so they
// are shown to this machine alone.
func (p *pages) mails(w http.ResponseWriter, r *http.Request) error {
	if !fromThisMachine(r) {
		return web.ErrNotFound
	}
	list, err := p.DevMail.List()
	if err != nil {
		return err
	}
	return p.render(w, http.StatusOK, "mails", view{Title: "Mail of development", Data: list})
}

// mailView is a mail with its links to click on.
type mailView struct {
	mail.Stored
	Linked template.HTML
}

func (p *pages) mail(w http.ResponseWriter, r *http.Request) error {
	if !fromThisMachine(r) {
		return web.ErrNotFound
	}
	stored, err := p.DevMail.Open(web.Param(r, "name"))
	if errors.Is(err, fs.ErrNotExist) {
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	return p.render(w, http.StatusOK, "mail", view{Title: stored.Subject, Data: mailView{stored, linked(stored.Text)}})
}

var linkInText = regexp.MustCompile(`https?://[^\s<>"']+`)

// linked escapes a text and makes its links clickable.
func linked(text string) template.HTML {
	var b strings.Builder
	end := 0
	for _, at := range linkInText.FindAllStringIndex(text, -1) {
		link := template.HTMLEscapeString(text[at[0]:at[1]])
		b.WriteString(template.HTMLEscapeString(text[end:at[0]]))
		b.WriteString(`<a href="` + link + `">` + link + `</a>`)
		end = at[1]
	}
	b.WriteString(template.HTMLEscapeString(text[end:]))
	return template.HTML(b.String()) // every piece above is escaped
}

// fromThisMachine reports whether a request was made here, to a name of this
// machine, and passed on by nobody: a page elsewhere whose name was made to lead
// here, and a proxy, are both refused.
func fromThisMachine(r *http.Request) bool {
	for _, header := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via"} {
		if r.Header.Get(header) != "" {
			return false
		}
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() {
		return false
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && address.IsLoopback()
}

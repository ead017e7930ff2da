package pages

import (
	"errors"
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
	return p.render(w, http.StatusOK, "mails", view{Title: "Development mail", Data: list})
}

// mailView is a mail with its links to click on.
type mailView struct {
	mail.Stored
	Pieces []piece
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
	return p.render(w, http.StatusOK, "mail", view{Title: stored.Subject, Data: mailView{stored, pieces(stored.Text)}})
}

// piece is a stretch of a text, and the link that follows it.
type piece struct {
	Text, Link string
}

// linkInText leaves out the full stop, comma or bracket that ends a sentence.
var linkInText = regexp.MustCompile(`https?://[^\s<>"']*[^\s<>"'.,;:!?)]`)

// pieces divides a text at its links.
func pieces(text string) []piece {
	var all []piece
	end := 0
	for _, at := range linkInText.FindAllStringIndex(text, -1) {
		all = append(all, piece{text[end:at[0]], text[at[0]:at[1]]})
		end = at[1]
	}
	return append(all, piece{Text: text[end:]})
}

// fromThisMachine reports whether a request was made here, to a name of this
// machine, and passed on by nobody: a page elsewhere whose name was made to lead
// here, and a proxy, are both refused.
func fromThisMachine(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && peer.Addr().Unmap().IsLoopback() && isLoopback(r.Host) && !passedOn(r.Header)
}

// passedOn reports whether any proxy left its mark, an empty one too.
func passedOn(h http.Header) bool {
	for name := range h {
		switch name {
		case "Forwarded", "Via", "X-Real-Ip", "X-Client-Ip", "True-Client-Ip", "Cf-Connecting-Ip":
			return true
		}
		if strings.HasPrefix(name, "X-Forwarded-") {
			return true
		}
	}
	return false
}

// isLoopback reports whether host, with a port or without, names this machine. A
// name other than localhost may be led anywhere by whoever answers for it.
func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && address.IsLoopback()
}

package pages

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"matricula/internal/account/accounttest"
	"matricula/internal/token"
)

// page is an answer as its reader sees it.
type page struct {
	status int
	path   string // after all redirects, with the query
	header http.Header
	body   string
	root   *html.Node
}

// readPage reads an answer and holds it to what every page owes.
func readPage(t *testing.T, answer *http.Response) page {
	t.Helper()
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	must(t, err)
	root, err := html.Parse(strings.NewReader(string(body)))
	must(t, err)
	p := page{answer.StatusCode, answer.Request.URL.RequestURI(), answer.Header, string(body), root}
	p.owes(t)
	return p
}

// owed are the headers that every answer has.
var owed = map[string]string{
	"Content-Type":                 "text/html; charset=utf-8",
	"Content-Security-Policy":      "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
	"Permissions-Policy":           "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
	"Referrer-Policy":              "same-origin",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Cache-Control":                "no-store",
}

// owes holds a page to its headers, and to HTML that works without script, loads
// nothing from elsewhere and can be read by ear.
func (p page) owes(t *testing.T) {
	t.Helper()
	wrong := func(format string, args ...any) {
		t.Helper()
		t.Errorf("%d %s: "+format, append([]any{p.status, p.path}, args...)...)
	}
	for name, want := range owed {
		if got := strings.Join(p.header.Values(name), " | "); got != want {
			wrong("%s: got %q, want %q", name, got, want)
		}
	}
	for _, slip := range []string{"<nil>", "&lt;nil&gt;", "no value&gt;", "<no value", "ZgotmplZ", "%!"} {
		if strings.Contains(p.body, slip) {
			wrong("the page holds %q", slip)
		}
	}
	ids := map[string]bool{}
	labelled := map[string]bool{}
	for n := range p.root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if id := attr(n, "id"); id != "" {
			if ids[id] {
				wrong("two elements have the id %q", id)
			}
			ids[id] = true
		}
		if n.Data == "label" {
			labelled[attr(n, "for")] = true
		}
		if slices.Contains([]string{"script", "iframe", "object", "embed", "base", "style", "template", "svg"}, n.Data) {
			wrong("the page has a %s", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
				wrong("%s has the attribute %s", n.Data, a.Key)
			}
			if (a.Key == "src" || a.Key == "href" || a.Key == "action") && !p.leadsHome(a.Val) {
				wrong("%s leads to %q", n.Data, a.Val)
			}
		}
	}
	for n := range p.root.Descendants() {
		if described := attr(n, "aria-describedby"); described != "" && !ids[described] {
			wrong("%s is described by %q, which is not there", n.Data, described)
		}
		fillable := slices.Contains([]string{"input", "textarea", "select"}, n.Data) && n.Type == html.ElementNode && attr(n, "type") != "hidden"
		if fillable && !labelled[attr(n, "id")] && !within(n, "label") {
			wrong("the %s %q has no label", n.Data, attr(n, "name"))
		}
		if n.Data == "form" && attr(n, "method") != "post" {
			wrong("a form is sent with %q", attr(n, "method"))
		}
	}
	if headings := p.all("h1"); len(headings) != 1 || text(headings[0]) == "" {
		wrong("the page has %d headings, want one", len(headings))
	}
	if lang := attr(p.all("html")[0], "lang"); lang != "en" {
		wrong("the page's language is %q", lang)
	}
}

// leadsHome reports whether a link stays here. The links of a mail are its own.
func (p page) leadsHome(link string) bool {
	if link == accounttest.PublicURL+"/" { // in full, for who came by another name
		return true
	}
	return strings.HasPrefix(p.path, "/dev/mail/") && strings.HasPrefix(link, "http") ||
		strings.HasPrefix(link, "#") || strings.HasPrefix(link, "/") && !strings.HasPrefix(link, "//")
}

// all are the elements of a name.
func (p page) all(name string) []*html.Node {
	var found []*html.Node
	for n := range p.root.Descendants() {
		if n.Type == html.ElementNode && n.Data == name {
			found = append(found, n)
		}
	}
	return found
}

// byID is the element with an id, or nil.
func (p page) byID(id string) *html.Node {
	for n := range p.root.Descendants() {
		if attr(n, "id") == id {
			return n
		}
	}
	return nil
}

// text is what can be read on the page.
func (p page) text() string { return text(p.all("body")[0]) }

// said is what stands above the page, good or bad.
func (p page) said() string {
	for _, n := range p.all("p") {
		if class := attr(n, "class"); class == "notice" || class == "problem" {
			return text(n)
		}
	}
	return ""
}

// fault is what the page says of a field, if the field points to it.
func (p page) fault(field string) string {
	input := p.byID(field)
	if input == nil || input.Data != "fieldset" && attr(input, "aria-invalid") != "true" {
		return ""
	}
	said := p.byID(attr(input, "aria-describedby"))
	if said == nil {
		return ""
	}
	return text(said)
}

// form is what a browser would send of the page's form that goes to action, if
// nobody touched it.
func (p page) form(t *testing.T, action string) url.Values {
	t.Helper()
	for _, form := range p.all("form") {
		if attr(form, "action") == action {
			return valuesOf(form)
		}
	}
	t.Fatalf("%d %s has no form that goes to %s:\n%s", p.status, p.path, action, p.body)
	return nil
}

// valuesOf collects a form's entries (HTML, "constructing the form data set").
func valuesOf(form *html.Node) url.Values {
	values := url.Values{}
	for n := range form.Descendants() {
		name := attr(n, "name")
		switch {
		case n.Type != html.ElementNode || name == "":
		case n.Data == "input" && attr(n, "type") == "checkbox":
			if has(n, "checked") {
				values.Add(name, attr(n, "value"))
			}
		case n.Data == "input":
			values.Add(name, attr(n, "value"))
		case n.Data == "textarea":
			values.Add(name, strings.ReplaceAll(rawText(n), "\n", "\r\n"))
		case n.Data == "select":
			values.Add(name, chosen(n))
		}
	}
	return values
}

// chosen is the value of the selected option, or of the first.
func chosen(list *html.Node) string {
	first, found := "", false
	for n := range list.Descendants() {
		if n.Data != "option" {
			continue
		}
		if has(n, "selected") {
			return attr(n, "value")
		}
		if !found {
			first, found = attr(n, "value"), true
		}
	}
	return first
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func within(n *html.Node, name string) bool {
	for above := range n.Ancestors() {
		if above.Data == name {
			return true
		}
	}
	return false
}

func rawText(n *html.Node) string {
	var b strings.Builder
	for below := range n.Descendants() {
		if below.Type == html.TextNode {
			b.WriteString(below.Data)
		}
	}
	return b.String()
}

func text(n *html.Node) string { return strings.Join(strings.Fields(rawText(n)), " ") }

// confirmToken is the secret in the link of a confirmation mail.
func confirmToken(link *url.URL) token.Secret {
	return token.SecretOf(strings.TrimPrefix(link.Path, "/api/user/confirm/"))
}

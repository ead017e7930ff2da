package mail

import (
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	texttemplate "text/template"
	"time"
)

// A mail has two files. NAME.txt is its subject, as the first line "Subject: …",
// and after an empty line its plain text; NAME.html is the same for mail programs
// that show HTML. layout.txt and layout.html stand around all of them and show
// them with {{template "content" .}}; layout.html also has the "button" that
// {{template "button" (button "Label" .Link)}} asks for.
//
// They see .Site .SiteURL .Name .Club .Email .Link .Expires ("30 minutes") .OldEmail
// .NewEmail .When, and the bodies .Subject too: text, all of it, and empty where a
// mail has no such thing to tell.
//
//go:embed templates/*.txt templates/*.html
var embedded embed.FS

const layout = "layout"

// Defaults answers the built-in templates, for an operator to copy and change.
func Defaults() fs.FS {
	files, err := fs.Sub(embedded, "templates")
	if err != nil {
		panic(err) // the name is a constant
	}
	return files
}

// Templates are the texts of all mails, parsed and tried out.
type Templates struct {
	mails map[Template]mailTexts
}

// mailTexts are the three templates of one mail.
type mailTexts struct {
	subject, text *texttemplate.Template
	html          *htmltemplate.Template
}

// LoadTemplates reads the built-in templates and, where dir is not empty, those
// in dir, each in place of the built-in one of the same name. Files whose names
// begin with a dot are passed over. A file of an unknown name, and one that does
// not parse, does not work on sample data, or leaves out a link that its mail is
// sent for, is an error that names the file, and the line where there is one.
func LoadTemplates(dir string) (*Templates, error) {
	var own fs.FS
	if dir != "" {
		own = os.DirFS(dir)
	}
	t, err := load(own)
	if err != nil && dir != "" {
		return nil, fmt.Errorf("mail templates in %s: %w", dir, err)
	}
	if err != nil {
		return nil, fmt.Errorf("mail templates: %w", err)
	}
	return t, nil
}

func load(own fs.FS) (*Templates, error) {
	if err := refuseUnknown(own); err != nil {
		return nil, err
	}
	t := &Templates{mails: make(map[Template]mailTexts)}
	for _, name := range slices.Sorted(maps.Keys(mailTemplates)) {
		texts, err := parse(own, name)
		if err != nil {
			return nil, err
		}
		t.mails[name] = texts
		if err := t.tryOut(name); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// refuseUnknown catches the misspelt name, which would change nothing, silently.
func refuseUnknown(own fs.FS) error {
	if own == nil {
		return nil
	}
	entries, err := fs.ReadDir(own, ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if _, err := fs.Stat(Defaults(), e.Name()); err != nil {
			return fmt.Errorf("%s: no mail has a template of this name (there are %s)", e.Name(), strings.Join(fileNames(), ", "))
		}
	}
	return nil
}

func fileNames() []string {
	names, err := fs.Glob(Defaults(), "*")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	slices.Sort(names)
	return names
}

// source reads a template's file: the operator's, else the built-in one.
func source(own fs.FS, file string) (string, error) {
	if own != nil {
		data, err := fs.ReadFile(own, file)
		if err == nil {
			return unixLines(string(data)), nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	data, err := fs.ReadFile(Defaults(), file)
	return unixLines(string(data)), err
}

func unixLines(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

func parse(own fs.FS, name Template) (mailTexts, error) {
	subject, text, err := parseText(own, string(name)+".txt")
	if err != nil {
		return mailTexts{}, err
	}
	html, err := parseHTML(own, string(name)+".html")
	if err != nil {
		return mailTexts{}, err
	}
	return mailTexts{subject: subject, text: text, html: html}, nil
}

// parseText takes the file apart before it is parsed and not after it is
// executed, so that nothing in a value can become the subject.
func parseText(own fs.FS, file string) (subject, body *texttemplate.Template, err error) {
	src, err := source(own, file)
	if err != nil {
		return nil, nil, err
	}
	first, rest, _ := strings.Cut(src, "\n")
	line, ok := strings.CutPrefix(first, "Subject:")
	if !ok {
		return nil, nil, fmt.Errorf("%s:1: the first line is not \"Subject: …\"", file)
	}
	if subject, err = texttemplate.New(file).Parse(line); err != nil {
		return nil, nil, err
	}
	outer, err := source(own, layout+".txt")
	if err != nil {
		return nil, nil, err
	}
	if body, err = texttemplate.New(layout + ".txt").Parse(outer); err != nil {
		return nil, nil, err
	}
	// The empty line keeps the line numbers of errors right.
	content, err := body.New(file).Parse("\n" + rest)
	if err != nil {
		return nil, nil, err
	}
	_, err = body.AddParseTree("content", content.Tree)
	return subject, body, err
}

func parseHTML(own fs.FS, file string) (*htmltemplate.Template, error) {
	src, err := source(own, file)
	if err != nil {
		return nil, err
	}
	outer, err := source(own, layout+".html")
	if err != nil {
		return nil, err
	}
	funcs := htmltemplate.FuncMap{"button": newButton}
	html, err := htmltemplate.New(layout + ".html").Funcs(funcs).Parse(outer)
	if err != nil {
		return nil, err
	}
	content, err := html.New(file).Parse(src)
	if err != nil {
		return nil, err
	}
	_, err = html.AddParseTree("content", content.Tree)
	return html, err
}

// button is what the layout's "button" shows.
type button struct{ Label, Link string }

func newButton(label, link string) button { return button{Label: label, Link: link} }

// Compose makes the words of one mail. The subject is one line; names of people
// and clubs are one line of text each wherever they stand, whatever they hold.
// An unknown name and a bad link are errors; no error shows the link.
func (t *Templates) Compose(name Template, d Data) (subject, text, html string, err error) {
	texts, ok := t.mails[name]
	if !ok {
		return "", "", "", fmt.Errorf("compose: there is no mail %q", name)
	}
	v, err := viewOf(name, d)
	if err != nil {
		return "", "", "", fmt.Errorf("compose %s: %w", name, err)
	}
	if subject, text, html, err = texts.execute(v); err != nil {
		return "", "", "", fmt.Errorf("compose %s: %w", name, err)
	}
	return subject, text, html, nil
}

func (t mailTexts) execute(v view) (subject, text, html string, err error) {
	var out strings.Builder
	if err := t.subject.Execute(&out, v); err != nil {
		return "", "", "", err
	}
	if subject = oneLine(out.String(), maxSubjectShown); subject == "" {
		return "", "", "", fmt.Errorf("%s:1: the subject is empty", t.subject.Name())
	}
	v.Subject = notALink(subject)
	out.Reset()
	if err := t.text.Execute(&out, v); err != nil {
		return "", "", "", err
	}
	text = strings.TrimSpace(out.String()) + "\n"
	out.Reset()
	if err := t.html.Execute(&out, v); err != nil {
		return "", "", "", err
	}
	return subject, text, strings.TrimSpace(out.String()) + "\n", nil
}

// sampleSecret stands in the sample's link, in letters that no context escapes.
const sampleSecret = "c2FtcGxl"

// sample is a mail's data with everything in it, to try templates out.
func sample() Data {
	return Data{
		Site:     "Campus Clubs",
		SiteURL:  "https://clubs.example.edu",
		Name:     "Ada Lovelace",
		Club:     "Chess & Go",
		Email:    "ada@example.edu",
		Link:     "https://clubs.example.edu/sample?token=" + sampleSecret + "&id=1",
		Expires:  30 * time.Minute,
		OldEmail: "ada@example.edu",
		NewEmail: "ada.lovelace@example.edu",
		When:     time.Date(2026, time.November, 22, 10, 15, 0, 0, time.UTC),
	}
}

// tryOut composes the mail twice, once with all that a mail can tell and once
// with the least, so that a mistake in a template shows at start and not when
// the first mail of its kind is due.
func (t *Templates) tryOut(name Template) error {
	full := sample()
	least := Data{}
	if mailTemplates[name].linked {
		least.Link = full.Link
	}
	for _, d := range []Data{least, full} {
		v, err := viewOf(name, d)
		if err != nil {
			return err
		}
		_, text, html, err := t.mails[name].execute(v)
		if err != nil {
			return err
		}
		if err := refuseMissing(name, v, text, html); err != nil {
			return err
		}
	}
	return nil
}

func refuseMissing(name Template, v view, text, html string) error {
	if !mailTemplates[name].linked {
		return nil
	}
	// On a line of its own, or a mail program cuts it short where it wraps.
	alone := func(line string) bool { return strings.TrimSpace(line) == v.Link }
	if !slices.ContainsFunc(strings.Split(text, "\n"), alone) {
		return fmt.Errorf("%s.txt: does not show {{.Link}} on a line of its own", name)
	}
	if !strings.Contains(html, sampleSecret) {
		return fmt.Errorf("%s.html: does not show {{.Link}}", name)
	}
	return nil
}

package mail

import (
	"flag"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files in testdata")

func builtin(t testing.TB) *Templates {
	t.Helper()
	templates, err := LoadTemplates("")
	if err != nil {
		t.Fatal(err)
	}
	return templates
}

// TestComposed holds every mail to its golden files: read the diff as its reader would.
func TestComposed(t *testing.T) {
	templates := builtin(t)
	for _, name := range slices.Sorted(maps.Keys(mailTemplates)) {
		t.Run(string(name), func(t *testing.T) {
			d := sample()
			if name == Confirm {
				d.Expires = 7 * 24 * time.Hour
			}
			subject, text, html, err := templates.Compose(name, d)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, string(name)+".txt", "Subject: "+subject+"\n\n"+text)
			golden(t, string(name)+".html", html)
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs, -want +got:\n%s", file, diff)
	}
}

func TestMailsLoadNothingFromElsewhere(t *testing.T) {
	templates := builtin(t)
	for name := range mailTemplates {
		_, _, html, err := templates.Compose(name, sample())
		if err != nil {
			t.Fatal(err)
		}
		for _, remote := range []string{"<img", "<link", "<script", "src=", "url(", "@import", "<style"} {
			if strings.Contains(strings.ToLower(html), remote) {
				t.Errorf("%s.html contains %q", name, remote)
			}
		}
	}
}

func TestLinkStandsWholeOnALineOfItsOwn(t *testing.T) {
	templates := builtin(t)
	d := sample()
	d.Link = "https://clubs.example.edu/change-password?token=" + strings.Repeat("eyJhbGciOiJIUzI1NiJ9.", 30) + "&id=12"
	for name, m := range mailTemplates {
		_, text, html, err := templates.Compose(name, d)
		if err != nil {
			t.Fatal(err)
		}
		if m.linked && !slices.Contains(strings.Split(text, "\n"), d.Link) {
			t.Errorf("%s.txt: the link is not on a line of its own:\n%s", name, text)
		}
		if escaped := strings.ReplaceAll(d.Link, "&", "&amp;"); m.linked && !strings.Contains(html, `href="`+escaped+`"`) {
			t.Errorf("%s.html: the link is not there:\n%s", name, html)
		}
	}
}

func TestNamesStayHarmless(t *testing.T) {
	templates := builtin(t)
	d := sample()
	d.Club = "Chess\r\nBcc: evil@evil.test\r\n\r\n<script>alert(1)</script>\u202egnp.exe \x00 \u2028 https://evil.test/x\n.\r\nlog in at evil.test"
	d.Name = "<b onclick=x>Ada</b>\nhttps://evil.test"
	subject, text, html, err := templates.Compose(Confirm, d)
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsFunc(subject, breaksLine) {
		t.Errorf("the subject breaks its line: %q", subject)
	}
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "Bcc:") || line == "." || strings.HasPrefix(line, "https://evil") {
			t.Errorf("the club's name forged the line %q", line)
		}
	}
	for _, body := range []string{subject, text, html} {
		if strings.ContainsRune(body, '\u202e') || strings.ContainsRune(body, 0) {
			t.Errorf("a control character came through: %q", body)
		}
	}
	for _, body := range []string{text, html} {
		if strings.Contains(body, "evil.test") || strings.Contains(body, "https://evil") {
			t.Errorf("a name reads as a link:\n%s", body)
		}
	}
	if strings.Contains(html, "<script") || strings.Contains(html, "<b onclick") {
		t.Errorf("markup came through:\n%s", html)
	}
	if !strings.Contains(html, "&lt;script&gt;") {
		t.Errorf("the name is not shown as it is:\n%s", html)
	}
}

func TestLongNamesAreCut(t *testing.T) {
	d := sample()
	d.Club = strings.Repeat("ö", 1_000_000)
	subject, text, _, err := builtin(t).Compose(Confirm, d)
	if err != nil {
		t.Fatal(err)
	}
	if n := len([]rune(subject)); n > maxSubjectShown {
		t.Errorf("subject has %d runes", n)
	}
	if len(text) > 2000 {
		t.Errorf("text has %d octets", len(text))
	}
}

func TestComposeRefuses(t *testing.T) {
	cases := []struct {
		why  string
		name Template
		edit func(*Data)
	}{
		{"unknown mail", "nonsense", func(*Data) {}},
		{"link is missing", ResetClubs, func(d *Data) { d.Link = "" }},
		{"not an http(s) address", ResetClubs, func(d *Data) { d.Link = "javascript:alert(1)//secret" }},
		{"not an http(s) address", ResetClubs, func(d *Data) { d.Link = "//evil.test/secret" }},
		{"not an http(s) address", ResetClubs, func(d *Data) { d.Link = "https://user@evil.test/secret" }},
		{"no address has", ResetClubs, func(d *Data) { d.Link = "https://x.test/\r\nBcc: secret" }},
		{"no address has", ResetClubs, func(d *Data) { d.Link = `https://x.test/"><secret` }},
		{"too long", ResetClubs, func(d *Data) { d.Link = "https://x.test/secret" + strings.Repeat("x", 4096) }},
		{"site URL", PasswordChanged, func(d *Data) { d.SiteURL = "ftp://x.test" }},
	}
	templates := builtin(t)
	for _, c := range cases {
		d := sample()
		c.edit(&d)
		_, _, _, err := templates.Compose(c.name, d)
		if err == nil {
			t.Errorf("%s: link %q was taken", c.name, d.Link)
			continue
		}
		if c.name != "nonsense" && !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: got %q, want a word of %q", c.name, err, c.why)
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error shows the link: %v", err)
		}
	}
}

func TestOwnTemplatesReplaceSingleOnes(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "reset.txt", "Subject: Neu: {{.Email}}\r\n\r\nKlick:\r\n{{.Link}}\r\n")
	put(t, dir, "layout.txt", "{{template \"content\" .}}\nGruß\n")
	put(t, dir, ".hidden", "{{")
	templates, err := LoadTemplates(dir)
	if err != nil {
		t.Fatal(err)
	}
	subject, text, html, err := templates.Compose(ResetClubs, sample())
	if err != nil {
		t.Fatal(err)
	}
	if want := "Neu: ada@example.edu"; subject != want {
		t.Errorf("got subject %q, want %q", subject, want)
	}
	if want := "Klick:\n" + sample().Link + "\n\nGruß\n"; text != want {
		t.Errorf("got text %q, want %q", text, want)
	}
	if !strings.Contains(html, "Set a new password") {
		t.Errorf("the built-in HTML is gone:\n%s", html)
	}
	if _, text, _, _ = templates.Compose(ResetCohorts, sample()); !strings.Contains(text, "Somebody") || !strings.HasSuffix(text, "Gruß\n") {
		t.Errorf("the other mail is not the built-in one in the own layout:\n%s", text)
	}
}

func TestBadTemplatesAreNamed(t *testing.T) {
	cases := []struct{ file, content, want string }{
		{"confirm.txt", "Hello\n", "confirm.txt:1:"},
		{"confirm.txt", "Subject: x\n\n{{.Link}}\n{{if}}\n", "confirm.txt:4:"},
		{"confirm.txt", "Subject: {{.Nonsense}}\n\n{{.Link}}\n", "confirm.txt:1:"},
		{"confirm.txt", "Subject: x\n\n{{.Link}}\n{{.Nonsense}}\n", "confirm.txt:4:"},
		{"confirm.txt", "Subject: {{if false}}x{{end}}\n\n{{.Link}}\n", "confirm.txt:1:"},
		{"confirm.txt", "Subject: x\n\nno link\n", "confirm.txt: does not show {{.Link}}"},
		{"confirm.txt", "Subject: x\n\nhere: {{.Link}}\n", "confirm.txt: does not show {{.Link}}"},
		{"confirm.html", "<p>no link</p>", "confirm.html: does not show {{.Link}}"},
		{"confirm.html", "\n\n{{end}}", "confirm.html:3:"},
		{"confirm.html", "<p>{{.Link}}\n{{.Nonsense}}", "confirm.html:2:"},
		{"confirm.html", "{{.Link}}<a href='\n{{if .Club}}'{{end}}>", "confirm.html"},
		{"layout.html", "{{template \"content\" .}}", `"button"`},
		{"layout.txt", "\n{{.Nope}}", "layout.txt:2:"},
		{"comfirm.txt", "Subject: x\n", "comfirm.txt: no mail has"},
	}
	for _, c := range cases {
		dir := t.TempDir()
		put(t, dir, c.file, c.content)
		_, err := LoadTemplates(dir)
		if err == nil {
			t.Errorf("%s %q was taken", c.file, c.content)
			continue
		}
		if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s %q: got %q, want it to say %q", c.file, c.content, err, c.want)
		}
	}
	if _, err := LoadTemplates(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("a directory that is not there was taken")
	}
}

func put(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestDefaultsCanBeCopiedAndLoaded(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, Defaults()); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadTemplates(dir); err != nil {
		t.Fatal(err)
	}
	names, err := fs.Glob(Defaults(), "*")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(names), 2*(len(mailTemplates)+1); got != want {
		t.Errorf("got %d template files, want %d", got, want)
	}
}

func TestInWords(t *testing.T) {
	cases := map[time.Duration]string{
		-time.Second:                    "",
		0:                               "",
		59 * time.Second:                "less than a minute",
		time.Minute:                     "1 minute",
		30*time.Minute + 59*time.Second: "30 minutes",
		90 * time.Minute:                "90 minutes",
		time.Hour:                       "1 hour",
		24 * time.Hour:                  "24 hours",
		36 * time.Hour:                  "36 hours",
		48 * time.Hour:                  "2 days",
		49*time.Hour + time.Minute:      "49 hours",
		168 * time.Hour:                 "7 days",
		400*time.Hour + time.Second:     "16 days",
	}
	for d, want := range cases {
		if got := inWords(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}

func TestOneLine(t *testing.T) {
	cases := []struct{ in, want string }{
		{"  a\r\n\tb  ", "a b"},
		{"a\u2028b\u2029c\u0085d\x00e\x7f", "a b c d e"},
		{"u\u202egnp.exe\u2066x\ufeff\u200b", "ugnp.exex"},
		{"👩\u200d🎓", "👩\u200d🎓"},
		{"a\xffb", "a\uFFFDb"},
		{"1234567890", "1234567890"},
		{"12345678 01", "12345678…"},
		{"ööööööööööö", "ööööööööö…"},
	}
	for _, c := range cases {
		if got := oneLine(c.in, 10); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}

func FuzzComposeSubject(f *testing.F) {
	f.Add("Chess", "Ada", "ada@example.edu")
	f.Add("a\r\nBcc: x@y", "\x00\u2028", "\u202e@x")
	f.Add("=?utf-8?q?=0D=0ABcc:?=", "{{.Link}}", "<script>")
	templates := builtin(f)
	f.Fuzz(func(t *testing.T, club, name, email string) {
		d := sample()
		d.Club, d.Name, d.Email, d.Site = club, name, email, name
		for mail := range mailTemplates {
			subject, text, html, err := templates.Compose(mail, d)
			if err != nil {
				t.Fatalf("%s: %v", mail, err)
			}
			if strings.ContainsFunc(subject, unicode.IsControl) || subject == "" || len([]rune(subject)) > maxSubject {
				t.Errorf("%s: subject %q", mail, subject)
			}
			m := message()
			m.Subject, m.Text, m.HTML = subject, text, html
			if _, err := seal(m); err != nil {
				t.Errorf("%s: what was composed cannot be sent: %v", mail, err)
			}
		}
	})
}

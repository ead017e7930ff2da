package mail

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// printed is what every way of printing makes of a value, and of one that holds it
// in a field of its own.
func printed(t *testing.T, v any) string {
	t.Helper()
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+"\n", v)
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(text)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("message", "v", v)
	slog.New(slog.NewTextHandler(&out, nil)).Info("message", "v", v)
	return out.String()
}

func TestSecretsAreNotPrinted(t *testing.T) {
	const secret = "hunter2-the-credential"
	smtp, err := NewSMTP(SMTPConfig{URL: "smtp://ada:" + secret + "@localhost:25"})
	if err != nil {
		t.Fatal(err)
	}
	link := "https://x.test/reset?token=" + secret
	data := Data{Email: "ada@x.test", Link: link}
	message := Message{ID: "id", To: "ada@x.test", Text: "Follow " + link, HTML: `<a href="` + link + `">`}
	for name, v := range map[string]any{
		"SMTPConfig": SMTPConfig{URL: "smtp://ada:" + secret + "@localhost:25"},
		"Data":       data, "*Data": &data,
		"Message": message, "*Message": &message, "[]Message": []Message{message},
		"*SMTP": smtp, "SMTP": *smtp, "a field": struct{ M Message }{message}, "a hidden field": struct{ s SMTP }{*smtp},
	} {
		got := printed(t, v)
		for _, form := range []string{secret, fmt.Sprintf("%x", secret), fmt.Sprint([]byte(secret))} {
			if strings.Contains(got, form) {
				t.Errorf("%s shows %q:\n%s", name, form, got)
			}
		}
	}
	if got := fmt.Sprint(message); got != `mail "id" to "ada@x.test"` {
		t.Errorf("a mail is printed as %s", got)
	}
}

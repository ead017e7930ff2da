package mail

import (
	"fmt"
	"io"
	"log/slog"
)

// hidden stands for what is not shown.
const hidden = "[secret]"

// concealed is a text that nothing prints: behind a pointer, since fmt looks into
// unexported fields without asking for their methods, and shows an address then.
type concealed struct{ text *string }

func conceal(text string) concealed { return concealed{&text} }

func (c concealed) reveal() string {
	if c.text == nil {
		return ""
	}
	return *c.text
}

// Format shows nothing, in every way of printing: the URL may hold a password.
func (SMTPConfig) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// LogValue logs nothing of the URL either.
func (SMTPConfig) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText writes nothing of the URL either.
func (SMTPConfig) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Format writes, in every way of printing, whom a mail is for and nothing of its
// link.
func (d Data) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, d.shown()) }

// LogValue logs as [Data.Format] prints.
func (d Data) LogValue() slog.Value { return slog.StringValue(d.shown()) }

// MarshalText writes what [Data.Format] prints.
func (d Data) MarshalText() ([]byte, error) { return []byte(d.shown()), nil }

func (d Data) shown() string { return fmt.Sprintf("data of a mail for %q", d.Email) }

// Format writes, in every way of printing, which mail it is and to whom, and nothing
// of its bodies, where the link stands.
func (m Message) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, m.shown()) }

// LogValue logs as [Message.Format] prints.
func (m Message) LogValue() slog.Value { return slog.StringValue(m.shown()) }

// MarshalText writes what [Message.Format] prints.
func (m Message) MarshalText() ([]byte, error) { return []byte(m.shown()), nil }

func (m Message) shown() string { return fmt.Sprintf("mail %q to %q", m.ID, m.To) }

package token

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
)

// Secret is the text of a credential: a cookie's value, a signed token, a mailed
// link's token. However it is printed, logged or encoded, it shows "[secret]";
// only [Secret.Reveal] gives the text. Two secrets cannot be compared with ==,
// which would take a time that tells how much of them agrees: compare digests.
//
// The zero Secret is the empty text.
type Secret struct {
	_ [0]func() // not comparable
	// A pointer, because fmt prints the unexported fields of a struct that holds
	// a Secret without asking for its methods: it then prints an address.
	text *string
}

// Digest is the SHA-256 of a secret: what the database keeps of it, and looks it
// up by. With 256 random bits beneath, a fast hash is enough.
type Digest [sha256.Size]byte

const redacted = "[secret]"

// NewSecret returns 256 random bits as 43 characters of base64url.
func NewSecret() Secret {
	var raw [32]byte
	rand.Read(raw[:]) // never fails: crypto/rand ends the program instead
	return SecretOf(base64url.EncodeToString(raw[:]))
}

// SecretOf wraps what a client presented. Any text will do, the empty one too.
func SecretOf(text string) Secret { return Secret{text: &text} }

// Reveal returns the text, for the one place that has to send it.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether the text is empty.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

// Digest returns the SHA-256 of the text.
func (s Secret) Digest() Digest { return sha256.Sum256([]byte(s.Reveal())) }

// String returns "[secret]".
func (s Secret) String() string { return redacted }

// GoString returns "[secret]".
func (s Secret) GoString() string { return redacted }

// Format writes "[secret]" for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue logs as "[secret]".
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[secret]". Who sends a secret on the wire says so, with
// [Secret.Reveal].
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalJSON returns the JSON string "[secret]".
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

package token

import "crypto/hmac"

// MailKind says what a token in a clubs mail is for.
type MailKind string

// The kinds of tokens in the clubs mails.
const (
	ConfirmMail MailKind = "confirm" // confirms an address
	ResetMail   MailKind = "reset"   // sets a new password
)

// MailToken returns the opaque token of a row: the row's id and its MAC. It is
// the same each time, so that it need not be kept and a mail that is sent twice
// carries one and the same. When it ends, the row says.
func (i *Issuer) MailToken(kind MailKind, id ID) Secret {
	mac := i.mailMAC(kind, id)
	return SecretOf(base64url.EncodeToString(append(id[:], mac[:]...)))
}

// ParseMailToken returns the row's id, if the token is one of ours and of this
// kind; else [ErrInvalid].
func (i *Issuer) ParseMailToken(kind MailKind, s Secret) (ID, error) {
	var id ID
	var mac Digest
	if len(s.Reveal()) != base64url.EncodedLen(len(id)+len(mac)) {
		return ID{}, ErrInvalid
	}
	raw, err := decode(s.Reveal())
	if err != nil {
		return ID{}, err
	}
	copy(id[:], raw)
	mac = i.mailMAC(kind, id)
	if !hmac.Equal(raw[len(id):], mac[:]) {
		return ID{}, ErrInvalid
	}
	return id, nil
}

// mailMAC binds the kind twice, in the key and in the text, and the issuer: a
// copy of an installation under another name opens none of its links.
func (i *Issuer) mailMAC(kind MailKind, id ID) Digest {
	return i.master.MAC("mail tokens: "+string(kind), []byte(i.issuer), []byte(kind), id[:])
}

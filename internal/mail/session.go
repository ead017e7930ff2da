package mail

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// maxTalk is how many octets a server may send in one session. Its replies make a
// few hundred; the protocol's reader would keep a line of any length in memory.
const maxTalk = 256 << 10

// quitTime is how long the server has to answer QUIT, when all is done.
const quitTime = time.Second

// session is one conversation with the server, authenticated where credentials are set.
type session struct {
	client *smtp.Client
	conn   net.Conn
}

// open greets the server, secures the connection and authenticates.
func (s *SMTP) open(ctx context.Context, raw net.Conn) (*session, error) {
	conn := net.Conn(&bounded{Conn: raw, left: maxTalk})
	if s.implicit {
		secured := tls.Client(conn, s.tlsConfig())
		if err := secured.HandshakeContext(ctx); err != nil {
			return nil, &sendError{step: "TLS", err: err}
		}
		conn = secured
	}
	client, err := smtp.NewClient(conn, s.host)
	if err != nil {
		return nil, refusal("greeting", err)
	}
	client.SkipSMTPUTF8(true) // addresses and headers are ASCII by then
	if err := client.Hello(s.hello); err != nil {
		return nil, refusal("EHLO", err)
	}
	if err := s.secure(client); err != nil {
		return nil, err
	}
	if err := s.authenticate(client); err != nil {
		return nil, err
	}
	return &session{client: client, conn: raw}, nil
}

// secure turns to TLS by STARTTLS. A server, or somebody between, that does not
// offer it ends the sending: nothing goes over a network in plain text.
func (s *SMTP) secure(client *smtp.Client) error {
	if s.implicit {
		return nil
	}
	offered, _ := client.Extension("STARTTLS")
	if !offered && s.loopback {
		return nil
	}
	if !offered {
		return &sendError{step: "STARTTLS", err: errors.New("the server does not offer it, and the mail may not travel in plain text")}
	}
	cfg := s.tlsConfig()
	if s.loopback {
		cfg = s.loopbackTLS()
	}
	if err := client.StartTLS(cfg); err != nil {
		return refusal("STARTTLS", err)
	}
	return nil
}

// authenticate proves who we are. By then the connection is encrypted, or ends on
// this machine; PLAIN and LOGIN ask no more of it.
func (s *SMTP) authenticate(client *smtp.Client) error {
	if s.user == "" {
		return nil
	}
	_, offered := client.Extension("AUTH")
	auth := s.mechanism(strings.Fields(offered))
	if auth == nil {
		return &sendError{step: "AUTH", err: errors.New("the server offers none of PLAIN, LOGIN and SCRAM-SHA-256")}
	}
	if err := client.Auth(auth); err != nil {
		e := refusal("AUTH", err)
		e.err = errors.New(s.withoutCredentials(words(err)))
		return e
	}
	return nil
}

func (s *SMTP) mechanism(offered []string) smtp.Auth {
	has := func(name string) bool {
		return slices.ContainsFunc(offered, func(o string) bool { return strings.EqualFold(o, name) })
	}
	switch {
	case has("PLAIN"):
		return smtp.PlainAuth("", s.user, s.password.reveal(), s.host, s.loopback)
	case has("LOGIN"):
		return smtp.LoginAuth(s.user, s.password.reveal(), s.host, s.loopback)
	case has("SCRAM-SHA-256"):
		return smtp.ScramSHA256Auth(s.user, s.password.reveal())
	}
	return nil
}

// withoutCredentials takes the credentials out of what a server says about them:
// some repeat the line that they did not like.
func (s *SMTP) withoutCredentials(text string) string {
	encoded := base64.StdEncoding.EncodeToString
	return strings.NewReplacer(
		encoded([]byte("\x00"+s.user+"\x00"+s.password.reveal())), "…",
		encoded([]byte(s.password.reveal())), "…",
		s.password.reveal(), "…",
	).Replace(text)
}

// deliver hands over one mail, for one recipient.
func (c *session) deliver(mail envelope) error {
	if err := c.client.Mail("<" + mail.from + ">"); err != nil {
		return refusal("MAIL FROM", err)
	}
	if err := c.client.Rcpt("<" + mail.to + ">"); err != nil {
		return refusalOfMail("RCPT TO", err)
	}
	body, err := c.client.Data()
	if err != nil {
		return refusalOfMail("DATA", err)
	}
	if _, err := body.Write(mail.data); err != nil {
		return refusal("message", err)
	}
	if err := body.Close(); err != nil {
		return refusalOfMail("message", err)
	}
	return nil
}

// quit takes leave. What the server makes of it no longer matters.
func (c *session) quit() {
	_ = c.conn.SetDeadline(time.Now().Add(quitTime))
	_ = c.client.Quit()
}

// bounded is a connection that says only so much.
type bounded struct {
	net.Conn
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errors.New("the server says too much")
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// maxReply is how much of a server's words an error keeps, in runes.
const maxReply = 300

// sendError says at which step a sending ended, and why.
type sendError struct {
	step      string
	err       error
	permanent bool
}

// Error is one line of bounded length, whatever the server said.
func (e *sendError) Error() string { return e.step + ": " + oneLine(e.err.Error(), maxReply) }

func (e *sendError) Unwrap() error { return e.err }

// refusal tells of a step that concerns every mail alike.
func refusal(step string, err error) *sendError {
	if _, ok := errors.AsType[*textproto.Error](err); ok {
		err = errors.New(words(err))
	}
	return &sendError{step: step, err: err}
}

// words answers what the server said, else what happened.
func words(err error) string {
	if reply, ok := errors.AsType[*textproto.Error](err); ok {
		return fmt.Sprintf("%d %s", reply.Code, reply.Msg)
	}
	return err.Error()
}

// policyReply finds an enhanced status code 5.7.x (RFC 3463), which servers put
// at the beginning of the first line, of the last, or of each.
var policyReply = regexp.MustCompile(`(?m)^5\.7\.`)

// refusalOfMail tells of a step that concerns this mail: a 5xx there is the
// server's last word about it (RFC 5321 §4.2.1). Replies about authentication and
// policy ("relay access denied" and the like) come at the same steps and mean our
// settings, so they are not.
func refusalOfMail(step string, err error) *sendError {
	e := refusal(step, err)
	reply, ok := errors.AsType[*textproto.Error](err)
	if !ok {
		return e
	}
	switch reply.Code {
	case 503, 530, 534, 535, 538:
		return e
	}
	e.permanent = reply.Code >= 500 && reply.Code < 600 && !policyReply.MatchString(reply.Msg)
	return e
}

// Permanent reports whether an error of [Sender].Send is the last word about that
// mail: the server refused its recipient or its content with a 5xx, or it is no
// mail at all. Trouble with the network, the server, the sender's address or the
// credentials is not, nor any 4xx.
func Permanent(err error) bool {
	e, ok := errors.AsType[*sendError](err)
	return ok && e.permanent
}

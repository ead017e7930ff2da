package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// DefaultTimeout bounds a sending when [SMTPConfig] names no other time.
const DefaultTimeout = 30 * time.Second

// SMTPConfig says which server takes the mails.
type SMTPConfig struct {
	// URL is smtp://user:password@host:port, where STARTTLS (RFC 3207) is required
	// unless the host is loopback, or smtps://…, TLS from the first byte (RFC 8314).
	// The ports default to 587 and 465; user and password may be absent.
	URL string
	// Timeout bounds the whole of one sending, from dialling to the server's last
	// word. Zero means [DefaultTimeout].
	Timeout time.Duration
	// HelloName is the name given in EHLO; the machine's own when empty.
	HelloName string
	// RootCAs are whom to trust for the server's certificate; nil means the system's.
	RootCAs *x509.CertPool
}

// SMTP is a [Sender] that hands each mail to one SMTP server (RFC 5321), over a
// connection of its own. Mails may be sent concurrently.
type SMTP struct {
	host     string // without brackets or port
	port     string
	implicit bool // TLS from the first byte
	loopback bool // the server is this machine: plain text never leaves it
	user     string
	password concealed
	hello    string
	timeout  time.Duration
	roots    *x509.CertPool
	dial     func(ctx context.Context, network, address string) (net.Conn, error)
}

// NewSMTP reads the configuration and connects to nobody. Its errors are one
// line and never show any part of the URL that may be the password.
func NewSMTP(cfg SMTPConfig) (*SMTP, error) {
	s := &SMTP{timeout: cfg.Timeout, roots: cfg.RootCAs, dial: new(net.Dialer).DialContext}
	if err := s.readURL(cfg.URL); err != nil {
		return nil, fmt.Errorf("smtp: %w", err)
	}
	if s.timeout <= 0 {
		s.timeout = DefaultTimeout
	}
	hello, err := helloName(cfg.HelloName)
	if err != nil {
		return nil, fmt.Errorf("smtp: %w", err)
	}
	s.hello = hello
	return s, nil
}

// errURL does not quote the text, which may hold a password anywhere: one with a
// "/" or "#" in it makes the rest of itself a path or a fragment.
var errURL = errors.New("the URL is not of the form smtp://user:password@host:port or smtps://user:password@host:port" +
	" (write special characters of user and password as %XX)")

func (s *SMTP) readURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(text, "#") {
		return errURL
	}
	if u.Path != "" && u.Path != "/" {
		return errURL
	}
	switch u.Scheme {
	case "smtp":
		s.port = "587"
	case "smtps":
		s.port, s.implicit = "465", true
	default:
		return errors.New("the URL does not begin with smtp:// or smtps://")
	}
	if err := s.readHost(u); err != nil {
		return err
	}
	return s.readCredentials(u.User)
}

func (s *SMTP) readHost(u *url.URL) error {
	if u.Hostname() == "" {
		return errors.New("the URL names no host")
	}
	if strings.HasSuffix(u.Host, ":") {
		return errURL
	}
	if p := u.Port(); p != "" {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || n == 0 {
			return errors.New("the URL's port is not a number from 1 to 65535")
		}
		s.port = strconv.FormatUint(n, 10)
	}
	if ip := net.ParseIP(u.Hostname()); ip != nil {
		s.host, s.loopback = u.Hostname(), ip.IsLoopback()
		return nil
	}
	host, ok := asciiDomain(u.Hostname())
	if !ok {
		return errors.New("the URL's host is neither a name nor an IP address")
	}
	s.host = host
	s.loopback = s.host == "localhost"
	return nil
}

func (s *SMTP) readCredentials(user *url.Userinfo) error {
	if user == nil {
		return nil
	}
	s.user = user.Username()
	password, _ := user.Password()
	if s.user == "" || password == "" {
		return errors.New("the URL has a user without a password, or a password without a user")
	}
	// NUL separates the two in AUTH PLAIN (RFC 4616); line breaks end commands.
	if strings.ContainsFunc(s.user+password, breaksLine) {
		return errors.New("the URL's user or password contains a control character")
	}
	s.password = conceal(password)
	return nil
}

// helloName answers the name for EHLO: the one configured, else the machine's.
func helloName(configured string) (string, error) {
	if configured == "" {
		if name, err := os.Hostname(); err == nil && isDotAtom(name) {
			return name, nil
		}
		return "localhost", nil
	}
	literal := strings.HasPrefix(configured, "[") && strings.HasSuffix(configured, "]")
	bare := strings.Trim(configured, "[]")
	if isDotAtom(configured) || literal && net.ParseIP(strings.TrimPrefix(bare, "IPv6:")) != nil {
		return configured, nil
	}
	return "", errors.New("the name for EHLO is neither a domain nor an address in brackets")
}

// String answers the server's address, without user and password: some services
// take the same secret for both.
func (s *SMTP) String() string {
	scheme := "smtp"
	if s.implicit {
		scheme = "smtps"
	}
	return scheme + "://" + net.JoinHostPort(s.host, s.port)
}

// GoString answers what String does, so that %#v shows no password either.
func (s *SMTP) GoString() string { return s.String() }

// Send hands one mail to the server and waits for its word. The whole takes no
// longer than the configured timeout and ends with ctx. Once the server has said
// that it took the mail, nothing that follows is an error: it would be sent twice.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	mail, err := seal(m)
	if err != nil {
		return fmt.Errorf("smtp: %w", err)
	}
	return s.within(ctx, func(c *session) error { return c.deliver(mail) })
}

// Check connects as Send would, with TLS and authentication, and sends nothing.
func (s *SMTP) Check(ctx context.Context) error {
	return s.within(ctx, func(*session) error { return nil })
}

// within opens a session, does the work and closes it, all in the time allowed.
func (s *SMTP) within(ctx context.Context, work func(*session) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	err := s.converse(ctx, work)
	if err == nil {
		return nil
	}
	// A connection closed under us says "use of closed connection"; why is more use.
	if ctx.Err() != nil && !Permanent(err) {
		return fmt.Errorf("smtp: %s: %w (%v)", s.host, ctx.Err(), err)
	}
	return fmt.Errorf("smtp: %s: %w", s.host, err)
}

func (s *SMTP) converse(ctx context.Context, work func(*session) error) error {
	raw, err := s.dial(ctx, "tcp", net.JoinHostPort(s.host, s.port))
	if err != nil {
		return &sendError{step: "connect", err: err}
	}
	defer raw.Close()
	// Closing ends every read and write, whatever the server does or leaves undone.
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	defer stop()
	c, err := s.open(ctx, raw)
	if err != nil {
		return err
	}
	if err := work(c); err != nil {
		return err
	}
	c.quit()
	return nil
}

// tlsConfig is for a server whose certificate must be good.
func (s *SMTP) tlsConfig() *tls.Config {
	return &tls.Config{ServerName: s.host, RootCAs: s.roots, MinVersion: tls.VersionTLS12}
}

// loopbackTLS is for STARTTLS on this machine. Mail servers offer it there with a
// certificate made at installation that nobody signed. Plain text would do as
// well, so a certificate that proves nothing takes nothing away.
func (s *SMTP) loopbackTLS() *tls.Config {
	cfg := s.tlsConfig()
	cfg.InsecureSkipVerify = true //gosec:disable G402 -- loopback only, see above
	return cfg
}

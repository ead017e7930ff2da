package mail

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Who may send, at every test server that asks.
const (
	testUser     = "post"
	testPassword = "p/a:s@s#%wörd"
)

// testServer is a true SMTP server in this process. Its fields say how it behaves
// and are set before start.
type testServer struct {
	mechanisms []string                // offered when not empty; then needed before MAIL
	rcpt       func(to string) error   // judges recipients
	data       func(data string) error // judges contents

	mu     sync.Mutex // guards what follows
	mails  []received
	logins []login
}

type received struct {
	from string
	to   []string
	data string
}

type login struct {
	mechanism, user, password string
	encrypted                 bool
}

// start serves on a free port of 127.0.0.1 until the test ends; with a TLS
// configuration by STARTTLS, or from the first byte.
func (s *testServer) start(t *testing.T, cfg *tls.Config, implicit bool) (port string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	server := smtp.NewServer(s)
	server.Domain = "mail.example.test"
	server.TLSConfig = cfg
	server.AllowInsecureAuth = true // so that it is the client who refuses
	server.EnableSMTPUTF8 = true
	server.ErrorLog = quiet{}
	if implicit {
		listener = tls.NewListener(listener, cfg)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return port
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func (s *testServer) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &testSession{server: s, conn: c}, nil
}

func (s *testServer) received() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

func (s *testServer) loggedIn() []login {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.logins)
}

type testSession struct {
	server *testServer
	conn   *smtp.Conn
	authed bool
	mail   received
}

func (s *testSession) AuthMechanisms() []string { return s.server.mechanisms }

func (s *testSession) Auth(mechanism string) (sasl.Server, error) {
	check := func(user, password string) error {
		_, encrypted := s.conn.TLSConnectionState()
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		s.server.logins = append(s.server.logins, login{mechanism, user, password, encrypted})
		if user != testUser || password != testPassword {
			return smtp.ErrAuthFailed
		}
		s.authed = true
		return nil
	}
	if mechanism == sasl.Login {
		return &loginServer{check: check}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
}

func (s *testSession) Mail(from string, _ *smtp.MailOptions) error {
	if len(s.server.mechanisms) > 0 && !s.authed {
		return smtp.ErrAuthRequired
	}
	s.mail = received{from: from}
	return nil
}

func (s *testSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.server.rcpt != nil {
		if err := s.server.rcpt(to); err != nil {
			return err
		}
	}
	s.mail.to = append(s.mail.to, to)
	return nil
}

func (s *testSession) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.mail.data = string(data)
	if s.server.data != nil {
		if err := s.server.data(s.mail.data); err != nil {
			return err
		}
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.mails = append(s.server.mails, s.mail)
	return nil
}

func (s *testSession) Reset()        { s.mail = received{} }
func (s *testSession) Logout() error { return nil }

// loginServer is the server's side of AUTH LOGIN, which go-sasl no longer has.
type loginServer struct {
	check func(user, password string) error
	step  int
	user  string
}

func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	l.step++
	switch l.step {
	case 1:
		return []byte("Username:"), false, nil
	case 2:
		l.user = string(response)
		return []byte("Password:"), false, nil
	case 3:
		return nil, true, l.check(l.user, string(response))
	}
	return nil, true, errors.New("login: too many steps")
}

// certificate makes a self-signed certificate for the names, and a pool that trusts it.
func certificate(t *testing.T, names ...string) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "test"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		DNSNames:              names,
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

// sender makes a client that reaches every host at the given port of 127.0.0.1,
// as a name server that knows mail.example.test would make it.
func sender(t *testing.T, url, port string, roots *x509.CertPool) *SMTP {
	t.Helper()
	s, err := NewSMTP(SMTPConfig{URL: url, RootCAs: roots, HelloName: "matricula.example.edu"})
	if err != nil {
		t.Fatal(err)
	}
	s.dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, "127.0.0.1:"+port)
	}
	return s
}

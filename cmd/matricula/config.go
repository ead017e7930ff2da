package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the time-zone setting must not depend on what the machine has installed

	"matricula/internal/account"
	"matricula/internal/mail"
	"matricula/internal/password"
	"matricula/internal/store/postgres"
	"matricula/internal/token"
	"matricula/internal/web"
)

// config is the settings once they are known to go together: what is left as it
// was written, and what was made of the rest.
type config struct {
	settings
	secret   *token.Master          // made of the one that is set; nil: the one in data
	postgres func() postgres.Config // nil: SQLite in data; a function, since fmt looks behind pointers
	smtp     *mail.SMTP
	policy   password.Policy
	hash     password.Config
	limits   account.Limits
	proxies  *web.Proxies
	zone     *time.Location
	logLevel slog.Level
	sameSite http.SameSite
}

// config says whether the settings go together. Nothing is written and nobody
// asked; readFile reads the files of secrets. The error is one line that begins
// with the setting at fault.
func (s settings) config(readFile func(string) ([]byte, error)) (config, error) {
	c := config{settings: s}
	for _, read := range []func() error{
		c.readAddresses,
		func() error { return c.readSecret(readFile) },
		func() error { return c.readDatabase(readFile) },
		c.readOrigins,
		func() error { return c.readMail(readFile) },
		c.readLifetimes,
		c.readGuards,
		c.readSwitches,
	} {
		if err := read(); err != nil {
			return config{}, err
		}
	}
	return c, nil
}

func (c *config) readAddresses() error {
	if c.Addr == ":0" {
		c.Addr = "127.0.0.1:0" // any port is asked for, not any network
	}
	if err := checkAddr("addr", c.Addr); err != nil {
		return err
	}
	if c.OpsAddr != "" {
		if err := checkAddr("ops-addr", c.OpsAddr); err != nil {
			return err
		}
	}
	if err := c.readPublicURL(); err != nil {
		return err
	}
	if host, _, _ := net.SplitHostPort(c.Addr); !isLoopback(host) && c.PublicURL == "" {
		return fmt.Errorf("addr: other machines reach %s, so set public-url to the https address that people use", c.Addr)
	}
	if strings.ContainsFunc(c.Issuer, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("issuer: it must be one word of ASCII, such as https://accounts.example.edu")
	}
	if c.Data == "" {
		return errors.New("data: name a directory")
	}
	return nil
}

func checkAddr(name, addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Errorf("%s: %q is not HOST:PORT, such as 127.0.0.1:8080", name, addr)
	}
	return nil
}

// readPublicURL brings the public address to the form of an origin, which is what
// browsers compare.
func (c *config) readPublicURL() error {
	if c.PublicURL == "" {
		return nil
	}
	own := origin(c.PublicURL)
	if scheme, host, ok := strings.Cut(own, "://"); ok && scheme == "http" && !isLoopback(hostOnly(host)) {
		return errors.New("public-url: http is for this machine alone; put a proxy with TLS in front and write https://…")
	}
	if _, err := web.NewOrigins(own, nil); err != nil {
		return fmt.Errorf("public-url: %q is not scheme://host or scheme://host:port, such as https://accounts.example.edu", c.PublicURL)
	}
	c.PublicURL = own
	return nil
}

func (c *config) readSecret(readFile func(string) ([]byte, error)) error {
	secret, err := fromFile("secret", c.Secret.Reveal(), c.SecretFile, readFile)
	if err != nil || secret == "" {
		return err
	}
	master, err := token.NewMaster([]byte(secret))
	if err != nil {
		return fmt.Errorf("secret: it has %d bytes and needs at least 32; this makes one: head -c 32 /dev/urandom | base64", len(secret))
	}
	c.secret = &master
	return nil
}

// fromFile answers a setting that may stand in a file instead; white space around
// a file's text doesn't count, since editors add it.
func fromFile(name, value, file string, readFile func(string) ([]byte, error)) (string, error) {
	switch {
	case file == "":
		return value, nil
	case value != "":
		return "", fmt.Errorf("%s: it is given twice, as %s and as %s-file; drop one", name, name, name)
	}
	text, err := readFile(file)
	if errors.Is(err, fs.ErrPermission) {
		return "", fmt.Errorf("%s-file: %s can't be read: %w; the user who runs matricula must be allowed to", name, file, cause(err))
	}
	if err != nil {
		return "", fmt.Errorf("%s-file: %s can't be read: %w", name, file, cause(err))
	}
	value = strings.TrimSpace(string(text))
	if value == "" {
		return "", fmt.Errorf("%s-file: %s is empty", name, file)
	}
	return value, nil
}

func (c *config) readOrigins() error {
	for i, listed := range c.Origins {
		c.Origins[i] = origin(listed)
	}
	if _, err := c.at(0); err != nil {
		return err
	}
	for _, page := range []struct{ name, url string }{{"club-page-url", c.ClubPageURL}, {"reset-page-url", c.ResetPageURL}} {
		if page.url != "" && !isPage(page.url) {
			return fmt.Errorf("%s: %q is not the address of a page: https://…, or http://… on this machine", page.name, page.url)
		}
	}
	proxies, err := web.ParseProxies(c.TrustedProxies)
	if err != nil {
		return fmt.Errorf("trusted-proxies: %w", err)
	}
	c.proxies = proxies
	switch c.CookieSameSite {
	case "lax":
		c.sameSite = http.SameSiteLaxMode
	case "none":
		if !c.https() {
			return errors.New("cookie-same-site: none needs a public-url with https, or browsers drop the cookie")
		}
		c.sameSite = http.SameSiteNoneMode
	default:
		return fmt.Errorf("cookie-same-site: %q is neither lax nor none", c.CookieSameSite)
	}
	return nil
}

// https says whether people reach the server by TLS.
func (c config) https() bool { return strings.HasPrefix(c.PublicURL, "https://") }

// proxyUnnamed says whether there must be a proxy, since TLS is not ours, and none is
// named: the commonest mistake of those who put one in front.
func (c config) proxyUnnamed() bool { return c.https() && len(c.TrustedProxies) == 0 }

// proxyUnnamed tells what follows from that.
const proxyUnnamed = "public-url is https and trusted-proxies names no proxy: everybody seems to come from the proxy, and shares its limits;" +
	" name it, such as 127.0.0.1"

// isPublic says whether people on other machines reach the server.
func (c config) isPublic() bool {
	_, host, _ := strings.Cut(c.PublicURL, "://")
	return c.PublicURL != "" && !isLoopback(hostOnly(host))
}

func (c *config) readMail(readFile func(string) ([]byte, error)) error {
	address, err := fromFile("smtp", c.SMTP.Reveal(), c.SMTPFile, readFile)
	switch {
	case err != nil:
		return err
	case address == "" && c.isPublic():
		return fmt.Errorf("smtp: people at %s wait for mail, so name the mail server: smtp://USER:PASSWORD@HOST:PORT", c.PublicURL)
	case address != "" && c.DevMail:
		return errors.New("dev-mail: it shows mails that are files, and smtp sends them away; drop one")
	case address != "":
		if c.smtp, err = mail.NewSMTP(mail.SMTPConfig{URL: address}); err != nil {
			return err
		}
	}
	if c.MailFrom != "" {
		if err := mail.CheckFrom(c.MailFrom); err != nil {
			return fmt.Errorf("mail-from: %q is not an address or NAME <ADDRESS>", c.MailFrom)
		}
	}
	return nil
}

func (c *config) readLifetimes() error {
	for _, lifetime := range []struct {
		name string
		d    time.Duration
	}{
		{"access-ttl", c.AccessTTL},
		{"refresh-ttl", c.RefreshTTL},
		{"session-ttl", c.SessionTTL},
		{"confirm-ttl", c.ConfirmTTL},
		{"reset-ttl", c.ResetTTL},
		{"database-connect-timeout", c.DatabaseConnectTimeout},
		{"database-statement-timeout", c.DatabaseStatementTimeout},
		{"database-lock-timeout", c.DatabaseLockTimeout},
		{"limit-failure-rest", c.LimitFailureRest},
		{"limit-spray-window", c.LimitSprayWindow},
		{"limit-mail-window", c.LimitMailWindow},
		{"limit-lookup-window", c.LimitLookupWindow},
	} {
		if lifetime.d < time.Second || lifetime.d%time.Second != 0 {
			return fmt.Errorf("%s: %v is not a whole number of seconds from 1s up, such as 15m", lifetime.name, lifetime.d)
		}
	}
	return nil
}

func (c *config) readGuards() (err error) {
	if c.policy, err = password.ParsePolicy(c.PasswordPolicy); err != nil {
		return fmt.Errorf("password-policy: %q is neither modern nor classic", c.PasswordPolicy)
	}
	if c.hash, err = password.ParseParams(c.Hash); err != nil {
		return err // begins with the setting's name already
	}
	if err := c.readLimits(); err != nil {
		return err
	}
	if c.EmailExists != "limited" && c.EmailExists != "off" {
		return fmt.Errorf("email-exists: %q is neither limited nor off", c.EmailExists)
	}
	return nil
}

// readLimits refuses limits that limit nothing, or everything.
func (c *config) readLimits() error {
	if c.Limits != "on" && c.Limits != "off" {
		return fmt.Errorf("limits: %q is neither on nor off", c.Limits)
	}
	for _, limit := range []struct {
		name string
		n    int64
	}{
		{"limit-failures", c.LimitFailures}, {"limit-known-failures", c.LimitKnownFailures}, {"limit-sprayed", c.LimitSprayed},
		{"limit-mails", c.LimitMails}, {"limit-lookups", c.LimitLookups},
	} {
		if limit.n < 1 {
			return fmt.Errorf("%s: %d is too few; limits=off lifts every limit", limit.name, limit.n)
		}
		if limit.n > mostLimit {
			return fmt.Errorf("%s: %d is no limit; it can be %d at most, and limits=off lifts every limit", limit.name, limit.n, mostLimit)
		}
	}
	if sum := c.LimitFailures + c.LimitKnownFailures; sum > mostFailures {
		return fmt.Errorf("limit-failures: with limit-known-failures it comes to %d wrong passwords in a row for one caller, and %d are allowed (NIST SP 800-63B-4, 3.2.2); lower one",
			sum, mostFailures)
	}
	for _, window := range []struct {
		name string
		d    time.Duration
	}{
		{"limit-failure-rest", c.LimitFailureRest}, {"limit-spray-window", c.LimitSprayWindow},
		{"limit-mail-window", c.LimitMailWindow}, {"limit-lookup-window", c.LimitLookupWindow},
	} {
		if window.d > mostWindow {
			return fmt.Errorf("%s: %v locks people out for longer than a day; it can be %v at most", window.name, window.d, mostWindow)
		}
	}
	if err := c.checkRate(); err != nil {
		return err
	}
	c.limits = account.Limits{
		Off: c.Limits == "off", Failures: c.LimitFailures, KnownFailures: c.LimitKnownFailures, Rest: c.LimitFailureRest,
		Sprayed: c.LimitSprayed, SprayWindow: c.LimitSprayWindow, Mails: c.LimitMails, MailWindow: c.LimitMailWindow,
		Lookups: c.LimitLookups, LookupWindow: c.LimitLookupWindow,
	}
	return nil
}

// Beyond these a limit makes no sense: each address that a network asked about is a
// row that is counted at the next one.
const (
	mostLimit    = 10_000
	mostFailures = 100
	mostWindow   = 24 * time.Hour
)

func (c *config) readSwitches() (err error) {
	if c.zone, err = time.LoadLocation(c.TimeZone); err != nil {
		return fmt.Errorf("time-zone: %q is no zone such as UTC or Asia/Singapore", c.TimeZone)
	}
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	level, known := levels[c.LogLevel]
	if !known {
		return fmt.Errorf("log-level: %q is none of debug, info, warn and error", c.LogLevel)
	}
	c.logLevel = level
	return nil
}

// site is what follows from the public address, which may follow from the port.
type site struct {
	publicURL string
	listed    []string // origins as browsers send them, our own first
	origins   *web.Origins
	clubPage  string
	resetPage string
	mailFrom  string
}

// at answers the site when the server is reached at this port; 0 is one that is
// not chosen yet.
func (c config) at(port int) (site, error) {
	s := site{publicURL: c.PublicURL, clubPage: c.ClubPageURL, resetPage: c.ResetPageURL, mailFrom: c.MailFrom}
	if s.publicURL == "" {
		s.publicURL = origin("http://localhost:" + c.portText(port))
	}
	own := strings.TrimSuffix(s.publicURL, ":"+anyPort)
	s.listed = []string{s.publicURL}
	for _, listed := range c.Origins {
		if !slices.Contains(s.listed, listed) {
			s.listed = append(s.listed, listed)
		}
	}
	var err error
	if s.origins, err = web.NewOrigins(own, c.Origins); err != nil {
		return site{}, fmt.Errorf("origins: %w", err)
	}
	if s.clubPage == "" {
		s.clubPage = s.publicURL + "/club"
	}
	if s.resetPage == "" {
		s.resetPage = s.publicURL + "/reset"
	}
	if s.mailFrom == "" {
		_, host, _ := strings.Cut(s.publicURL, "://")
		s.mailFrom = "Matricula <no-reply@" + mailHost(hostOnly(host)) + ">"
	}
	return s, nil
}

// anyPort stands for a port that the system will choose.
const anyPort = "port"

// portText is the port of addr, or the one chosen, or anyPort.
func (c config) portText(chosen int) string {
	if chosen != 0 {
		return strconv.Itoa(chosen)
	}
	if _, port, _ := net.SplitHostPort(c.Addr); port != "0" {
		return port
	}
	return anyPort
}

// mailHost is a domain that can stand in an address: a machine's number can't.
func mailHost(host string) string {
	if _, err := netip.ParseAddr(host); err == nil {
		return "localhost"
	}
	return host
}

// origin brings an address to the form in which browsers send an origin: lower
// case, no port that goes without saying, no slash at the end. What is no origin
// comes back as something that web.NewOrigins refuses.
func origin(address string) string {
	address = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(address), "/"))
	for scheme, port := range map[string]string{"https://": ":443", "http://": ":80"} {
		if strings.HasPrefix(address, scheme) {
			return strings.TrimSuffix(address, port)
		}
	}
	return address
}

// isPage reports whether a browser may be sent to the address with a secret in
// its query.
func isPage(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.User != nil {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname())
}

// isLoopback says whether a host is this machine, as browsers and the web room
// take it.
func isLoopback(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.IsLoopback()
	}
	host = strings.ToLower(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// hostOnly is a host without its port and without the brackets of IPv6.
func hostOnly(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return strings.Trim(hostport, "[]")
}

// paths inside data.
func (c config) databasePath() string { return filepath.Join(c.Data, "matricula.db") }
func (c config) secretPath() string   { return filepath.Join(c.Data, "secret") }
func (c config) lockPath() string     { return filepath.Join(c.Data, "lock") }
func (c config) mailPath() string     { return filepath.Join(c.Data, "mail") }

package postgres

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Config says which database to open, and how.
type Config struct {
	// URL leads to the database: postgres://USER:PASSWORD@HOST:PORT/DATABASE, with
	// the parameters of libpq behind it
	// (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS).
	URL string
	// Migrate makes the schema where there is none, and brings an older one up to
	// date; without it Open refuses both.
	Migrate bool
	// Pool is how many connections there are at most, 3 at least; zero is 20. One in
	// four is for reads alone.
	Pool int
	// ConnectTimeout is how long a connection may take to be there, whether it is made
	// or others give theirs back; zero is 5 seconds.
	ConnectTimeout time.Duration
	// StatementTimeout is how long a statement may take; zero is 5 seconds. A change
	// that runs again and again is given up after twice as long.
	StatementTimeout time.Duration
	// LockTimeout is how long a statement may wait for another transaction; zero is 3
	// seconds.
	LockTimeout time.Duration
	// AllowLoss opens a database that may lose what it has acknowledged.
	AllowLoss bool
}

// Format shows, in every way of printing, where the URL leads and no password.
func (c Config) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Shown(c.URL)) }

// LogValue logs what [Config.Format] prints.
func (c Config) LogValue() slog.Value { return slog.StringValue(Shown(c.URL)) }

// MarshalText writes what [Config.Format] prints.
func (c Config) MarshalText() ([]byte, error) { return []byte(Shown(c.URL)), nil }

func (c Config) withDefaults() Config {
	if c.Pool == 0 {
		c.Pool = 20
	}
	for _, d := range []struct {
		at        *time.Duration
		otherwise time.Duration
	}{{&c.ConnectTimeout, 5 * time.Second}, {&c.StatementTimeout, 5 * time.Second}, {&c.LockTimeout, 3 * time.Second}} {
		if *d.at == 0 {
			*d.at = d.otherwise
		}
	}
	return c
}

// IsURL reports whether a text means PostgreSQL at all.
func IsURL(text string) bool {
	return strings.HasPrefix(text, "postgres://") || strings.HasPrefix(text, "postgresql://")
}

// Validate says what is wrong with the configuration, in words for an operator and
// without the password. It asks nobody.
func (c Config) Validate() error {
	_, err := c.withDefaults().parse()
	return err
}

// Shown is where a URL leads, without the password and whatever else it says.
func Shown(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "postgres://"
	}
	shown := &url.URL{Scheme: "postgres", Host: u.Host, Path: u.Path}
	if u.User != nil {
		shown.User = url.User(u.User.Username())
	}
	text := shown.String()
	if host := u.Query().Get("host"); u.Host == "" && host != "" {
		text += "?host=" + host
	}
	return text
}

// The modes of TLS (https://www.postgresql.org/docs/current/libpq-ssl.html).
var (
	sure    = []string{"disable", "require", "verify-ca", "verify-full"}
	halfway = []string{"allow", "prefer"}
)

// parse reads the URL. Where it says nothing of TLS, another machine must prove who
// it is: what goes over the line are hashes of passwords and what ends them.
func (c Config) parse() (*pgxpool.Config, error) {
	u, err := url.Parse(c.URL)
	if err != nil || !IsURL(c.URL) {
		return nil, errors.New("it is not postgres://USER:PASSWORD@HOST:PORT/DATABASE") // the error would show the password
	}
	if c.Pool < 3 {
		return nil, fmt.Errorf("a pool of %d is too small: give it 3 connections at least", c.Pool)
	}
	query := u.Query()
	mode := query.Get("sslmode")
	switch far := remote(u); {
	case mode == "" && far:
		query.Set("sslmode", "verify-full")
	case mode == "":
		query.Set("sslmode", "disable")
	case far && slices.Contains(halfway, mode):
		return nil, fmt.Errorf("sslmode=%s goes on without TLS where somebody on the line says so: write sslmode=verify-full, or sslmode=disable on a line that is nobody else's", mode)
	case !slices.Contains(sure, mode) && !slices.Contains(halfway, mode):
		return nil, fmt.Errorf("sslmode=%s is none of %s", mode, strings.Join(sure, ", "))
	}
	if query.Get("application_name") == "" {
		query.Set("application_name", "matricula")
	}
	u.RawQuery = query.Encode()
	parsed, err := pgxpool.ParseConfig(u.String())
	if err != nil {
		return nil, fmt.Errorf("it can't be read: %w", why(err))
	}
	if parsed.ConnConfig.DefaultQueryExecMode == pgx.QueryExecModeSimpleProtocol {
		return nil, errors.New("default_query_exec_mode=simple_protocol puts values into the text of statements: leave it out, a pooler is noticed without it")
	}
	if parsed.ConnConfig.Database == "" || strings.Trim(u.Path, "/") == "" && query.Get("dbname") == "" {
		return nil, errors.New("it names no database: postgres://USER:PASSWORD@HOST:PORT/DATABASE")
	}
	c.tune(parsed)
	return parsed, nil
}

// Careless says what somebody on the line to the database could do, "" where that is
// nothing.
func (c Config) Careless() string {
	u, err := url.Parse(c.URL)
	if err != nil || !remote(u) {
		return ""
	}
	switch u.Query().Get("sslmode") {
	case "disable":
		return "sslmode=disable: who sits on the line reads all of it; on a line that others reach, write sslmode=verify-full"
	case "require":
		return "sslmode=require: who sits on the line can pose as the server; write sslmode=verify-full"
	}
	return ""
}

// tune sets what the URL doesn't.
func (c Config) tune(p *pgxpool.Config) {
	p.MaxConns = int32(c.Pool) //gosec:disable G115 -- a thousand at most
	p.MaxConnLifetimeJitter = p.MaxConnLifetime / 10
	p.PingTimeout = time.Second
	p.ConnConfig.ConnectTimeout = c.ConnectTimeout
}

// sessionTimeouts are the server's own bounds on our statements. A transaction in
// which nothing happens belongs to a process that stands still, and holds others up.
func (c Config) sessionTimeouts() map[string]string {
	ms := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
	return map[string]string{
		"statement_timeout":                   ms(c.StatementTimeout),
		"lock_timeout":                        ms(c.LockTimeout),
		"idle_in_transaction_session_timeout": ms(2 * c.StatementTimeout),
	}
}

// sessionPlans make the server plan a prepared statement once. Ours find their rows by
// keys, so that one plan is right for all values; to plan what a cookie stands for
// takes fifteen times as long as to run it (0.6 ms against 0.04).
var sessionPlans = map[string]string{"plan_cache_mode": "force_generic_plan", "jit": "off"}

// remote reports whether the URL leads to another machine, by any of its hosts.
func remote(u *url.URL) bool {
	hosts := u.Query().Get("host")
	if u.Host != "" {
		hosts = u.Host
	}
	for host := range strings.SplitSeq(hosts, ",") {
		if !local(host) {
			return true
		}
	}
	return false
}

// local reports whether a host, with a port or without, is this machine: a loopback
// address, or the directory of a socket.
func local(host string) bool {
	if host == "" || path.IsAbs(host) || strings.HasPrefix(host, "@") {
		return true
	}
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.IsLoopback()
	}
	return host == "localhost"
}

package postgres

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestURLsThatCannotWorkAreRefused(t *testing.T) {
	for _, test := range []struct{ url, want string }{
		{"", "postgres://USER:PASSWORD@HOST"},
		{"mysql://db/x", "postgres://USER:PASSWORD@HOST"},
		{"host=db dbname=x", "postgres://USER:PASSWORD@HOST"},
		{"postgres://u:hunter2@db:port/x", "postgres://USER:PASSWORD@HOST"},
		{"postgres://u:hunter2@db", "names no database"},
		{"postgres://u:hunter2@db/", "names no database"},
		{"postgres://u:hunter2@db/x?sslmode=prefer", "verify-full"},
		{"postgres://u:hunter2@localhost,db/x?sslmode=allow", "verify-full"},
		{"postgres:///x?host=/run/postgresql,db&sslmode=allow", "verify-full"},
		{"postgres://u:hunter2@localhost/x?sslmode=never", "sslmode=never is none of"},
		{"postgres://u:hunter2@db/x?sslmode=never", "sslmode=never is none of"},
		{"postgres://u:hunter2@db/x?default_query_exec_mode=simple_protocol", "simple_protocol"},
		{"postgres://u:hunter2@db/x?default_query_exec_mode=fast", "can't be read"},
		{"postgres://u:hunter2@db/x?connect_timeout=soon", "can't be read"},
	} {
		err := Config{URL: test.url}.Validate()
		switch {
		case err == nil || !strings.Contains(err.Error(), test.want):
			t.Errorf("%s: got %v, want %q", test.url, err, test.want)
		case strings.Contains(err.Error(), "hunter2"), strings.Contains(err.Error(), "\n"):
			t.Errorf("%s: the error shows the password, or is more than a line: %q", test.url, err)
		}
	}
	if err := (Config{URL: "postgres://localhost/x", Pool: 2}).Validate(); err == nil {
		t.Error("a pool of 2 passed")
	}
}

// TestTLSByDefault asks how a line is guarded by a URL that doesn't say.
func TestTLSByDefault(t *testing.T) {
	t.Setenv("PGSSLMODE", "allow") // isn't asked
	for _, test := range []struct {
		url     string
		guarded bool
		careful bool
	}{
		{"postgres:///x", false, true},
		{"postgres:///x?host=/run/postgresql", false, true},
		{"postgres://localhost/x", false, true},
		{"postgres://127.0.0.1:6432/x", false, true},
		{"postgres://[::1]:6432/x", false, true},
		{"postgresql://u:hunter2@db.example.edu/x", true, true},
		{"postgres://u:hunter2@10.0.0.7:5432/x", true, true},
		{"postgres://localhost:1,db.example.edu:2/x", true, true},
		{"postgres://db.example.edu/x?sslmode=disable", false, false},
		{"postgres://db.example.edu/x?sslmode=require", true, false},
		{"postgres://localhost/x?sslmode=require", true, true},
		{"postgres://localhost.example.edu/x", true, true},
	} {
		c := Config{URL: test.url}
		p, err := c.withDefaults().parse()
		if err != nil {
			t.Errorf("%s: %v", test.url, err)
			continue
		}
		if guarded := p.ConnConfig.TLSConfig != nil; guarded != test.guarded {
			t.Errorf("%s: TLS %v, want %v", test.url, guarded, test.guarded)
		}
		full := strings.Contains(test.url, "sslmode") || !test.guarded || !p.ConnConfig.TLSConfig.InsecureSkipVerify
		if !full {
			t.Errorf("%s: the server needs to prove nothing", test.url)
		}
		for _, other := range p.ConnConfig.Fallbacks {
			if test.guarded && other.TLSConfig == nil {
				t.Errorf("%s: it falls back to a line without TLS", test.url)
			}
		}
		if careful := c.Careless() == ""; careful != test.careful {
			t.Errorf("%s: got %q, want careful %v", test.url, c.Careless(), test.careful)
		}
	}
}

func TestShown(t *testing.T) {
	for _, test := range []struct{ url, want string }{
		{"postgres://u:hunter2@db.example.edu:5433/x?sslmode=require&password=hunter2", "postgres://u@db.example.edu:5433/x"},
		{"postgresql:///x?host=/run/postgresql&user=u&password=hunter2", "postgres:///x?host=/run/postgresql"},
		{"postgres://u:hunter2@db:port/x", "postgres://"},
	} {
		if got := Shown(test.url); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

// TestDefaults asks what a configuration that says nothing comes to.
func TestDefaults(t *testing.T) {
	c := Config{URL: "postgres:///x"}.withDefaults()
	p, err := c.parse()
	if err != nil {
		t.Fatal(err)
	}
	if p.MaxConns != 20 || p.ConnConfig.ConnectTimeout != 5*time.Second || p.ConnConfig.DefaultQueryExecMode != pgx.QueryExecModeCacheStatement {
		t.Errorf("got %d connections, %v and mode %v", p.MaxConns, p.ConnConfig.ConnectTimeout, p.ConnConfig.DefaultQueryExecMode)
	}
	if got := p.ConnConfig.RuntimeParams["application_name"]; got != "matricula" {
		t.Errorf("the server would know us as %q", got)
	}
}

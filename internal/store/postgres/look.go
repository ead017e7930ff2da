package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"matricula/internal/store"
)

// oldest is the oldest server that is good enough, as server_version_num tells it.
const oldest = 150000

// look answers the version of the schema, 0 for an empty database, and refuses what
// is none of ours or can't be relied on. It writes nothing.
func look(ctx context.Context, c Config, conn *pgx.Conn) (version int64, err error) {
	if err := lookAtServer(ctx, c, conn); err != nil {
		return 0, said(c, err)
	}
	version, err = lookAtSchema(ctx, c, conn)
	if err != nil {
		return 0, said(c, err)
	}
	return version, nil
}

// lookAtServer asks what the server is and how it is set up.
func lookAtServer(ctx context.Context, c Config, conn *pgx.Conn) error {
	where := Shown(c.URL)
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("%s %w: %s", where, ErrUnsuitable, fmt.Sprintf(format, args...))
	}
	var product, number string
	if err := conn.QueryRow(ctx, "SELECT version(), current_setting('server_version_num')").Scan(&product, &number); err != nil {
		return err
	}
	if product, _, _ = strings.Cut(product, " on "); !suits(product, number) {
		return refuse("it is %s; use PostgreSQL 15 or later", product)
	}
	set, err := settings(ctx, conn)
	if err != nil {
		return err
	}
	switch {
	case set["server_encoding"] != "UTF8":
		return refuse("its encoding is %s; make it with --encoding UTF8 --template template0", set["server_encoding"])
	case set["in_recovery"] == "on":
		return refuse("it is a standby, which takes no changes; name the primary, or all of them with target_session_attrs=read-write")
	case set["default_transaction_read_only"] == "on":
		return refuse("default_transaction_read_only is on, for the server, the database or the role; turn it off")
	}
	var off []string
	for _, name := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		if set[name] == "off" {
			off = append(off, name)
		}
	}
	if len(off) > 0 && !c.AllowLoss {
		return refuse("it may lose what people were told is done, with %s off; turn that on, or accept it with database-allow-loss",
			strings.Join(off, " and "))
	}
	return nil
}

// suits reports whether a server is one that the engine was made for, by its name and
// its number. What only speaks the same language has other ideas of a transaction.
func suits(product, number string) bool {
	n, err := strconv.Atoi(number)
	return err == nil && n >= oldest && strings.HasPrefix(product, "PostgreSQL ") && !strings.Contains(product, "-YB-")
}

// settings answers what is in force on the connection, for the role and the
// database too.
func settings(ctx context.Context, conn *pgx.Conn) (map[string]string, error) {
	set := map[string]string{}
	rows, err := conn.Query(ctx, `
SELECT name, current_setting(name)
FROM pg_settings
WHERE name IN ('server_encoding', 'default_transaction_read_only', 'fsync', 'full_page_writes', 'synchronous_commit')
UNION ALL
SELECT 'in_recovery', CASE WHEN pg_is_in_recovery() THEN 'on' ELSE 'off' END`)
	if err != nil {
		return nil, err
	}
	var name, value string
	_, err = pgx.ForEachRow(rows, []any{&name, &value}, func() error {
		set[name] = value
		return nil
	})
	return set, err
}

// mark is the comment on one of our tables that no other program's has.
const mark = "Matricula"

// lookAtSchema asks whose tables there are. What belongs to an extension counts for
// nothing.
func lookAtSchema(ctx context.Context, c Config, conn *pgx.Conn) (version int64, err error) {
	var schema *string
	if err := conn.QueryRow(ctx, "SELECT current_schema()").Scan(&schema); err != nil {
		return 0, err
	}
	if schema == nil {
		return 0, fmt.Errorf("%s %w: the search_path of the role names no schema that exists; make one", Shown(c.URL), ErrUnsuitable)
	}
	tables, err := tablesIn(ctx, conn, *schema)
	if err != nil {
		return 0, err
	}
	ours := tables["meta"] == mark && tables.has(versions)
	begun := len(tables) == 1 && tables.has(versions) // a first migration that was cut short
	if len(tables) == 0 {
		return 0, nil
	}
	if ours || begun {
		version, err = versionOf(ctx, conn)
	}
	switch {
	case err != nil:
		return 0, err
	case ours:
		return version, mayUse(ctx, c, conn, *schema)
	case begun && version == 0:
		return 0, nil
	}
	return 0, fmt.Errorf("%s %w: its schema %s holds the tables of another program; give Matricula a database of its own",
		Shown(c.URL), ErrForeign, *schema)
}

// versions is the table of the migration runner.
const versions = "goose_db_version"

// tables are names with their comments.
type tables map[string]string

func (t tables) has(name string) bool {
	_, there := t[name]
	return there
}

func tablesIn(ctx context.Context, conn *pgx.Conn, schema string) (tables, error) {
	found := tables{}
	rows, err := conn.Query(ctx, `
SELECT c.relname, COALESCE(obj_description(c.oid, 'pg_class'), '')
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
AND NOT EXISTS (SELECT 1 FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`, schema)
	if err != nil {
		return nil, err
	}
	var name, comment string
	_, err = pgx.ForEachRow(rows, []any{&name, &comment}, func() error {
		found[name] = comment
		return nil
	})
	return found, err
}

func versionOf(ctx context.Context, conn *pgx.Conn) (int64, error) {
	var version *int64
	err := conn.QueryRow(ctx, store.Version).Scan(&version)
	if err != nil || version == nil {
		return 0, err
	}
	return *version, nil
}

// mayUse refuses a role that may not work with the tables.
func mayUse(ctx context.Context, c Config, conn *pgx.Conn, schema string) error {
	var role string
	var closed *string
	err := conn.QueryRow(ctx, `
SELECT current_user, string_agg(c.relname, ', ' ORDER BY c.relname)
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind = 'r' AND c.relname <> 'goose_db_version'
AND NOT (has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
	AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))`, schema).Scan(&role, &closed)
	if err != nil || closed == nil {
		return err
	}
	return fmt.Errorf("%s %w: %s may not read and write %s; let their owner say: GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %s TO %s",
		Shown(c.URL), ErrForbidden, role, *closed, pgx.Identifier{schema}.Sanitize(), pgx.Identifier{role}.Sanitize())
}

package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"matricula/internal/store"
)

// migrating is the number of the lock that whoever migrates holds: "MATR".
const migrating = 0x4d415452

// ready makes sure that the database has the newest schema of files, and answers
// its version before and after.
func ready(ctx context.Context, c Config, conn *pgx.Conn, files fs.FS) (from, to int64, err error) {
	newest, err := store.Latest(files)
	if err != nil {
		return 0, 0, err
	}
	from, err = look(ctx, c, conn)
	if err == nil {
		err = c.compare(from, newest)
	}
	if err != nil || from == newest {
		return from, newest, err
	}
	if from, err = migrateAlone(ctx, c, conn, files, newest); err != nil {
		return 0, 0, err
	}
	return from, newest, nil
}

// compare says whether the program can work with a schema, or may make it so.
func (c Config) compare(version, newest int64) error {
	where := Shown(c.URL)
	switch {
	case version > newest:
		return fmt.Errorf("%s %w: its schema is version %d, and the program knows up to %d; install the newer program",
			where, ErrNewer, version, newest)
	case version < newest && !c.Migrate && version == 0:
		return fmt.Errorf("%s %w: it is empty; run \"matricula migrate\"", where, ErrOlder)
	case version < newest && !c.Migrate:
		return fmt.Errorf("%s %w: its schema is version %d, and the program needs %d; run \"matricula migrate\"",
			where, ErrOlder, version, newest)
	}
	return nil
}

// migrateAlone migrates while nobody else does, and answers the version that it
// found then: whoever comes second finds the work done. The lock is that of a
// transaction, which a pooler leaves alone, and ends with the connection.
func migrateAlone(ctx context.Context, c Config, conn *pgx.Conn, files fs.FS, newest int64) (from int64, err error) {
	lock, err := conn.Begin(ctx)
	if err != nil {
		return 0, said(c, err)
	}
	defer func() { _ = lock.Rollback(context.WithoutCancel(ctx)) }()
	if _, err := lock.Exec(ctx, fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", migrating)); err != nil {
		return 0, said(c, err)
	}
	if from, err = look(ctx, c, conn); err != nil || from >= newest {
		return from, err
	}
	if err := mayMake(ctx, c, conn); err != nil {
		return 0, err
	}
	db := stdlib.OpenDB(*conn.Config())
	if _, err = store.Migrate(ctx, goose.DialectPostgres, db, files); err != nil {
		return 0, said(c, errors.Join(err, db.Close()))
	}
	return from, db.Close()
}

// mayMake refuses a role that may not make tables, before anything is made.
func mayMake(ctx context.Context, c Config, conn *pgx.Conn) error {
	var role, schema, database string
	var may bool
	err := conn.QueryRow(ctx, `
SELECT current_user, current_schema(), current_database(), has_schema_privilege(current_schema(), 'CREATE')`).
		Scan(&role, &schema, &database, &may)
	if err != nil {
		return said(c, err)
	}
	if !may {
		return fmt.Errorf("%s %w: %s may not make tables in the schema %s; let its owner say: ALTER DATABASE %s OWNER TO %s",
			Shown(c.URL), ErrForbidden, role, schema, pgx.Identifier{database}.Sanitize(), pgx.Identifier{role}.Sanitize())
	}
	return nil
}

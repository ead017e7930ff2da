package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Check implements store.Engine: it looks at the server's settings once more, reads
// every row of every table, and follows every reference. It refuses with ErrDamaged,
// and as Open does.
func (e *engine) Check(ctx context.Context) error {
	c := e.config
	c.Migrate = false
	return c.visit(ctx, func(conn *pgx.Conn, _ *pgxpool.Config, _ bool) error {
		if _, _, err := ready(ctx, c, conn, migrations()); err != nil {
			return err
		}
		return pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
			return checkAll(ctx, c, tx)
		})
	})
}

// references asks for each reference of our tables: the statement counts the rows
// that refer to one which isn't there.
const references = `
SELECT 'the references ' || k.conname || ' of ' || k.conrelid::regclass,
	format('SELECT COUNT(*) FROM %s AS t LEFT JOIN %s AS p ON p.%I = t.%I WHERE t.%I IS NOT NULL AND p.%I IS NULL',
		k.conrelid::regclass, k.confrelid::regclass, there.attname, here.attname, here.attname, there.attname)
FROM pg_constraint AS k
JOIN pg_attribute AS here ON here.attrelid = k.conrelid AND here.attnum = k.conkey[1]
JOIN pg_attribute AS there ON there.attrelid = k.confrelid AND there.attnum = k.confkey[1]
WHERE k.contype = 'f' AND k.connamespace = current_schema()::regnamespace
ORDER BY 1`

// contents asks for each table: the statement reads every row whole, and counts those
// that are none.
const contents = `
SELECT 'the table ' || c.oid::regclass, format('SELECT COUNT(*) FROM %s AS t WHERE length(t::text) < 1', c.oid::regclass)
FROM pg_class AS c
WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
ORDER BY 1`

// indexes asks for indexes that the server has given up.
const indexes = `
SELECT 'the index ' || i.indexrelid::regclass, 'SELECT 1'
FROM pg_index AS i
JOIN pg_class AS c ON c.oid = i.indexrelid
WHERE c.relnamespace = current_schema()::regnamespace AND NOT (i.indisvalid AND i.indisready)
ORDER BY 1`

func checkAll(ctx context.Context, c Config, tx pgx.Tx) error {
	for _, list := range []string{contents, references, indexes} {
		rows, err := tx.Query(ctx, list)
		if err != nil {
			return said(c, err)
		}
		checks, err := pgx.CollectRows(rows, pgx.RowToStructByPos[check])
		if err != nil {
			return said(c, err)
		}
		for _, k := range checks {
			if err := k.run(ctx, tx); err != nil {
				return fmt.Errorf("%s %w: restore a backup (%w)", Shown(c.URL), ErrDamaged, err)
			}
		}
	}
	return nil
}

// check is a part of the database, and the statement that counts what is wrong
// with it.
type check struct{ Part, Statement string }

func (k check) run(ctx context.Context, tx pgx.Tx) error {
	var wrong int64
	err := tx.QueryRow(ctx, k.Statement).Scan(&wrong)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", k.Part, why(err))
	case wrong > 0:
		return fmt.Errorf("%s: %d wrong", k.Part, wrong)
	}
	return nil
}

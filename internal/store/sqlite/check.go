package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Check implements store.Engine: it reads every page, and follows every reference
// (https://www.sqlite.org/pragma.html#pragma_integrity_check). It refuses with
// ErrDamaged.
func (e *engine) Check(ctx context.Context) error {
	c, err := open(ctx, source(e.path, time.Second, reading, "mode=rw"))
	if err != nil {
		return said(e.path, err)
	}
	err = errors.Join(checkPages(ctx, c), checkReferences(ctx, c), c.close())
	if err != nil {
		return fmt.Errorf("%s %w: restore a backup (%w)", e.path, ErrDamaged, err)
	}
	return nil
}

func checkPages(ctx context.Context, c *conn) error {
	rows, err := c.sql.QueryContext(ctx, "PRAGMA integrity_check(10)")
	if err != nil {
		return err
	}
	defer rows.Close()
	var found []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return err
		}
		if line != "ok" {
			found = append(found, line)
		}
	}
	if len(found) > 0 {
		return errors.New(strings.ReplaceAll(strings.Join(found, "; "), "\n", "; "))
	}
	return rows.Err()
}

func checkReferences(ctx context.Context, c *conn) error {
	rows, err := c.sql.QueryContext(ctx, "PRAGMA foreign_key_check")
	if err != nil {
		return err
	}
	defer rows.Close()
	if rows.Next() {
		var table, parent string
		var row, reference sql.NullInt64
		if err := rows.Scan(&table, &row, &parent, &reference); err != nil {
			return err
		}
		return fmt.Errorf("row %d of %s refers to one of %s that does not exist", row.Int64, table, parent)
	}
	return rows.Err()
}

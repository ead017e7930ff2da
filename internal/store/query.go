package store

import "matricula/internal/account"

// one answers the single row of a query, or account.NotFound.
func one[T any](r reader, what string, scan func(Row) (T, error), query string, args ...any) (T, error) {
	return first(r, r.rows.Query, what, scan, query, args)
}

// find answers what one does, for what every request asks (Engine.Find).
func find[T any](r reader, what string, scan func(Row) (T, error), query string, args ...any) (T, error) {
	return first(r, r.find, what, scan, query, args)
}

func first[T any](r reader, run ask, what string, scan func(Row) (T, error), query string, args []any) (T, error) {
	var answer T
	found := false
	err := run(r.ctx, func(row Row) (err error) {
		answer, err = scan(row)
		found = true
		return err
	}, query, args...)
	switch {
	case err != nil:
		return answer, r.fault(what, err)
	case !found:
		return answer, account.NotFound
	}
	return answer, nil
}

// list answers the rows of a query, in its order.
func list[T any](r reader, what string, scan func(Row) (T, error), query string, args ...any) ([]T, error) {
	var answer []T
	err := r.rows.Query(r.ctx, func(row Row) error {
		item, err := scan(row)
		answer = append(answer, item)
		return err
	}, query, args...)
	if err != nil {
		return nil, r.fault(what, err)
	}
	return answer, nil
}

// value scans a row of one column.
func value[T any](row Row) (v T, err error) {
	err = row.Scan(&v)
	return v, err
}

// exec answers how many rows a statement changed.
func (t tx) exec(what, query string, args ...any) (int64, error) {
	n, err := t.w.Exec(t.ctx, query, args...)
	if err != nil {
		return 0, t.fault(what, err)
	}
	return n, nil
}

// later runs a statement that changes what it changes. What it refuses may be told
// by the next statement, or at the end of the change.
func (t tx) later(what, query string, args ...any) error {
	if err := t.w.Later(t.ctx, query, args...); err != nil {
		return t.fault(what, err)
	}
	return nil
}

// did reports whether a statement changed anything.
func (t tx) did(what, query string, args ...any) (bool, error) {
	n, err := t.exec(what, query, args...)
	return n > 0, err
}

// change runs a statement that must find its row, else it is account.NotFound.
func (t tx) change(what, query string, args ...any) error {
	found, err := t.did(what, query, args...)
	if err == nil && !found {
		return account.NotFound
	}
	return err
}

// add runs a statement that makes a row and answers its id.
func (t tx) add(what, query string, args ...any) (int64, error) {
	return one(t.reader, what, value[int64], query, args...)
}

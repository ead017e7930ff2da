package sqlite

import (
	"sync"

	"matricula/internal/store"
)

// engine implements store.Engine.
type engine struct {
	*readers
	*writer
	path   string
	closed func() error
}

var _ store.Engine = (*engine)(nil)

func newEngine(path string, r *readers, w *writer) *engine {
	e := &engine{readers: r, writer: w, path: path}
	e.closed = sync.OnceValue(e.shut)
	go w.work() // shut waits for it
	return e
}

// ClaimLock is nothing: changes run one after another.
func (*engine) ClaimLock() string { return "" }

// Stats implements store.Engine.
func (e *engine) Stats() store.Stats {
	w := e.writer
	return store.Stats{
		Commits: w.commits.Load(), Failed: w.failed.Load(), Changes: w.changes.Load(),
		LargestGroup: w.largest.Load(), Waits: w.waits.Load(), Waiting: w.inside.Load(),
	}
}

// Close implements store.Engine.
func (e *engine) Close() error { return e.closed() }

// shut ends the readers first: the connection that is closed last moves the log
// into the database file, and only the writer may.
func (e *engine) shut() error {
	err := e.readers.close()
	e.writer.close()
	return err
}

package apart

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"matricula/internal/password"
)

// lull is how long a child waits for a question before it is sent away, with the memory
// that it keeps. To start another takes some hundredths of a second.
const lull = time.Minute

// Crew is the children, as their parent sees them: as many as there are questions at
// the same time. It implements [password.Worker].
type Crew struct {
	cost    string
	threads uint8
	here    password.Worker // hashes in this process, where no child can be started
	lull    time.Duration
	longest time.Duration // that a child may take to answer
	log     *slog.Logger

	mu     sync.Mutex
	told   bool // that none can be started
	hired  map[*child]bool
	idle   []*child // the one that worked last works next
	closed bool
	gone   sync.WaitGroup // is done when every child has ended
}

var _ password.Worker = (*Crew)(nil)

// Start starts a child, to see that it can be done. cost is that of the hashes that
// will be made, as [password.ParseParams] reads it. What goes wrong later is logged.
func Start(cost string, log *slog.Logger) (*Crew, error) {
	cfg, err := password.ParseParams(cost)
	if err != nil {
		return nil, err
	}
	here, err := password.NewWorker(cfg)
	if err != nil {
		return nil, err
	}
	w := &Crew{cost: cost, threads: max(1, cfg.Threads), here: here, lull: lull, longest: longestHash, log: log, hired: map[*child]bool{}}
	c, err := w.hire()
	if err != nil {
		return nil, err
	}
	if c.kept != nil {
		log.Warn("the processes that hash passwords have the server's own priority, so that everything slows down while many sign in; allow the server setpriority", "error", c.kept)
	}
	w.rest(c)
	return w, nil
}

// Close ends the children; one that works ends when it has answered. Closing none does
// nothing.
func (w *Crew) Close() error {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	w.closed = true
	idle := w.idle
	w.idle = nil
	w.mu.Unlock()
	for _, c := range idle {
		go w.dismiss(c)
	}
	defer time.AfterFunc(longestEnd, w.killAll).Stop()
	w.gone.Wait()
	return nil
}

func (w *Crew) killAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.hired {
		c.kill()
	}
}

// Hash implements [password.Worker].
func (w *Crew) Hash(secret string) (string, error) {
	a, err := w.ask(question{Password: []byte(secret)})
	switch {
	case errors.Is(err, errNobody):
		return w.here.Hash(secret)
	case err == nil && a.Error != "":
		err = errors.New(a.Error)
	}
	return string(a.Encoded), err
}

// Verify implements [password.Worker].
func (w *Crew) Verify(encoded, secret string) (password.Verdict, error) {
	a, err := w.ask(question{Encoded: []byte(encoded), Password: []byte(secret)})
	switch {
	case errors.Is(err, errNobody):
		return w.here.Verify(encoded, secret)
	case err == nil && a.Error != "":
		err = fmt.Errorf("%w: %s", password.ErrFormat, strings.TrimPrefix(a.Error, password.ErrFormat.Error()+": "))
	}
	return password.Verdict{OK: a.OK, Outdated: a.Outdated}, err
}

// errNobody says that no child can be started.
var errNobody = errors.New("no process for hashing can be started")

// ask asks a child, and another one where it has ended meanwhile. It returns errNobody,
// or ErrBusy when a child that was just started has ended, or when all are closed.
func (w *Crew) ask(q question) (answer, error) {
	for {
		c, fresh, err := w.take()
		if errors.Is(err, os.ErrClosed) {
			return answer{}, fmt.Errorf("%w: the server stops", password.ErrBusy)
		}
		if w.tell(err); err != nil {
			return answer{}, errNobody
		}
		a, err := c.ask(q)
		if err == nil {
			w.rest(c)
			return a, nil
		}
		if ended := w.dismiss(c); ended != nil {
			err = ended
		}
		w.log.Error("a process that hashes passwords has ended before it answered", "error", err)
		if fresh {
			return answer{}, fmt.Errorf("%w: the process that hashes has ended: %w", password.ErrBusy, err)
		}
	}
}

// take answers a child that is idle, or else a fresh one.
func (w *Crew) take() (c *child, fresh bool, err error) {
	w.mu.Lock()
	if n := len(w.idle); n > 0 {
		c = w.idle[n-1]
		w.idle = w.idle[:n-1]
		c.patience.Stop() // if it came at this moment, it finds nothing
		w.mu.Unlock()
		return c, false, nil
	}
	w.mu.Unlock()
	c, err = w.hire()
	return c, true, err
}

// tell logs that no child can be started, once until one can.
func (w *Crew) tell(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil && !w.told {
		w.log.Error("no process for hashing can be started; passwords are hashed within the server, which slows everything down while many sign in", "error", err)
	}
	w.told = err != nil
}

func (w *Crew) hire() (*child, error) {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return nil, os.ErrClosed
	}
	w.gone.Add(1)
	w.mu.Unlock()
	c, err := start(w.cost, w.threads) // nobody waits for it
	if err != nil {
		w.gone.Done()
		return nil, err
	}
	c.longest = w.longest
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hired[c] = true
	return c, nil
}

// rest has a child wait for the next question, for a while.
func (w *Crew) rest(c *child) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		go w.dismiss(c)
		return
	}
	c.patience = time.AfterFunc(w.lull, func() {
		if w.stillIdle(c) {
			_ = w.dismiss(c) // it has done its work
		}
	})
	w.idle = append(w.idle, c)
}

// stillIdle takes a child from among those that wait, and reports whether it was there.
func (w *Crew) stillIdle(c *child) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.Index(w.idle, c)
	if i < 0 {
		return false
	}
	w.idle = slices.Delete(w.idle, i, i+1)
	return true
}

// dismiss ends a child, and answers how it has ended.
func (w *Crew) dismiss(c *child) error {
	defer w.gone.Done()
	err := c.end()
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.hired, c)
	return err
}

// Processes answers how many children there are, and their resident memory in octets,
// where the system tells it. None have none.
func (w *Crew) Processes() (n int, memory int64) {
	if w == nil {
		return 0, 0
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.hired {
		memory += residentMemory(c.command.Process.Pid)
	}
	return len(w.hired), memory
}

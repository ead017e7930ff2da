package web

import (
	"container/list"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// mostConnections is how many connections a listener serves at once. A reverse proxy
// needs far fewer; each may cost 130 KiB while the largest body lies in it.
const mostConnections = 1024

// allowance is how many connections there may be: no more than leave files for
// the database and the mails.
func allowance() int {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil || files.Cur >= mostConnections+64 {
		return mostConnections
	}
	open := int(files.Cur) //gosec:disable G115 -- it is small, as was just seen
	return max(open-64, open/2, 1)
}

// crowd is a listener that holds its connections to a number. When one more comes,
// the one that has kept us waiting longest makes room: for a request (its first or its
// next), for the rest of one, or to take its answer. Those whose request is in work
// are never cut off. So neither can idle connections keep others out, nor ones that
// send their headers or a body slowly, nor ones that ask and don't read. When all are
// at work, one more waits in the queue of the system.
type crowd struct {
	net.Listener
	most int

	mu      sync.Mutex // guards what follows
	left    *sync.Cond // a connection has gone, or keeps us waiting
	closed  bool
	conns   map[net.Conn]*list.Element // nil where a request is in work
	waiting *list.List                 // of connections, the longest waiting in front
}

func newCrowd(ln net.Listener, most int) *crowd {
	c := &crowd{Listener: ln, most: most, conns: map[net.Conn]*list.Element{}, waiting: list.New()}
	c.left = sync.NewCond(&c.mu)
	return c
}

// Accept waits for the next connection, and for room for it. Out of files, it closes
// the connection that has waited longest before it reports the error; net/http then
// tries again, at most once in 5 milliseconds.
func (c *crowd) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	c.mu.Lock()
	defer c.mu.Unlock()
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		c.shed()
	}
	if err != nil {
		return nil, err
	}
	for len(c.conns) >= c.most && !c.closed {
		if !c.shed() {
			c.left.Wait()
		}
	}
	if c.closed {
		_ = conn.Close()
		return nil, net.ErrClosed
	}
	g := &guest{Conn: conn, crowd: c}
	c.conns[g] = c.waiting.PushBack(g)
	return g, nil
}

// shed closes the connection that has kept us waiting longest, if any does.
func (c *crowd) shed() bool {
	longest := c.waiting.Front()
	if longest == nil {
		return false
	}
	conn, _ := c.waiting.Remove(longest).(net.Conn)
	delete(c.conns, conn)
	_ = conn.Close()
	return true
}

// Close ends the listener; connections go on.
func (c *crowd) Close() error {
	c.mu.Lock()
	c.closed = true
	c.left.Broadcast()
	c.mu.Unlock()
	return c.Listener.Close()
}

// note is told by net/http what becomes of a connection.
func (c *crowd) note(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateIdle:
		if c.leave(conn) {
			c.conns[conn] = c.waiting.PushBack(conn)
		}
	case http.StateClosed, http.StateHijacked:
		c.leave(conn)
		delete(c.conns, conn)
	}
	c.left.Signal()
}

// leave takes a connection from among those that keep us waiting. It reports false
// for one that was shed.
func (c *crowd) leave(conn net.Conn) bool {
	element, here := c.conns[conn]
	if element != nil {
		c.waiting.Remove(element)
		c.conns[conn] = nil
	}
	return here
}

// serve puts the crowd around a server: its requests are in work from when they have
// come whole.
func (c *crowd) serve(srv *http.Server) error {
	srv.ConnState = c.note
	srv.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		return context.WithValue(ctx, connKey{}, conn)
	}
	next := srv.Handler
	srv.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _ := r.Context().Value(connKey{}).(net.Conn)
		if r.Body == http.NoBody {
			c.work(conn)
		} else {
			body := &arriving{ReadCloser: r.Body, whole: func() { c.work(conn) }}
			r = r.WithContext(r.Context()) // net/http looks at the body of its own request
			r.Body = body
		}
		next.ServeHTTP(w, r)
	})
	return srv.Serve(c)
}

type connKey struct{}

// work takes note that a connection's request has come whole.
func (c *crowd) work(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leave(conn)
}

// arriving is a body that says when it has come whole, or failed to.
type arriving struct {
	io.ReadCloser
	whole func()
}

func (b *arriving) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && b.whole != nil {
		b.whole()
		b.whole = nil
	}
	return n, err
}

// guest is a connection that says when an answer is not taken.
type guest struct {
	net.Conn
	crowd *crowd
}

// unread is how long an answer may not be taken before we call it waiting. Most
// answers fit into what the system holds for a connection, and take no time.
const unread = 100 * time.Millisecond

func (g *guest) Write(p []byte) (int, error) {
	w := &writing{guest: g}
	late := time.AfterFunc(unread, w.drags)
	n, err := g.Conn.Write(p)
	if !late.Stop() {
		w.ends()
	}
	return n, err
}

// CloseWrite is what net/http ends an answer with whose request it has not read whole,
// so that the answer arrives nevertheless.
func (g *guest) CloseWrite() error {
	half, ok := g.Conn.(interface{ CloseWrite() error })
	if !ok {
		return nil
	}
	return half.CloseWrite()
}

// writing is one write to a client.
type writing struct {
	*guest
	over, waited bool // guarded by the crowd's mu
}

// drags notes that the client keeps us waiting, unless it does already: for its body.
func (w *writing) drags() {
	c := w.crowd
	c.mu.Lock()
	defer c.mu.Unlock()
	element, here := c.conns[w.guest]
	if w.over || !here || element != nil {
		return
	}
	w.waited = true
	c.conns[w.guest] = c.waiting.PushBack(w.guest)
	c.left.Signal()
}

// ends notes that the request is in work again.
func (w *writing) ends() {
	w.crowd.mu.Lock()
	defer w.crowd.mu.Unlock()
	w.over = true
	if w.waited {
		w.crowd.leave(w.guest)
	}
}

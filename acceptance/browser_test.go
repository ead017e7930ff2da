package acceptance

import (
	"context"
	_ "embed"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	devtools "github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"

	"matricula/acceptance/outside"
)

// browser is a real one, with an empty profile of its own.
type browser struct {
	ctx  context.Context
	used *outside.Secrets

	mu   sync.Mutex
	said []string // errors of its console
}

// browserTime is how long a whole story may take in a browser.
const browserTime = 90 * time.Second

// openBrowser starts a browser. Where there is none, the test is skipped or fails.
func openBrowser(t *testing.T, used *outside.Secrets) *browser {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		orSkip(t, "there is no chromium: apt-get install chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true),
	)
	parent, endProcess := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(endProcess)
	ctx, endTab := chromedp.NewContext(parent)
	t.Cleanup(endTab)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("the browser doesn't start: %v", err)
	}
	b := &browser{used: used}
	var cancel context.CancelFunc
	b.ctx, cancel = context.WithTimeout(ctx, browserTime)
	t.Cleanup(cancel)
	if err := chromedp.Listen(b.ctx, b.listen); err != nil {
		t.Fatal(err)
	}
	return b
}

// listen keeps what the browser complains of.
func (b *browser) listen(event any) {
	if entry, ok := event.(*devtools.EventEntryAdded); ok && entry.Entry.Level == "error" {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.said = append(b.said, entry.Entry.Text)
	}
}

// complaints answers what the browser has complained of, of some kind.
func (b *browser) complaints(kind string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []string
	for _, text := range b.said {
		if strings.Contains(text, kind) {
			found = append(found, text)
		}
	}
	return found
}

// do acts, one step after the other.
func (b *browser) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// open goes to an address, and waits for the page that comes of it.
func (b *browser) open(t *testing.T, address string) {
	t.Helper()
	b.do(t, chromedp.Navigate(address))
}

// follow acts so that another page comes, and answers that page's status.
func (b *browser) follow(t *testing.T, steps ...chromedp.Action[chromedp.Void]) int {
	t.Helper()
	response, err := chromedp.RunResponse(b.ctx, steps...)
	if err != nil {
		t.Fatal(err)
	}
	return int(response.Status)
}

// at fails the test unless the page is at this path and has these words, in
// letters of whatever case.
func (b *browser) at(t *testing.T, path string, words ...string) {
	t.Helper()
	where := b.url(t)
	text, err := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS("body")))
	if err != nil {
		t.Fatal(err)
	}
	if where.Path != path {
		t.Fatalf("the browser is at %s, want %s:\n%s", where, path, text)
	}
	for _, word := range words {
		if !strings.Contains(strings.ToLower(text), word) {
			t.Fatalf("%s does not say %q:\n%s", where, word, text)
		}
	}
}

// url answers where the browser is.
func (b *browser) url(t *testing.T) *url.URL {
	t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Location())
	if err != nil {
		t.Fatal(err)
	}
	where, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return where
}

// fill types into a field, in place of what it holds. The field's name may have
// more before it.
func fill(field, text string) chromedp.Action[chromedp.Void] {
	selector := `[name$="` + field + `"]`
	return chromedp.Steps(
		chromedp.Evaluate[chromedp.Void]("document.querySelector('"+selector+"').select()"),
		chromedp.SendKeys(chromedp.CSS(selector), text),
	)
}

// press presses the button of the form that leads to path.
func press(path string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(chromedp.CSS(`form[action="` + path + `"] button`))
}

// evaluate runs JavaScript in a page, and answers what it, or its promise, comes to.
func evaluate[T any](t *testing.T, b *browser, script string) T {
	t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return value
}

// frontPage is the page of every front end of these tests.
//
//go:embed testdata/front.html
var frontPage []byte

// front is a front end at an origin of its own.
type front struct {
	port string
}

// openFront serves a front end until the test ends.
func openFront(t *testing.T) front {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(frontPage)
	}))
	t.Cleanup(srv.Close)
	_, port, err := net.SplitHostPort(srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return front{port}
}

// at answers the origin when the front end is reached by this name.
func (f front) at(host string) string { return "http://" + host + ":" + f.port }

// fetched is what a page learns of a call. Failed is set, and nothing else, where
// the browser keeps the answer from it.
type fetched struct {
	Status     int
	Body       json.RawMessage
	RetryAfter string
	Failed     string
}

// fetch has the page call the server. Options are those of the page's own call.
func (b *browser) fetch(t *testing.T, method, address string, options object) fetched {
	t.Helper()
	sent, err := json.Marshal(options)
	if err != nil {
		t.Fatal(err)
	}
	if body, ok := options["body"]; ok {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		b.used.AddBody(text)
	}
	f := evaluate[fetched](t, b, `call("`+method+`", "`+address+`", `+string(sent)+`)`)
	b.used.AddBody(f.Body)
	return f
}

// want fails the test unless the page reads this status.
func (f fetched) want(t *testing.T, status int) fetched {
	t.Helper()
	if f.Failed != "" || f.Status != status {
		t.Fatalf("the page reads %d %s %s, want %d", f.Status, f.Body, f.Failed, status)
	}
	return f
}

// text answers a member of the body.
func (f fetched) text(t *testing.T, member string) string {
	t.Helper()
	var members object
	if err := json.Unmarshal(f.Body, &members); err != nil {
		t.Fatalf("%v: %s", err, f.Body)
	}
	text, _ := members[member].(string)
	return text
}

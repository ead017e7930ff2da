package docs

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strconv"
	"strings"

	"matricula/internal/web"
)

// part is a file that the page loads, carried in the program compressed.
type part struct {
	name, kind string
	gz         []byte
}

// carriedParts are all there are.
func carriedParts() []*part {
	const script, style = "text/javascript; charset=utf-8", "text/css; charset=utf-8"
	return []*part{
		{"swagger-ui-bundle.js", script, carried("swagger-ui/swagger-ui-bundle.js.gz")},
		{"swagger-ui.css", style, carried("swagger-ui/swagger-ui.css.gz")},
		{"page.js", script, compressed("page.js")},
		{"page.css", style, compressed("page.css")},
	}
}

// carried is a file of the program.
func carried(name string) []byte {
	text, err := files.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return text
}

// compressed is a small file of the program, as the large ones are carried.
func compressed(name string) []byte {
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	_, err := w.Write(carried(name))
	if err != nil || w.Close() != nil {
		panic("docs: nothing is written to memory") // a buffer takes everything
	}
	return gz.Bytes()
}

// address changes with the file, so that a browser may keep it for good.
func (p *part) address() string {
	return fmt.Sprintf("/docs/%s?%08x", p.name, crc32.ChecksumIEEE(p.gz))
}

// serve sends the file as it is carried to who takes that, and to others
// unpacked.
func (p *part) serve(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	h.Set("Cache-Control", forGood)
	h.Set("Content-Type", p.kind)
	h.Set("Vary", "Accept-Encoding")
	if takesGzip(r.Header) {
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", strconv.Itoa(len(p.gz)))
		_, _ = w.Write(p.gz) // an error means that the client is gone
		return nil
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(p.gz))
	if err != nil {
		return fmt.Errorf("unpack %s: %w", p.name, err)
	}
	_, _ = io.Copy(w, unpacked) //gosec:disable G110 -- what is unpacked is a part of the program, and an error means that the client is gone
	return nil
}

// takesGzip reports whether the client takes gzip (RFC 9110 section 12.5.3). One
// that says nothing of it by name gets the file unpacked.
func takesGzip(h http.Header) bool {
	for _, one := range strings.Split(strings.Join(h["Accept-Encoding"], ","), ",") {
		coding, weight, _ := strings.Cut(one, ";")
		if !strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			continue
		}
		name, value, _ := strings.Cut(strings.TrimSpace(weight), "=")
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		return !strings.EqualFold(strings.TrimSpace(name), "q") || err == nil && q > 0
	}
	return false
}

// plain answers a text that is the same for everybody.
func plain(kind, kept string, text []byte) web.Handler {
	return func(w http.ResponseWriter, _ *http.Request) error {
		h := w.Header()
		h.Set("Cache-Control", kept)
		h.Set("Content-Type", kind)
		h.Set("Content-Length", strconv.Itoa(len(text)))
		_, _ = w.Write(text) // an error means that the client is gone
		return nil
	}
}

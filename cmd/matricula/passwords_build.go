package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"matricula/internal/password"
)

type passwordsBuild struct {
	jsonFlag
	File     string `arg:"" help:"The corpus, - for standard input."`
	Out      string `name:"out" short:"o" placeholder:"FILE" default:"passwords.list" help:"File to write (${default}). A list that is there is replaced, anything else is not."`
	MinCount int64  `name:"min-count" placeholder:"N" help:"Leave out what was seen less often, in a corpus that counts."`
	Source   string `name:"source" placeholder:"TEXT" help:"Where the corpus is from, kept in the list; the name of the file when empty."`
}

// Help shows how it is used.
func (passwordsBuild) Help() string {
	return `The corpus has a line for each password: the password itself, or SHA1:COUNT as Have I Been Pwned writes them, in any order. More than 67108864 passwords must be in the order of their digests.

Example:

    matricula passwords build pwnedpasswords.txt -o pwned.list --min-count 10`
}

// listBuilt is what came of it, as programs read it.
type listBuilt struct {
	File    string `json:"file"`
	Lines   int64  `json:"lines"`
	LeftOut int64  `json:"left_out"`
	Entries int64  `json:"entries"`
	Bytes   int64  `json:"bytes"`
}

// Run builds the list.
func (cmd *passwordsBuild) Run(c *console) error {
	if cmd.MinCount < 0 {
		return fmt.Errorf("--min-count: %d is less than nothing", cmd.MinCount)
	}
	if err := cmd.checkOut(); err != nil {
		return err
	}
	corpus, err := cmd.open(c)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(c.ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	done, err := cmd.build(untilDone{ctx, corpus})
	if err := errors.Join(err, corpus.Close()); err != nil {
		return err
	}
	return cmd.print(c.out, done, func(out io.Writer) {
		fmt.Fprintf(out, "%s has %d passwords of %d lines, %d of which were left out, in %d bytes.\nServe with it: matricula serve --password-list %s\n",
			cmd.Out, done.Entries, done.Lines, done.LeftOut, done.Bytes, cmd.Out)
	})
}

// untilDone reads until the context ends: a long corpus can be interrupted, and
// nothing is left behind.
type untilDone struct {
	ctx  context.Context
	file io.Reader
}

// Read is part of io.Reader.
func (u untilDone) Read(b []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, errors.New("interrupted")
	}
	return u.file.Read(b)
}

// checkOut refuses to write over what is no list: it may be the corpus.
func (cmd *passwordsBuild) checkOut() error {
	old, err := password.OpenList(cmd.Out)
	switch {
	case err == nil:
		return old.Close()
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, password.ErrDamaged):
		return nil
	case errors.Is(err, password.ErrNotList):
		return fmt.Errorf("%s is there and no list of passwords; name another file with --out", cmd.Out)
	default:
		return fmt.Errorf("%s can't be written: %w", cmd.Out, cause(err))
	}
}

func (cmd *passwordsBuild) open(c *console) (io.ReadCloser, error) {
	if cmd.File == "-" {
		return io.NopCloser(c.in), nil
	}
	file, err := os.Open(cmd.File)
	if err != nil {
		return nil, fmt.Errorf("%s can't be read: %w", cmd.File, cause(err))
	}
	return file, nil
}

// build writes beside the file and renames, so that a server never reads half a
// list, and one that runs keeps the old one.
func (cmd *passwordsBuild) build(corpus io.Reader) (listBuilt, error) {
	temporary, err := os.CreateTemp(filepath.Dir(cmd.Out), ".passwords-*.list")
	if err != nil {
		return listBuilt{}, fmt.Errorf("%s can't be written: %w", cmd.Out, cause(err))
	}
	defer os.Remove(temporary.Name()) // it has been renamed, or is of no use
	built, err := password.BuildList(temporary, password.Corpus{Text: corpus, About: cmd.about(), MinCount: cmd.MinCount})
	switch {
	case errors.Is(err, password.ErrUnordered):
		err = fmt.Errorf("%s has %w; sort a corpus of digests by LC_ALL=C sort, or leave out what is rare with --min-count", cmd.name(), err)
	case err != nil:
		err = fmt.Errorf("%s: %w", cmd.name(), err)
	default:
		err = temporary.Sync()
	}
	info, statErr := temporary.Stat()
	if err := errors.Join(err, statErr, temporary.Chmod(0o644), temporary.Close()); err != nil { // nothing in it is secret, and the server may be another user
		return listBuilt{}, err
	}
	if err := os.Rename(temporary.Name(), cmd.Out); err != nil {
		return listBuilt{}, fmt.Errorf("%s can't be written: %w", cmd.Out, cause(err))
	}
	return listBuilt{File: cmd.Out, Lines: built.Lines, LeftOut: built.Left, Entries: built.Entries, Bytes: info.Size()}, nil
}

// name is what the corpus is called.
func (cmd *passwordsBuild) name() string {
	if cmd.File == "-" {
		return "standard input"
	}
	return cmd.File
}

// about is what the list says of itself.
func (cmd *passwordsBuild) about() string {
	about := cmd.Source
	if about == "" {
		about = filepath.Base(cmd.name())
	}
	if cmd.MinCount > 0 {
		about += fmt.Sprintf(", seen %d times or more", cmd.MinCount)
	}
	return about
}

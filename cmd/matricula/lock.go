package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// lock keeps a second server off a data directory. The kernel lets go of it when
// the process ends, however it ends.
type lock struct {
	file *os.File
	made bool
}

// lockData takes the lock of a data directory, or refuses at once.
func (c config) lockData() (*lock, error) {
	path := c.lockPath()
	_, err := os.Stat(path)
	made := errors.Is(err, fs.ErrNotExist)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data: %s can't be opened: %w", path, cause(err))
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil && isStill(file, path) {
		return &lock{file: file, made: made}, nil
	}
	_ = file.Close()
	if err == nil || errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fmt.Errorf("data: another server runs on %s; stop it, or name another directory with --data", c.Data)
	}
	return nil, fmt.Errorf("data: %s can't be locked: %w", path, err)
}

// isStill reports whether the name still leads to the open file: a server that
// failed to start takes the lock file that it had made away again.
func isStill(file *os.File, path string) bool {
	open, err := file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(path)
	return err == nil && os.SameFile(open, named)
}

// release lets go of the lock. undo also takes the file away if it was made for
// this start, so that a start that was refused leaves nothing behind.
func (l *lock) release(undo bool) error {
	var err error
	if undo && l.made {
		err = os.Remove(l.file.Name())
	}
	return errors.Join(err, l.file.Close())
}

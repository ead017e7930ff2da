package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"matricula/internal/account"
	"matricula/internal/token"
)

// findSecret answers the master of the secret in force: the one that is set, or
// the one in data. Where there is none yet the error is fs.ErrNotExist.
func (c config) findSecret() (token.Master, error) {
	if c.secret != nil {
		return *c.secret, nil
	}
	return readSecretFile(c.secretPath())
}

// makeSecret makes the secret of a new installation. A database that holds what a
// secret has sealed is not new: the one that was lost must not be replaced.
func (c config) makeSecret(ctx context.Context, opened account.Store) (token.Master, error) {
	path := c.secretPath()
	keys, err := opened.Read(ctx).SigningKeys()
	if err != nil {
		return token.Master{}, err
	}
	if len(keys) > 0 {
		return token.Master{}, fmt.Errorf("secret: %s is missing, and the database was made with it; put it back, or name it with secret-file", path)
	}
	if err := makeSecretFile(path); err != nil {
		return token.Master{}, fmt.Errorf("secret: %s can't be made: %w", path, cause(err))
	}
	return readSecretFile(path) // of two who make it at once, one was quicker
}

// readSecretFile reads a secret. Where there is none, the error is fs.ErrNotExist.
func readSecretFile(path string) (token.Master, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return token.Master{}, err
	}
	if err != nil {
		return token.Master{}, fmt.Errorf("secret: %s can't be read: %w", path, cause(err))
	}
	secret := bytes.TrimSpace(text)
	master, err := token.NewMaster(secret)
	if err != nil {
		return token.Master{}, fmt.Errorf("secret: %s holds %d bytes and needs at least 32; put the one back that the database was made with", path, len(secret))
	}
	return master, nil
}

// makeSecretFile writes a new secret that its owner alone may read. It appears
// whole and durably or not at all, and never in place of another: a link, unlike
// a rename, fails where there is a file.
func makeSecretFile(path string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".secret-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails
	_, err = f.WriteString(base64.RawURLEncoding.EncodeToString(secret[:]) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a new name in a directory durable.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

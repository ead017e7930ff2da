package mail

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Dir is a [Sender] that keeps each mail as a file, for development and tests.
// The files are whole mails (*.eml) that any mail program opens, and their names
// sort in the order in which they were sent.
type Dir struct {
	path string

	mu   sync.Mutex // guards what follows
	last time.Time  // of the newest name
	seq  int        // of the newest name
}

// fileName is what a mail's file is called: when it was written, how many were
// before it, and a random end that keeps two programs apart. Nothing else in the
// directory is a mail, and nothing else can be opened.
var fileName = regexp.MustCompile(`^(\d{8}T\d{6}\.\d{6}Z)-(\d{8})-[0-9a-f]{8}\.eml$`)

// nameTime is the time in a file's name, in UTC.
const nameTime = "20060102T150405.000000Z"

// MaxListed is how many mails [Dir.List] answers at most.
const MaxListed = 200

// maxFile is the largest file that is read as a mail, in bytes.
const maxFile = 1 << 20

// NewDir makes the directory where it is missing, readable by its owner alone:
// the mails in it carry secrets.
func NewDir(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("mail directory: %w", err)
	}
	d := &Dir{path: path}
	names, err := d.names()
	if err != nil {
		return nil, fmt.Errorf("mail directory: %w", err)
	}
	if len(names) > 0 {
		parts := fileName.FindStringSubmatch(names[0])
		d.last, _ = time.Parse(nameTime, parts[1])
		d.seq, _ = strconv.Atoi(parts[2])
	}
	return d, nil
}

// String answers the directory's path.
func (d *Dir) String() string { return d.path }

// Send writes the mail to a file of its own. The file appears whole under its
// name or not at all, and survives a crash from the moment Send returns.
func (d *Dir) Send(ctx context.Context, m Message) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("mail directory: %w", err)
	}
	mail, err := seal(m)
	if err != nil {
		return fmt.Errorf("mail directory: %w", err)
	}
	// One at a time, so that names appear in the order in which they sort.
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := writeWhole(d.path, d.nextName(m.Date), mail.data); err != nil {
		return fmt.Errorf("mail directory: %w", err)
	}
	return nil
}

// nextName answers a name that sorts behind every one before it, also when the
// clock was set back.
func (d *Dir) nextName(date time.Time) string {
	if date = date.UTC().Truncate(time.Microsecond); date.After(d.last) {
		d.last = date
	}
	d.seq++
	var end [4]byte
	_, _ = rand.Read(end[:]) // never fails (crypto/rand)
	return fmt.Sprintf("%s-%08d-%s.eml", d.last.Format(nameTime), d.seq, hex.EncodeToString(end[:]))
}

// writeWhole writes beside the name, forces to disk, and renames: who looks into
// the directory meanwhile never reads half a mail.
func writeWhole(dir, name string, data []byte) (err error) {
	f, err := os.CreateTemp(dir, ".writing-*") // 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), filepath.Join(dir, name)); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes a rename durable.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// List answers the newest mails first, [MaxListed] at most, without their
// bodies. Files that are no mails are passed over.
func (d *Dir) List() ([]Stored, error) {
	names, err := d.names()
	if err != nil {
		return nil, fmt.Errorf("list mails: %w", err)
	}
	var list []Stored
	for _, name := range names[:min(len(names), MaxListed)] {
		s, err := d.Open(name)
		if err != nil {
			continue // removed meanwhile, or damaged: the others are still worth showing
		}
		s.Text, s.HTML = "", ""
		list = append(list, s)
	}
	return list, nil
}

// names answers the names of all mails, newest first.
func (d *Dir) names() ([]string, error) {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if fileName.MatchString(e.Name()) && e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	slices.Reverse(names) // ReadDir sorts upwards
	return names, nil
}

// Open answers the mail in the named file. A name that [Dir] did not make, and
// one that is not there, is an error for which errors.Is(err, fs.ErrNotExist).
func (d *Dir) Open(name string) (Stored, error) {
	if !fileName.MatchString(name) {
		return Stored{}, fmt.Errorf("open mail: %w", fs.ErrNotExist)
	}
	data, err := d.read(name)
	if err != nil {
		return Stored{}, fmt.Errorf("open mail: %w", err)
	}
	s, err := parseStored(data)
	if err != nil {
		return Stored{}, fmt.Errorf("open mail %s: %w", name, err)
	}
	s.Name = name
	return s, nil
}

// read reads one file through a root that no symbolic link leads out of.
func (d *Dir) read(name string) ([]byte, error) {
	root, err := os.OpenRoot(d.path)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFile {
		return nil, errors.New("file is too large for a mail")
	}
	return data, nil
}

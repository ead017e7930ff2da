// Command vulndb packs a copy of the Go vulnerability database into the file that
// lies beside it, for machines that don't reach the database itself:
//
//	git clone --depth 1 https://go.googlesource.com/vulndb /tmp/vulndb
//	go -C tools run ./vulndb -date 2026-08-21 -from /tmp/vulndb/data/osv -to vulndb/reports.tar.gz
//
// It keeps of each report what govulncheck decides by and shows, and leaves the long
// texts out. It knows nothing of the program that is checked: every report goes in, so
// that a new dependency needs no new copy.
package main

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path"
	"time"
)

func main() {
	log.SetFlags(0)
	from := flag.String("from", "", "directory of the reports, GO-….json")
	to := flag.String("to", "vulndb/reports.tar.gz", "file to write")
	date := flag.String("date", "", "day of the copy, such as 2026-08-21")
	flag.Parse()
	day, err := time.Parse(time.DateOnly, *date)
	if err != nil {
		log.Fatalf("vulndb: -date: %v", err)
	}
	var out bytes.Buffer
	n, err := pack(&out, os.DirFS(*from), day)
	if err == nil {
		err = os.WriteFile(*to, out.Bytes(), 0o644)
	}
	if err != nil {
		log.Fatalf("vulndb: %v", err)
	}
	fmt.Printf("%s: %d reports in %d octets\n", *to, n, out.Len())
}

// pack writes the reports of a directory, sorted by name, as a compressed tar file,
// and answers how many there are. The same reports and day give the same octets.
func pack(w io.Writer, from fs.FS, day time.Time) (int, error) {
	names, err := fs.Glob(from, "GO-*.json")
	if err != nil {
		return 0, err
	}
	if len(names) == 0 {
		return 0, errors.New("there are no reports; name the directory that holds GO-….json")
	}
	packed, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return 0, err
	}
	files := tar.NewWriter(packed)
	for _, name := range names {
		if err := add(files, from, name, day); err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
	}
	return len(names), errors.Join(files.Close(), packed.Close())
}

func add(files *tar.Writer, from fs.FS, name string, day time.Time) error {
	whole, err := fs.ReadFile(from, name)
	if err != nil {
		return err
	}
	text, err := shorten(whole, day)
	if err != nil {
		return err
	}
	header := &tar.Header{Name: path.Base(name), Mode: 0o644, Size: int64(len(text)), ModTime: day, Format: tar.FormatUSTAR}
	if err := files.WriteHeader(header); err != nil {
		return err
	}
	_, err = files.Write(text)
	return err
}

// report is what is kept of one, in the format of https://ossf.github.io/osv-schema/.
type report struct {
	ID        string          `json:"id"`
	Modified  time.Time       `json:"modified"`
	Withdrawn *time.Time      `json:"withdrawn,omitempty"`
	Summary   string          `json:"summary,omitempty"`
	Affected  json.RawMessage `json:"affected"`
	Specific  json.RawMessage `json:"database_specific,omitempty"`
}

// shorten leaves out what govulncheck neither reads nor shows in a line. In the
// sources of the database the times are zero; then the day of the copy stands for them,
// and govulncheck tells it.
func shorten(whole []byte, day time.Time) ([]byte, error) {
	var r report
	if err := json.Unmarshal(whole, &r); err != nil {
		return nil, err
	}
	if r.ID == "" || len(r.Affected) == 0 {
		return nil, errors.New("this is no report")
	}
	r.Modified = cmp.Or(r.Modified, day)
	return json.Marshal(r)
}

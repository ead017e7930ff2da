package password

import (
	"crypto/sha1" //gosec:disable G505 -- it names passwords, as the breach corpora do; nothing rests on its strength
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"sort"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// What OpenList and Verify refuse a file for.
var (
	// ErrNotList says that a file is something else, or of a later version.
	ErrNotList = errors.New("it is no list of passwords that this program reads")

	// ErrDamaged says that a file began as a list and was cut short or altered.
	ErrDamaged = errors.New("the list of passwords is damaged")
)

// A List is a set of passwords that nobody may choose, as binary fuse filters
// (Graf and Lemire, "Binary Fuse Filters: Fast and Smaller Than Xor Filters",
// 2022) of 16 bits: 18 bits an entry. Whatever was put in is found; what was not
// is found once in 65,536 times. It is asked where it lies, in a file or in the
// program, and holds nothing in memory but some 40 octets for a million entries.
// It is safe for use by many goroutines.
type List struct {
	file    io.ReaderAt
	size    int64
	shards  []shard // in the order of their keys
	entries int64
	about   string
}

// OpenList opens a file that BuildList wrote. It reads no more than the file's
// two ends: Verify reads the rest. Its errors are the system's, and ErrNotList
// and ErrDamaged, wrapped. Close it when nobody asks any more.
func OpenList(path string) (*List, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = ErrNotList
	}
	var l *List
	if err == nil {
		l, err = readList(file, info.Size())
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}

	return l, nil
}

// Close lets go of the file.
func (l *List) Close() error {
	if file, ok := l.file.(io.Closer); ok {
		return file.Close()
	}
	return nil
}

// Entries is how many different passwords were put in.
func (l *List) Entries() int64 { return l.entries }

// Size is the file's, in octets.
func (l *List) Size() int64 { return l.size }

// About is where the passwords came from, in the words of who built the list.
func (l *List) About() string { return l.about }

// Verify reads the whole file and compares its digest. Its errors are ErrDamaged
// and the system's, wrapped.
func (l *List) Verify() error {
	whole := io.NewSectionReader(l.file, 0, l.size-sha256.Size)
	digest := sha256.New()
	if _, err := io.Copy(digest, whole); err != nil {
		return fmt.Errorf("read the list of passwords: %w", err)
	}
	want := make([]byte, sha256.Size)
	if _, err := l.file.ReadAt(want, l.size-sha256.Size); err != nil {
		return fmt.Errorf("read the list of passwords: %w", err)
	}
	if string(digest.Sum(nil)) != string(want) {
		return fmt.Errorf("%w: its digest is another than when it was built", ErrDamaged)
	}

	return nil
}

// Has tells whether a password is on the list, in NFC as it was typed or in
// lower case: lists of plain passwords are kept in lower case, while the digests
// of a breach corpus are of what people typed. A password without capitals is
// found in error once in 65,536 times, another one twice. The error is the
// system's, when the file can't be read. No list has nothing.
func (l *List) Has(password string) (bool, error) {
	if l == nil {
		return false, nil
	}
	typed := norm.NFC.String(password)
	found, err := l.has(keyOf(typed))
	if lower := fold(typed); err == nil && !found && lower != typed {
		found, err = l.has(keyOf(lower))
	}
	if err != nil {
		return false, fmt.Errorf("ask the list of passwords: %w", err)
	}

	return found, nil
}

// fold is the form in which plain passwords are put on a list.
func fold(s string) string {
	return norm.NFC.String(strings.ToLower(norm.NFC.String(s)))
}

// keyOf is what stands for a password: the first 64 bits of its SHA-1, so that
// the lines of Have I Been Pwned need not be known in plain.
func keyOf(s string) uint64 {
	digest := sha1.Sum([]byte(s)) //gosec:disable G401 -- see above
	return binary.BigEndian.Uint64(digest[:])
}

// has asks the one filter that would hold the key.
func (l *List) has(key uint64) (bool, error) {
	at := sort.Search(len(l.shards), func(i int) bool { return l.shards[i].last >= key })
	if at == len(l.shards) {
		return false, nil
	}
	s := l.shards[at]
	hash := mix(key + s.seed)
	mark := uint16(hash ^ hash>>32) //gosec:disable G115 -- these 16 bits are wanted
	octets := make([]byte, 2)
	for _, place := range s.places(hash) {
		if _, err := l.file.ReadAt(octets, s.offset+2*int64(place)); err != nil {
			return false, err
		}
		mark ^= binary.LittleEndian.Uint16(octets)
	}

	return mark == 0, nil
}

// mix is the finalizer of MurmurHash3, which the filters' hashes are made with.
func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// places are the three fingerprints that tell of a hash: one in each of three
// segments that follow one another.
func (s shard) places(hash uint64) [3]uint32 {
	first, _ := bits.Mul64(hash, uint64(s.segments)*uint64(s.segment))
	mask := uint64(s.segment) - 1
	a := uint32(first) //gosec:disable G115 -- less than segments times segment, which check holds to 2^31
	b := a + s.segment
	c := b + s.segment

	return [3]uint32{a, b ^ uint32(hash>>18&mask), c ^ uint32(hash&mask)} //gosec:disable G115 -- the mask has 18 bits at most
}

package password

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"strings"
	"unicode/utf8"
)

// A list's file is, with all numbers little-endian:
//
//	magic      20 octets
//	version    4 octets
//	filters    16 bits a fingerprint, one filter after the other
//	index      40 octets a filter, in the order of the keys
//	about      UTF-8
//	tail       16 octets: entries, filters, length of about
//	digest     32 octets: SHA-256 of all before it
//
// The keys of all passwords in their order are cut into filters of a million
// or so, so that a list of any length is built in bounded memory.
const (
	listMagic   = "matricula passwords\n"
	listVersion = 1

	headSize  = len(listMagic) + 4
	indexSize = 40
	tailSize  = 16

	maxAbout   = 1 << 10 // octets
	maxShards  = 1 << 16 // some 69,000 million entries
	maxSegment = 1 << 18 // fingerprints; the filters' own bound
)

// shard is a filter, of the keys up to the last and behind those of the one
// before it.
type shard struct {
	last     uint64
	seed     uint64
	offset   int64  // octets into the file
	segment  uint32 // fingerprints in a segment, a power of two
	segments uint32 // how many the first of three places can be in
	entries  uint32
}

// octets is what the fingerprints take.
func (s shard) octets() int64 {
	return 2 * int64(s.segment) * (int64(s.segments) + 2)
}

// append adds the line of the index to b.
func (s shard) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, s.last)
	b = binary.LittleEndian.AppendUint64(b, s.seed)
	b = binary.LittleEndian.AppendUint64(b, uint64(s.offset)) //gosec:disable G115 -- never less than nothing
	b = binary.LittleEndian.AppendUint32(b, s.segment)
	b = binary.LittleEndian.AppendUint32(b, s.segments)
	b = binary.LittleEndian.AppendUint32(b, s.entries)
	return binary.LittleEndian.AppendUint32(b, 0)
}

func readShard(b []byte) shard {
	return shard{
		last:     binary.LittleEndian.Uint64(b),
		seed:     binary.LittleEndian.Uint64(b[8:]),
		offset:   int64(binary.LittleEndian.Uint64(b[16:])), //gosec:disable G115 -- check wants one number alone
		segment:  binary.LittleEndian.Uint32(b[24:]),
		segments: binary.LittleEndian.Uint32(b[28:]),
		entries:  binary.LittleEndian.Uint32(b[32:]),
	}
}

// listTail is what stands in front of the digest.
type listTail struct {
	entries uint64
	shards  uint32
	about   uint32 // octets
}

func (t listTail) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, t.entries)
	b = binary.LittleEndian.AppendUint32(b, t.shards)
	return binary.LittleEndian.AppendUint32(b, t.about)
}

// readList reads the two ends of a file and says whether they belong together:
// whatever is asked of the list afterwards lies within it.
func readList(file io.ReaderAt, size int64) (*List, error) {
	if err := readHead(file, size); err != nil {
		return nil, err
	}
	tail, err := readTail(file, size)
	if err != nil {
		return nil, err
	}
	rest := int64(tail.shards)*indexSize + int64(tail.about)
	indexAt := size - sha256.Size - tailSize - rest
	if tail.shards == 0 || tail.shards > maxShards || tail.about > maxAbout || indexAt < int64(headSize) {
		return nil, fmt.Errorf("%w: its index does not fit", ErrDamaged)
	}
	text := make([]byte, rest)
	if _, err := file.ReadAt(text, indexAt); err != nil {
		return nil, fmt.Errorf("read the list of passwords: %w", err)
	}
	l := &List{file: file, size: size, about: string(text[int64(tail.shards)*indexSize:])}
	for i := range int(tail.shards) {
		l.shards = append(l.shards, readShard(text[i*indexSize:]))
		l.entries += int64(l.shards[i].entries)
	}
	if err := l.check(indexAt); err != nil {
		return nil, err
	}
	if uint64(l.entries) != tail.entries { //gosec:disable G115 -- a sum of what has 32 bits
		return nil, fmt.Errorf("%w: its index has other entries than its tail", ErrDamaged)
	}

	return l, nil
}

func readHead(file io.ReaderAt, size int64) error {
	head := make([]byte, headSize)
	if size < int64(len(head)) {
		return ErrNotList
	}
	if _, err := file.ReadAt(head, 0); err != nil {
		return fmt.Errorf("read the list of passwords: %w", err)
	}
	if string(head[:len(listMagic)]) != listMagic {
		return ErrNotList
	}
	if version := binary.LittleEndian.Uint32(head[len(listMagic):]); version != listVersion {
		return fmt.Errorf("%w: it has version %d, and this program reads %d", ErrNotList, version, listVersion)
	}

	return nil
}

func readTail(file io.ReaderAt, size int64) (listTail, error) {
	if size < int64(headSize)+tailSize+sha256.Size {
		return listTail{}, fmt.Errorf("%w: it ends too early", ErrDamaged)
	}
	b := make([]byte, tailSize)
	if _, err := file.ReadAt(b, size-sha256.Size-tailSize); err != nil {
		return listTail{}, fmt.Errorf("read the list of passwords: %w", err)
	}

	return listTail{
		entries: binary.LittleEndian.Uint64(b),
		shards:  binary.LittleEndian.Uint32(b[8:]),
		about:   binary.LittleEndian.Uint32(b[12:]),
	}, nil
}

// check wants the filters in their order, one behind the other, from the head up
// to the index.
func (l *List) check(indexAt int64) error {
	at := int64(headSize)
	for i, s := range l.shards {
		switch {
		case s.segment == 0 || s.segment > maxSegment || bits.OnesCount32(s.segment) != 1,
			s.segments == 0 || uint64(s.segments)*uint64(s.segment) > 1<<31,
			s.entries == 0,
			i > 0 && s.last <= l.shards[i-1].last,
			s.offset != at:
			return fmt.Errorf("%w: its index contradicts itself", ErrDamaged)
		}
		at += s.octets()
	}
	if at != indexAt || !utf8.ValidString(l.about) || strings.ContainsFunc(l.about, isControl) {
		return fmt.Errorf("%w: its index contradicts itself", ErrDamaged)
	}

	return nil
}

// isControl keeps what a list says of itself to one line of text.
func isControl(r rune) bool { return r < ' ' || 0x7f <= r && r < 0xa0 }

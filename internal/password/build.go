package password

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	gohash "hash" // the tests have a hash of their own
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/FastFilter/xorfilter"
)

const (
	// perShard is the entries of a filter. From a million up a filter is at its
	// smallest, 18 bits an entry; one is built with some 40 MB.
	perShard = 1 << 20

	// MaxUnordered is how many passwords are put in order in memory, which takes
	// up to 750 MB. A longer corpus must be in the order of its digests.
	MaxUnordered = 1 << 26
)

// ErrUnordered says that a corpus has more than MaxUnordered passwords and is not
// in the order of its digests.
var ErrUnordered = fmt.Errorf("more than %d passwords, and not in the order of their digests", MaxUnordered)

// ErrEmpty says that a corpus has no password that could be put on a list.
var ErrEmpty = errors.New("no password in it could be chosen here in the first place")

// Corpus is what a list is built from.
type Corpus struct {
	// Text has a line for each password: the password itself, or its SHA-1 in hex
	// and how often it was seen, "SHA1:COUNT", as Have I Been Pwned writes them.
	// The first line says which.
	Text io.Reader

	// About says where the text is from, in one line of at most 1024 octets; it
	// is kept in the list.
	About string

	// MinCount leaves out what was seen less often. It needs the counts.
	MinCount int64

	unordered, shard int // MaxUnordered and perShard, where they aren't a test's
}

// Built is what became of a corpus.
type Built struct {
	Lines   int64 // read
	Left    int64 // left out: nobody could choose it, or it was seen too rarely
	Entries int64 // on the list, each once
}

// BuildList writes the list of a corpus to out. A plain password is put on it in
// lower case and NFC, and left out when it could not be chosen anyhow: shorter
// than 8 code points, longer than a password may be, or no UTF-8. Its errors are
// ErrUnordered, ErrEmpty, a line that can't be what the first one is, and those
// of out and of the corpus.
func BuildList(out io.Writer, corpus Corpus) (Built, error) {
	about := strings.ToValidUTF8(corpus.About, "")
	if len(about) > maxAbout || strings.ContainsFunc(about, isControl) {
		return Built{}, fmt.Errorf("what the list says of itself must be one line of at most %d octets", maxAbout)
	}
	if corpus.unordered == 0 {
		corpus.unordered, corpus.shard = MaxUnordered, perShard
	}
	b := newBuilder(out, corpus.unordered, corpus.shard)
	lines := corpusLines{corpus: corpus}
	for key, err := range lines.keys() {
		if err == nil {
			err = b.add(key)
		}
		if err != nil {
			return Built{}, err
		}
	}
	entries, err := b.finish(about)
	if err != nil {
		return Built{}, err
	}

	return Built{Lines: lines.read, Left: lines.left, Entries: entries}, nil
}

// builder gathers keys and writes filters.
type builder struct {
	out    *bufio.Writer
	digest gohash.Hash
	at     int64 // octets written

	limit    int // keys that may wait
	perShard int // keys of a filter

	waiting   []uint64
	unordered bool // some of them
	shards    []shard
	fuse      xorfilter.BinaryFuseBuilder
	octets    []byte // of some fingerprints
	err       error  // of out
}

func newBuilder(out io.Writer, limit, perShard int) *builder {
	b := &builder{out: bufio.NewWriterSize(out, 1<<16), digest: sha256.New(), limit: limit, perShard: perShard}
	b.write(binary.LittleEndian.AppendUint32([]byte(listMagic), listVersion))

	return b
}

func (b *builder) write(octets []byte) {
	if b.err == nil {
		_, b.err = b.out.Write(octets)
	}
	b.digest.Write(octets)
	b.at += int64(len(octets))
}

// add takes a key. As long as all came in order, filters are written when too
// many wait; from then on, order is what the rest must keep.
func (b *builder) add(key uint64) error {
	last := key
	switch n := len(b.waiting); {
	case n > 0:
		last = b.waiting[n-1]
	case len(b.shards) > 0:
		last = b.shards[len(b.shards)-1].last
	}
	if key < last {
		b.unordered = true
	}
	if b.unordered && len(b.shards) > 0 {
		return ErrUnordered
	}
	b.waiting = append(b.room(), key)
	if len(b.waiting) < b.limit {
		return nil
	}
	if b.unordered {
		return b.squeeze()
	}

	return b.flush(b.perShard)
}

// room answers what waits, with room for one more. It grows by four, so that the
// old and the new take a quarter more than the new for a while, and never beyond
// the limit.
func (b *builder) room() []uint64 {
	if len(b.waiting) < cap(b.waiting) {
		return b.waiting
	}
	wider := make([]uint64, len(b.waiting), min(b.limit, max(1<<12, 4*cap(b.waiting))))
	copy(wider, b.waiting)

	return wider
}

// squeeze makes room by dropping what came twice.
func (b *builder) squeeze() error {
	slices.Sort(b.waiting)
	b.waiting = slices.Compact(b.waiting)
	if len(b.waiting) > b.limit*3/4 { // else every further key might sort them all again
		return ErrUnordered
	}

	return nil
}

// flush writes filters of what waits, until fewer than least are left of it.
func (b *builder) flush(least int) error {
	rest := slices.Compact(b.waiting)
	if n := len(b.shards); n > 0 && len(rest) > 0 && rest[0] == b.shards[n-1].last {
		rest = rest[1:]
	}
	for len(rest) >= least && len(rest) > 0 {
		n := min(len(rest), b.perShard)
		if err := b.shard(rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	b.waiting = b.waiting[:copy(b.waiting, rest)]

	return b.err
}

// shard writes the filter of keys in their order, each of them once.
func (b *builder) shard(keys []uint64) error {
	if len(b.shards) == maxShards {
		return errors.New("more passwords than a list can have")
	}
	last := keys[len(keys)-1]
	filter, err := xorfilter.BuildBinaryFuse[uint16](&b.fuse, keys)
	if err != nil {
		return fmt.Errorf("build a filter: %w", err)
	}
	b.shards = append(b.shards, shard{
		last: last, seed: filter.Seed, offset: b.at,
		segment: filter.SegmentLength, segments: filter.SegmentCount,
		entries: uint32(len(keys)), //gosec:disable G115 -- at most perShard
	})
	for marks := range slices.Chunk(filter.Fingerprints, 1<<12) {
		b.octets = b.octets[:0]
		for _, mark := range marks {
			b.octets = binary.LittleEndian.AppendUint16(b.octets, mark)
		}
		b.write(b.octets)
	}

	return nil
}

// finish writes what waits, the index, the tail and the digest.
func (b *builder) finish(about string) (entries int64, err error) {
	if b.unordered {
		slices.Sort(b.waiting)
	}
	if err := b.flush(1); err != nil {
		return 0, err
	}
	if len(b.shards) == 0 {
		return 0, ErrEmpty
	}
	var index []byte
	for _, s := range b.shards {
		index = s.append(index)
		entries += int64(s.entries)
	}
	b.write(index)
	b.write([]byte(about))
	tail := listTail{entries: uint64(entries), shards: uint32(len(b.shards)), about: uint32(len(about))} //gosec:disable G115 -- at most maxShards and maxAbout
	b.write(tail.append(nil))
	b.write(b.digest.Sum(nil))
	if b.err == nil {
		b.err = b.out.Flush()
	}

	return entries, b.err
}

// canBeChosen tells whether a policy could let anybody have the password: on a
// list, what can't be chosen is in vain.
func canBeChosen(folded string) bool {
	length := utf8.RuneCountInString(folded)
	return minRunes <= length && length <= MaxRunes && len(folded) <= MaxBytes && !strings.ContainsRune(folded, 0)
}

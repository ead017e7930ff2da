package password

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"strconv"
	"unicode/utf8"
)

// maxLine is the octets of a line of a corpus that are read; a longer one is no
// password.
const maxLine = 1 << 16

// corpusLines turns the lines of a corpus into keys, and counts them.
type corpusLines struct {
	corpus     Corpus
	form       lineForm // from the first line on
	read, left int64
}

// lineForm is what the lines of a corpus are. It answers the key of a line, or
// that there is none to be put on the list.
type lineForm func(line []byte) (key uint64, ok bool, err error)

// keys answers the keys in the order of the lines, or one error at the end.
func (c *corpusLines) keys() iter.Seq2[uint64, error] {
	return func(yield func(uint64, error) bool) {
		in := bufio.NewReaderSize(c.corpus.Text, maxLine)
		for {
			line, tooLong, err := readLine(in)
			if errors.Is(err, io.EOF) {
				return
			}
			var key uint64
			var ok bool
			if err == nil {
				key, ok, err = c.key(line, tooLong)
			}
			switch {
			case err != nil:
				yield(0, err)
				return
			case !ok:
				c.left++
			case !yield(key, nil):
				return
			}
		}
	}
}

// key answers the key of a line, or that there is none to be put on the list.
func (c *corpusLines) key(line []byte, tooLong bool) (key uint64, ok bool, err error) {
	c.read++
	if c.read == 1 {
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
		c.form, err = c.formOf(line)
	}
	if err == nil && !tooLong {
		key, ok, err = c.form(line)
	}
	if err != nil {
		return 0, false, fmt.Errorf("line %d: %w", c.read, err)
	}

	return key, ok, nil
}

// readLine reads a line without its end, and passes over what is too long.
func readLine(in *bufio.Reader) (line []byte, tooLong bool, err error) {
	line, err = in.ReadSlice('\n')
	for errors.Is(err, bufio.ErrBufferFull) {
		tooLong = true
		_, err = in.ReadSlice('\n')
	}
	if errors.Is(err, io.EOF) && (len(line) > 0 || tooLong) {
		err = nil // the last line has no end
	}
	if tooLong {
		return nil, true, err
	}

	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")), false, err
}

var (
	digestLine = regexp.MustCompile(`^[0-9A-Fa-f]{40}(:[0-9]+)?$`)

	// Of these Have I Been Pwned has files too: digests of NTLM, and the ends of
	// digests, a file a range.
	otherDigest = regexp.MustCompile(`^[0-9A-Fa-f]{32,}:[0-9]+$`)
)

// formOf goes by the first line.
func (c *corpusLines) formOf(first []byte) (lineForm, error) {
	switch {
	case digestLine.Match(first):
		return c.digest, nil
	case otherDigest.Match(first):
		return nil, errors.New("these are digests and not whole ones of SHA-1; get the corpus as one file of SHA1:COUNT")
	case c.corpus.MinCount > 0:
		return nil, errors.New("there is no count, so none can be the least; leave it out for a corpus of plain passwords")
	default:
		return plainLine, nil
	}
}

// digest reads "SHA1:COUNT". The count may be missing where none is asked for.
func (c *corpusLines) digest(line []byte) (key uint64, ok bool, err error) {
	sha1, count, counted := bytes.Cut(line, []byte(":"))
	if len(line) == 0 {
		return 0, false, nil
	}
	var digest [20]byte
	if n, err := hex.Decode(digest[:], trimTo(sha1, 40)); err != nil || n != len(digest) || len(sha1) != 40 {
		return 0, false, errors.New("it is no SHA1:COUNT, as the first line is")
	}
	if counted || c.corpus.MinCount > 0 {
		seen, err := strconv.ParseInt(string(count), 10, 64)
		if err != nil {
			return 0, false, errors.New("it has no count, as SHA1:COUNT has")
		}
		if seen < c.corpus.MinCount {
			return 0, false, nil
		}
	}
	for _, octet := range digest[:8] {
		key = key<<8 | uint64(octet)
	}

	return key, true, nil
}

// trimTo cuts what hex.Decode would otherwise write beyond its room.
func trimTo(b []byte, most int) []byte { return b[:min(len(b), most)] }

// plainLine takes the whole line for a password.
func plainLine(line []byte) (key uint64, ok bool, err error) {
	if !utf8.Valid(line) {
		return 0, false, nil
	}
	folded := fold(string(line))
	if !canBeChosen(folded) {
		return 0, false, nil
	}

	return keyOf(folded), true, nil
}

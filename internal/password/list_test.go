package password

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/FastFilter/xorfilter"
)

// built is the octets of a list of a corpus, in filters of a thousand.
func built(t testing.TB, corpus Corpus) ([]byte, Built) {
	t.Helper()
	if corpus.unordered == 0 {
		corpus.unordered, corpus.shard = 100_000, 1000
	}
	var out bytes.Buffer
	b, err := BuildList(&out, corpus)
	if err != nil {
		t.Fatal(err)
	}

	return out.Bytes(), b
}

func read(t testing.TB, octets []byte) *List {
	t.Helper()
	l, err := readList(bytes.NewReader(octets), int64(len(octets)))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Verify(); err != nil {
		t.Fatal(err)
	}

	return l
}

// words are n passwords that a list takes as they are.
func words(prefix string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%s-%07d", prefix, i)
	}

	return all
}

func plainCorpus(words []string) io.Reader { return strings.NewReader(strings.Join(words, "\n")) }

// digests are the lines of Have I Been Pwned: SHA-1 in hex, and a count that is
// the word's place from 1 on.
func digests(words []string) []string {
	lines := make([]string, len(words))
	for i, word := range words {
		lines[i] = fmt.Sprintf("%X:%d", sha1.Sum([]byte(word)), i+1)
	}

	return lines
}

func TestAListHasWhatWasPutIn(t *testing.T) {
	all := words("in", 5300)
	lines := digests(all)
	sorted := slices.Sorted(slices.Values(lines))
	for name, corpus := range map[string]Corpus{
		"plain":               {Text: plainCorpus(all)},
		"plain twice":         {Text: plainCorpus(slices.Concat(all, all))},
		"plain from Windows":  {Text: strings.NewReader("\ufeff" + strings.Join(all, "\r\n") + "\r\n")},
		"by prevalence":       {Text: plainCorpus(lines)},
		"by digest":           {Text: plainCorpus(sorted)},
		"by digest, streamed": {Text: plainCorpus(sorted), unordered: 1500, shard: 1000},
		"streamed, one by one": {
			Text: plainCorpus(sorted), unordered: 1, shard: 1,
		},
		"streamed, twice each": {Text: plainCorpus(slices.Sorted(slices.Values(slices.Concat(lines, lines)))), unordered: 64, shard: 7},
		"one by one, twice each": {
			Text: plainCorpus(slices.Sorted(slices.Values(slices.Concat(lines, lines)))), unordered: 1, shard: 1,
		},
		"unordered, many twice":  {Text: plainCorpus(slices.Concat(lines, lines, lines)), unordered: 7500, shard: 1000},
		"digests without counts": {Text: strings.NewReader(strings.ToLower(strings.Join(bare(lines), "\n")))},
	} {
		t.Run(name, func(t *testing.T) {
			octets, b := built(t, corpus)
			list := read(t, octets)
			if list.Entries() != int64(len(all)) || b.Entries != int64(len(all)) || b.Left != 0 {
				t.Errorf("%d entries, built %+v, want %d", list.Entries(), b, len(all))
			}
			for _, word := range all {
				if found, err := list.Has(word); !found || err != nil {
					t.Fatalf("Has(%q) = %v, %v, want true", word, found, err)
				}
			}
		})
	}
}

func bare(lines []string) []string {
	all := make([]string, len(lines))
	for i, line := range lines {
		all[i], _, _ = strings.Cut(line, ":")
	}

	return all
}

// TestFalseFindsAreRare allows three times the 2^-16 that there should be: the
// chance of more, or of none, is under one in a million.
func TestFalseFindsAreRare(t *testing.T) {
	octets, _ := built(t, Corpus{Text: plainCorpus(words("in", 5300))})
	list := read(t, octets)
	const asked = 1_000_000
	found := 0
	for range asked {
		if yes, err := list.has(rand.Uint64()); err != nil {
			t.Fatal(err)
		} else if yes {
			found++
		}
	}
	if most := 3 * asked >> 16; found > most {
		t.Errorf("%d of %d found, want %d at most", found, asked, most)
	}
	if found == 0 {
		t.Errorf("none of %d found, which is a wonder", asked)
	}
}

// TestAskingAgreesWithTheLibrary holds our reading of a filter to that of who
// wrote it, wrong finds included.
func TestAskingAgreesWithTheLibrary(t *testing.T) {
	keys := make([]uint64, 700)
	for i := range keys {
		keys[i] = rand.Uint64()
	}
	slices.Sort(keys)
	filter, err := xorfilter.NewBinaryFuse[uint16](slices.Clone(keys))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	b := newBuilder(&out, 1000, 1000)
	for _, key := range keys {
		if err := b.add(key); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.finish(""); err != nil {
		t.Fatal(err)
	}
	list := read(t, out.Bytes())
	for range 200_000 {
		key := rand.Uint64N(keys[len(keys)-1])
		if got, err := list.has(key); err != nil || got != filter.Contains(key) {
			t.Fatalf("has(%#x) = %v, %v, want %v", key, got, err, filter.Contains(key))
		}
	}
}

func TestPlainPasswordsAreFoundInAnyCase(t *testing.T) {
	octets, b := built(t, Corpus{Text: strings.NewReader(
		"Hunter2Hunter2\nпароль-ПАРОЛЬ\ncafe\u0301 europe\u0301en\n spaces around \nshort\n\n" +
			strings.Repeat("long", 65) + "\nlatin \xe9 one\nnul \x00 in it\n" + strings.Repeat("x", 3*maxLine) + "\nafter the long line")})
	list := read(t, octets)
	if want := (Built{Lines: 11, Left: 6, Entries: 5}); b != want {
		t.Errorf("built %+v, want %+v", b, want)
	}
	for password, want := range map[string]bool{
		"hunter2hunter2":      true,
		"HUNTER2HUNTER2":      true,
		"Пароль-пароль":       true,
		"Café européen":       true,
		"CAFE\u0301 EUROPÉEN": true,
		" spaces around ":     true,
		"spaces around":       false,
		"short":               false,
		"after the long line": true,
	} {
		if found, err := list.Has(password); found != want || err != nil {
			t.Errorf("Has(%q) = %v, %v, want %v", password, found, err, want)
		}
	}
}

// TestDigestsAreFoundAsTyped: nobody can tell the case of what was digested.
func TestDigestsAreFoundAsTyped(t *testing.T) {
	octets, _ := built(t, Corpus{Text: plainCorpus(digests([]string{"Hunter2Hunter2", "all lower case", "Café Européen"}))})
	list := read(t, octets)
	for password, want := range map[string]bool{
		"Hunter2Hunter2":      true,
		"hunter2hunter2":      false,
		"all lower case":      true,
		"All Lower Case":      true,
		"Cafe\u0301 Européen": true,
		"café européen":       false,
	} {
		if found, err := list.Has(password); found != want || err != nil {
			t.Errorf("Has(%q) = %v, %v, want %v", password, found, err, want)
		}
	}
}

func TestRareDigestsAreLeftOut(t *testing.T) {
	octets, b := built(t, Corpus{Text: plainCorpus(digests(words("in", 100))), MinCount: 41, About: "a test"})
	list := read(t, octets)
	if want := (Built{Lines: 100, Left: 40, Entries: 60}); b != want || list.About() != "a test" {
		t.Errorf("built %+v of %q, want %+v", b, list.About(), want)
	}
	if found, _ := list.Has("in-0000039"); found {
		t.Error("the 40th is on the list")
	}
	if found, _ := list.Has("in-0000040"); !found {
		t.Error("the 41st is not on the list")
	}
}

func TestBuildListRefuses(t *testing.T) {
	one := digests(words("in", 1))[0]
	unordered := slices.Sorted(slices.Values(digests(words("in", 3000))))
	slices.Reverse(unordered)
	for name, test := range map[string]struct {
		corpus Corpus
		want   string
	}{
		"nothing":                {Corpus{Text: strings.NewReader("")}, ErrEmpty.Error()},
		"nothing to choose":      {Corpus{Text: strings.NewReader("short\n\n\n")}, ErrEmpty.Error()},
		"all too rare":           {Corpus{Text: strings.NewReader(one), MinCount: 2}, ErrEmpty.Error()},
		"NTLM":                   {Corpus{Text: strings.NewReader("31D6CFE0D16AE931B73C59D7E0C089C0:12\n")}, "line 1: these are digests"},
		"a range":                {Corpus{Text: strings.NewReader("0018A45C4D1DEF81644B54AB7F969B88D65:10\n")}, "line 1: these are digests"},
		"plain with a count":     {Corpus{Text: strings.NewReader("password\n"), MinCount: 2}, "line 1: there is no count"},
		"a digest without count": {Corpus{Text: strings.NewReader(one + "\n" + one[:40]), MinCount: 1}, "line 2: it has no count"},
		"no count after colon":   {Corpus{Text: strings.NewReader(one + "\n" + one[:41])}, "line 2: it has no count"},
		"plain among digests":    {Corpus{Text: strings.NewReader(one + "\npassword:1\n")}, "line 2: it is no SHA1:COUNT"},
		"a long digest":          {Corpus{Text: strings.NewReader(one + "\n00" + one + "\n")}, "line 2: it is no SHA1:COUNT"},
		"two lines about":        {Corpus{Text: strings.NewReader(one), About: "a\nb"}, "must be one line"},
		"too many, unordered":    {Corpus{Text: plainCorpus(unordered), unordered: 2000, shard: 1000}, ErrUnordered.Error()},
		"unordered late": {
			Corpus{Text: plainCorpus(append(slices.Sorted(slices.Values(unordered)), unordered[1500])), unordered: 2000, shard: 1000},
			ErrUnordered.Error(),
		},
	} {
		if _, err := BuildList(io.Discard, test.corpus); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}

	full := errors.New("no space")
	if _, err := BuildList(failing{full}, Corpus{Text: strings.NewReader(one)}); !errors.Is(err, full) {
		t.Errorf("a full disk: %v, want %v", err, full)
	}
	if _, err := BuildList(io.Discard, Corpus{Text: io.MultiReader(strings.NewReader(one+"\n"), failing{full})}); !errors.Is(err, full) {
		t.Errorf("a broken corpus: %v, want %v", err, full)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error)         { return 0, f.err }
func (f failing) Read([]byte) (int, error)          { return 0, f.err }
func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }

func TestOpenList(t *testing.T) {
	dir := t.TempDir()
	octets, _ := built(t, Corpus{Text: plainCorpus(words("in", 2500)), About: "a test"})
	file := func(octets []byte) string {
		path := filepath.Join(dir, fmt.Sprintf("%d", rand.Uint64()))
		if err := os.WriteFile(path, octets, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}

	list, err := OpenList(file(octets))
	if err != nil {
		t.Fatal(err)
	}
	if found, err := list.Has("IN-0000007"); !found || err != nil || list.Size() != int64(len(octets)) {
		t.Errorf("Has = %v, %v, of %d octets, want true, of %d", found, err, list.Size(), len(octets))
	}
	if err := errors.Join(list.Verify(), list.Close()); err != nil {
		t.Error(err)
	}
	if _, err := list.Has("in-0000007"); err == nil {
		t.Error("a closed list answers")
	}

	if _, err := OpenList(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	for name, path := range map[string]string{
		"a directory":      dir,
		"an empty file":    file(nil),
		"a text":           file([]byte(strings.Repeat("password1\n", 1000))),
		"a later version":  file(append([]byte(listMagic+"\x02"), octets[len(listMagic)+1:]...)),
		"another magic":    file(append([]byte("M"), octets[1:]...)),
		"the magic's half": file(octets[:10]),
	} {
		if _, err := OpenList(path); !errors.Is(err, ErrNotList) {
			t.Errorf("%s: %v, want %v", name, err, ErrNotList)
		}
	}
}

// TestDamageIsFound cuts a list at every length and turns every bit of it.
func TestDamageIsFound(t *testing.T) {
	octets, _ := built(t, Corpus{Text: plainCorpus(words("in", 60)), About: "a test", unordered: 100, shard: 25})
	if err := damage(octets); err != nil {
		t.Fatalf("undamaged: %v", err)
	}
	for n := headSize; n < len(octets); n++ {
		if err := damage(octets[:n]); !errors.Is(err, ErrDamaged) {
			t.Errorf("cut to %d octets: %v, want %v", n, err, ErrDamaged)
		}
	}
	for i := range octets {
		for bit := range 8 {
			turned := slices.Clone(octets)
			turned[i] ^= 1 << bit
			if err := damage(turned); !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNotList) {
				t.Errorf("bit %d of octet %d turned: %v, want %v", bit, i, err, ErrDamaged)
			}
		}
	}
	if err := damage(append(slices.Clone(octets), 0)); !errors.Is(err, ErrDamaged) {
		t.Errorf("an octet more: %v, want %v", err, ErrDamaged)
	}
}

// TestAnIndexThatContradictsItselfIsRefused has the digest put right, as only
// somebody who wants to lead us astray does.
func TestAnIndexThatContradictsItselfIsRefused(t *testing.T) {
	octets, _ := built(t, Corpus{Text: plainCorpus(words("in", 60)), unordered: 100, shard: 25})
	index := len(octets) - sha256.Size - tailSize - 3*indexSize
	first := readShard(octets[index:])
	second := readShard(octets[index+indexSize:])
	for name, s := range map[string]shard{
		"no entries":          {first.last, first.seed, first.offset, first.segment, first.segments, 0},
		"no segment":          {first.last, first.seed, first.offset, 0, first.segments, first.entries},
		"no segments":         {first.last, first.seed, first.offset, first.segment * (first.segments + 2) / 2, 0, first.entries},
		"no power of two":     {first.last, first.seed, first.offset, first.segment + 1, first.segments, first.entries},
		"a long segment":      {first.last, first.seed, first.offset, 2 * maxSegment, first.segments, first.entries},
		"too many segments":   {first.last, first.seed, first.offset, maxSegment, 1 << 31, first.entries},
		"another place":       {first.last, first.seed, first.offset + 2, first.segment, first.segments, first.entries},
		"a place before all":  {first.last, first.seed, -2, first.segment, first.segments, first.entries},
		"out of order":        {second.last, first.seed, first.offset, first.segment, first.segments, first.entries},
		"more than there are": {first.last, first.seed, first.offset, first.segment, first.segments, first.entries + 1},
	} {
		turned := slices.Clone(octets[:len(octets)-sha256.Size])
		copy(turned[index:], s.append(nil))
		digest := sha256.Sum256(turned)
		if err := damage(append(turned, digest[:]...)); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v, want %v", name, err, ErrDamaged)
		}
	}
}

func damage(octets []byte) error {
	l, err := readList(bytes.NewReader(octets), int64(len(octets)))
	if err != nil {
		return err
	}

	return l.Verify()
}

// TestTheInstallationsListCounts under both policies, and fails closed.
func TestTheInstallationsListCounts(t *testing.T) {
	octets, _ := built(t, Corpus{Text: strings.NewReader("the chess club of berkeley 1!\n")})
	list := read(t, octets)
	unreadable := *list
	unreadable.file = failing{errors.New("input/output error")}
	for _, policy := range []Policy{Modern, Classic} {
		for _, test := range []struct {
			list     *List
			password string
			want     []Reason
		}{
			{nil, "The Chess Club of Berkeley 1!", nil},
			{list, "The Chess Club of Berkeley 1!", []Reason{Breached}},
			{list, "the go club of berkeley 1!", nil},
			{&unreadable, "the chess club of berkeley 1!", []Reason{Unchecked}},
		} {
			if got := (Rules{Policy: policy, List: test.list}).Judge(test.password); !slices.Equal(got, test.want) {
				t.Errorf("%s: Judge(%q) = %v, want %v", policy, test.password, got, test.want)
			}
		}
	}
}

// FuzzReadList looks for files that are taken for a list and lead astray: a panic,
// or a read outside the file.
func FuzzReadList(f *testing.F) {
	octets, _ := built(f, Corpus{Text: plainCorpus(words("in", 60)), About: "a test", unordered: 100, shard: 25})
	f.Add(octets, uint64(0))
	f.Add(octets[:len(octets)-sha256.Size-3], uint64(1<<40))
	f.Add([]byte(listMagic+"\x01\x00\x00\x00"), uint64(1))

	f.Fuzz(func(t *testing.T, octets []byte, key uint64) {
		l, err := readList(bytes.NewReader(octets), int64(len(octets)))
		if err != nil {
			if !errors.Is(err, ErrNotList) && !errors.Is(err, ErrDamaged) {
				t.Errorf("readList: %v", err)
			}
			return
		}
		for _, s := range l.shards {
			for _, key := range []uint64{key, s.last, s.last + 1} {
				if _, err := l.has(key); err != nil {
					t.Errorf("has(%#x): %v", key, err)
				}
			}
		}
	})
}

// FuzzBuildList: whatever a corpus holds, a list of it is refused or whole.
func FuzzBuildList(f *testing.F) {
	f.Add([]byte("password1\nhunter2hunter2\r\n"), int64(0))
	f.Add([]byte(strings.Join(digests(words("in", 3)), "\n")), int64(2))
	f.Add([]byte("\ufeff\n:1\n"), int64(-1))

	f.Fuzz(func(t *testing.T, text []byte, least int64) {
		var out bytes.Buffer
		b, err := BuildList(&out, Corpus{Text: bytes.NewReader(text), MinCount: least, unordered: 8, shard: 3})
		if err != nil {
			return
		}
		l := read(t, out.Bytes())
		if b.Entries != l.Entries() || b.Lines < b.Left+b.Entries {
			t.Errorf("built %+v, and %d entries are on the list", b, l.Entries())
		}
	})
}

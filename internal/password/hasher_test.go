package password

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// cheap makes hashes in microseconds, which no setting of a server should.
var cheap = Config{Memory: 64, Time: 1, Threads: 1}

func newHasher(t testing.TB, cfg Config) *Hasher {
	t.Helper()
	h, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}

	return h
}

func hash(t testing.TB, h *Hasher, password string) string {
	t.Helper()
	encoded, err := h.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}

	return encoded
}

func verify(t testing.TB, h *Hasher, encoded, password string) Verdict {
	t.Helper()
	v, err := h.Verify(t.Context(), encoded, password)
	if err != nil {
		t.Fatalf("Verify(%q): %v", encoded, err)
	}

	return v
}

// Vectors made by programs other than those this package uses.
var knownAnswers = []struct {
	source, encoded, password string
}{
	// test.c of the reference implementation, P-H-C/phc-winner-argon2.
	{"argon2 reference", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password"},
	{"argon2 reference", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "password"},
	{"argon2 reference", "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc", "password"},
	{"argon2 reference", "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA", "password"},
	// Its command-line program, Debian 0~20171227, at the default cost of ours.
	{"argon2 command", "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$1rWuvJDRmzvo1D6grbX52MQOPxNMdimgwNxB0QY/Jn0", "Grüße, Welt"},
	{"argon2 command", "$argon2i$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$iJyFKQen/uKlhbo3E1mCLFahpRSjucBNu82Jmd1dvgk", "Grüße, Welt"},
	// Tests of passlib 1.7.4.
	{"passlib tests", "$pbkdf2-sha512$1212$RHY0Fr3IDMSVO/RSZyb5ow$eNLfBK.eVozomMr.1gYa17k9B7KIK25NOEshvhrSX.esqY3s.FvWZViXz4KoLlQI.BzY/YTNJOiKc5gBYFYGww", "password"},
	{"passlib tests", "$2a$05$c92SVSfjeiCD6F2nAD6y0uBpJDjdRkt0EgeC4/31Rf2LUZbDRDE.O", "U*U*U*U*"},
	// Made by passlib 1.7.4, as the clubs' old backend used it.
	{"passlib", "$pbkdf2-sha512$25000$bWF0cmljdWxhLXNhbHQtMQ$HaAa27rKS82V.GM1iCFiAb7riQbou7Tb8KKKvYQvT2YbsBYxzR6lKjhg1OGi82TC99sRcvnzwWnLniYk1BIrDQ", "password"},
	{"passlib", "$pbkdf2-sha512$25000$bWF0cmljdWxhLXNhbHQtMQ$z.uNNNUh.PT6gdQ8gd7dGfhUGpnv3ynFx6FqGkQ.PK8GV.s458ON2u1D6mq5b7D1jb5Az5ljb2IVpSrjF6Hlkg", "pässwörd ☃"},
	{"passlib", "$pbkdf2-sha512$1000$bWF0cmljdWxhLXNhbHQtMQ$Aub.Jn79PxNjpTpODUijPFB17sh0M0Dg/8T7kKtUAx0MFuyt4yY1piw58NBwucfEXQUcqoZ3Ig2j.9Xh1GQ3aA", strings.Repeat("a", 129)},
	{"passlib, bcrypt 3.2", "$2b$10$abcdefghijklmnopqrstuu23JPZtHcGhwXSF41f93o/7vBdDut3Xu", "correct horse"},
	{"passlib, bcrypt 3.2", "$2a$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e", "correct horse"},
	{"passlib, bcrypt 3.2", "$2y$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e", "correct horse"},
	{"passlib, bcrypt 3.2", "$2b$04$abcdefghijklmnopqrstuum2G75IXDN/xsgbNa/hCiPSKyIHQd70S", strings.Repeat("0123456789", 8)},
	{"passlib, bcrypt 3.2", "$2b$04$abcdefghijklmnopqrstuuoVx8RufeJl2sf6nnK3ltb8OHjZZZsny", strings.Repeat("a", 71) + "ü"},
	// wrapper.c of Openwall's crypt_blowfish.
	{"crypt_blowfish", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
	{"crypt_blowfish", "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui", "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored"},
	{"crypt_blowfish", "$2b$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e", "\xff\xff\xa3"},
	{"crypt_blowfish", "$2y$05$/OK.fbVrR/bpIqNJ5ianF.nRht2l/HRhr6zmCp9vYUvvsqynflf9e", "\xff\xa3345"},
}

func TestVerifyKnownAnswers(t *testing.T) {
	h := newHasher(t, Config{})
	for _, known := range knownAnswers {
		got := verify(t, h, known.encoded, known.password)
		want := Verdict{OK: true, Outdated: !strings.HasPrefix(known.encoded, h.Class()+"$")}
		if got != want {
			t.Errorf("%s: Verify(%q, %q) = %+v, want %+v", known.source, known.encoded, known.password, got, want)
		}
		if got := verify(t, h, known.encoded, "x"+known.password); got != (Verdict{}) {
			t.Errorf("%s: Verify(%q) of a wrong password = %+v, want none", known.source, known.encoded, got)
		}
	}
}

func TestHashIsPHCWithAFreshSalt(t *testing.T) {
	h := newHasher(t, Config{})
	one, two := hash(t, h, "correct horse"), hash(t, h, "correct horse")
	if one == two {
		t.Errorf("two hashes of one password are both %q", one)
	}

	const want = "$argon2id$v=19$m=19456,t=2,p=1"
	if h.Class() != want {
		t.Errorf("Class() = %q, want %q", h.Class(), want)
	}
	class, err := ClassOf(one)
	if err != nil || class != want {
		t.Errorf("ClassOf(%q) = %q, %v, want %q", one, class, err, want)
	}
	if salt, _ := phcBase64.DecodeString(strings.Split(one, "$")[4]); len(salt) != 16 {
		t.Errorf("%q has a salt of %d octets, want 16", one, len(salt))
	}
}

func TestNoOctetIsIgnored(t *testing.T) {
	h := newHasher(t, cheap)
	for _, length := range []int{8, 72, 73, 128, 129, MaxRunes} {
		password := strings.Repeat("aB3 ", 64)[:length]
		encoded := hash(t, h, password)
		if got := verify(t, h, encoded, password); got != (Verdict{OK: true}) {
			t.Fatalf("%d octets: Verify = %+v, want OK", length, got)
		}

		for _, at := range []int{1, 72, 73, 128, length} {
			if at > length {
				continue
			}
			flipped := []byte(password)
			flipped[at-1] ^= 1
			if verify(t, h, encoded, string(flipped)).OK {
				t.Errorf("%d octets: octet %d does not count", length, at)
			}
		}
		for _, other := range []string{password[:length-1], strings.ToUpper(password), password + " ", password + "\x00"} {
			if len(other) > MaxRunes {
				continue
			}
			if verify(t, h, encoded, other).OK {
				t.Errorf("%d octets: %q verifies too", length, other)
			}
		}
	}
}

func TestNFCAndNFDAreOnePassword(t *testing.T) {
	h := newHasher(t, cheap)
	nfc := "pässwörd ☃ 한국어"
	nfd := norm.NFD.String(nfc)
	for _, made := range []string{nfc, nfd} {
		for _, typed := range []string{nfc, nfd} {
			if !verify(t, h, hash(t, h, made), typed).OK {
				t.Errorf("%+q made, %+q typed: not one password", made, typed)
			}
		}
	}
}

// Nobody's old program normalised: the octets typed then are those that count.
func TestOldHashesVerifyOctetsAsTyped(t *testing.T) {
	h := newHasher(t, cheap)
	nfc := "pässwörd ☃"
	nfd := norm.NFD.String(nfc)
	for _, old := range []struct{ encoded, right, wrong string }{
		{"$pbkdf2-sha512$25000$bWF0cmljdWxhLXNhbHQtMQ$qRY2st5EwobaJj3REAwxBoWB.NX0d8/usKyhrFgU9.IFnDNczMtxqwweZS9XUftzYze9fBzEWvk1gPO5T2/fww", nfd, nfc},
		{"$pbkdf2-sha512$25000$bWF0cmljdWxhLXNhbHQtMQ$z.uNNNUh.PT6gdQ8gd7dGfhUGpnv3ynFx6FqGkQ.PK8GV.s458ON2u1D6mq5b7D1jb5Az5ljb2IVpSrjF6Hlkg", nfc, nfd},
		{"$2b$04$abcdefghijklmnopqrstuuVJEW/mGamhZ1N07vJx0YM/opKO6rRiC", nfd, nfc},
	} {
		if got := verify(t, h, old.encoded, old.right); got != (Verdict{OK: true, Outdated: true}) {
			t.Errorf("Verify(%q, %+q) = %+v, want OK and outdated", old.encoded, old.right, got)
		}
		if got := verify(t, h, old.encoded, old.wrong); got != (Verdict{}) {
			t.Errorf("Verify(%q, %+q) = %+v, want none", old.encoded, old.wrong, got)
		}
	}
}

// The old programs knew 72 octets of a password, and its owner types them all.
func TestBcryptReads72Octets(t *testing.T) {
	h := newHasher(t, cheap)
	const encoded = "$2b$04$abcdefghijklmnopqrstuuBzzIgyKkz7xMWYSzkIjUSnxEQFQ0WNe"
	for length, want := range map[int]bool{71: false, 72: true, 73: true, 200: true} {
		if got := verify(t, h, encoded, strings.Repeat("a", length)).OK; got != want {
			t.Errorf("%d octets: OK = %v, want %v", length, got, want)
		}
	}
}

// A key of bcrypt or HMAC with NULs in it can be that of another password.
func TestNULNeverVerifiesAnOldHash(t *testing.T) {
	h := newHasher(t, cheap)
	for encoded, password := range map[string]string{
		"$2b$10$abcdefghijklmnopqrstuu23JPZtHcGhwXSF41f93o/7vBdDut3Xu":                                                                      "correct horse\x00correct horse",
		"$pbkdf2-sha512$1212$RHY0Fr3IDMSVO/RSZyb5ow$eNLfBK.eVozomMr.1gYa17k9B7KIK25NOEshvhrSX.esqY3s.FvWZViXz4KoLlQI.BzY/YTNJOiKc5gBYFYGww": "password\x00",
	} {
		if got := verify(t, h, encoded, password); got != (Verdict{}) {
			t.Errorf("Verify(%q, %q) = %+v, want none", encoded, password, got)
		}
	}
}

func TestOutdatedIsAnyOtherCost(t *testing.T) {
	today := newHasher(t, Config{Memory: 64, Time: 2, Threads: 1})
	for name, test := range map[string]struct {
		cfg  Config
		want bool
	}{
		"same":          {Config{Memory: 64, Time: 2, Threads: 1}, false},
		"less memory":   {Config{Memory: 32, Time: 2, Threads: 1}, true},
		"more memory":   {Config{Memory: 128, Time: 2, Threads: 1}, true},
		"fewer passes":  {Config{Memory: 64, Time: 1, Threads: 1}, true},
		"other threads": {Config{Memory: 64, Time: 2, Threads: 2}, true},
	} {
		encoded := hash(t, newHasher(t, test.cfg), "correct horse")
		if got, want := verify(t, today, encoded, "correct horse"), (Verdict{OK: true, Outdated: test.want}); got != want {
			t.Errorf("%s: Verify = %+v, want %+v", name, got, want)
		}
		if got := verify(t, today, encoded, "wrong"); got != (Verdict{}) {
			t.Errorf("%s: Verify of a wrong password = %+v, want none", name, got)
		}
	}
	// A digest of 16 octets where ours have 32.
	short := "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$"
	if class, err := ClassOf(short + "AAAAAAAAAAAAAAAAAAAAAA"); err != nil || class != today.Class() {
		t.Errorf("ClassOf = %q, %v, want %q", class, err, today.Class())
	}
}

func TestTooLongIsRefusedBeforeTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := cheap
		cfg.Slots, cfg.Wait = 1, time.Second
		h := newHasher(t, cfg)
		free := occupy(h)
		defer free()

		start := time.Now()
		for name, password := range map[string]string{
			"code points": strings.Repeat("a", MaxRunes+1),
			"octets":      strings.Repeat("a", 64<<10),
			"emoji":       strings.Repeat("😀", MaxRunes+1),
		} {
			if _, err := h.Hash(t.Context(), password); err != ErrTooLong {
				t.Errorf("%s: Hash = %v, want %v", name, err, ErrTooLong)
			}
			if _, err := h.Verify(t.Context(), knownAnswers[0].encoded, password); err != ErrTooLong {
				t.Errorf("%s: Verify = %v, want %v", name, err, ErrTooLong)
			}
			if err := h.VerifyDecoy(t.Context(), h.Class(), password); err != ErrTooLong {
				t.Errorf("%s: VerifyDecoy = %v, want %v", name, err, ErrTooLong)
			}
		}
		if waited := time.Since(start); waited != 0 {
			t.Errorf("refused after %v, want at once", waited)
		}
	})
}

// The limits count what is hashed, and that is the NFC form.
func TestLimitsCountNFC(t *testing.T) {
	h := newHasher(t, cheap)
	for name, password := range map[string]string{
		"256 emoji of 4 octets":     strings.Repeat("😀", MaxRunes),
		"octets of 4 for 1":         strings.Repeat(norm.NFD.String("\u1f82"), MaxRunes),
		"256 decomposed characters": norm.NFD.String(strings.Repeat("한", MaxRunes)),
	} {
		if got := verify(t, h, hash(t, h, password), password); !got.OK {
			t.Errorf("%s: Verify = %+v, want OK", name, got)
		}
	}
}

// What maxTyped rests on.
func TestNFCMakesOneOfFourAtMost(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if n := utf8.RuneCountInString(norm.NFD.String(string(r))); n > 4 {
			t.Errorf("%U stands for %d code points", r, n)
		}
	}
}

func TestEveryHashPassesTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := cheap
		cfg.Slots, cfg.Wait = 1, 900*time.Millisecond
		h := newHasher(t, cfg)
		encoded := hash(t, h, "correct horse")
		calls := map[string]func() error{
			"Hash":        func() error { _, err := h.Hash(t.Context(), "x"); return err },
			"Verify":      func() error { _, err := h.Verify(t.Context(), encoded, "x"); return err },
			"VerifyDecoy": func() error { return h.VerifyDecoy(t.Context(), h.Class(), "x") },
		}

		free := occupy(h)
		for name, call := range calls {
			start := time.Now()
			if err := call(); err != ErrBusy {
				t.Errorf("%s beside a hash that never ends = %v, want %v", name, err, ErrBusy)
			}
			if waited := time.Since(start); waited != cfg.Wait {
				t.Errorf("%s waited %v, want %v", name, waited, cfg.Wait)
			}
		}
		free()
		for name, call := range calls {
			if err := call(); err != nil {
				t.Errorf("%s after it ended = %v, want none", name, err)
			}
		}

		want := Stats{Slots: 1, Queue: queuePerSlot, Served: 5, Refused: 3, Waited: 3 * cfg.Wait}
		if got := h.Stats(); got != want {
			t.Errorf("Stats() = %+v, want %+v", got, want)
		}
	})
}

// occupy takes a slot of the hasher's until the function it returns is called.
// It is for a synctest bubble.
func occupy(h *Hasher) (free func()) {
	done, freed := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(freed)
		_ = run(context.Background(), h.gate, func() { <-done })
	}()
	synctest.Wait()

	return func() { close(done); <-freed }
}

func TestDecoyWeighsWhatItsClassWeighs(t *testing.T) {
	h := newHasher(t, Config{})
	for _, known := range knownAnswers {
		if strings.Contains(known.encoded, "$c29tZXNhbHQ$") {
			continue // a salt of 8 octets, which only the reference's tests have
		}
		class, err := ClassOf(known.encoded)
		if err != nil {
			t.Fatal(err)
		}
		decoy, err := decoyOf(class)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ClassOf(decoy); err != nil || got != class {
			t.Errorf("ClassOf(%q) = %q, %v, want %q", decoy, got, err, class)
		}
		if len(decoy) != len(known.encoded) {
			t.Errorf("decoy %q is not as long as %q", decoy, known.encoded)
		}
		if err := h.VerifyDecoy(t.Context(), class, known.password); err != nil {
			t.Errorf("VerifyDecoy(%q) = %v, want none", class, err)
		}
	}
	if served := h.Stats().Served; served == 0 {
		t.Error("no decoy was hashed")
	}
}

func TestVerifyDecoyRefusesWhatIsNoClass(t *testing.T) {
	h := newHasher(t, cheap)
	for _, class := range []string{"", "$", "plain", "$2b$10$", "$2b$31", knownAnswers[0].encoded, "$argon2id$v=19$m=4194304,t=2,p=1"} {
		if err := h.VerifyDecoy(t.Context(), class, "x"); !errors.Is(err, ErrFormat) {
			t.Errorf("VerifyDecoy(%q) = %v, want %v", class, err, ErrFormat)
		}
	}
}

func FuzzVerify(f *testing.F) {
	for _, known := range knownAnswers {
		f.Add(known.encoded, known.password)
	}
	f.Add("$2b$04$abcdefghijklmnopqrstuu\nBzzIgyKkz7xMWYSzkIjUSnxEQFQ0WN", "a\x00b")
	f.Add("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", "\xff")

	h := newHasher(f, cheap)
	f.Fuzz(func(t *testing.T, encoded, password string) {
		if class, err := ClassOf(encoded); err == nil && dear(class) {
			t.Skip("within bounds, but slow")
		}
		_, err := h.Verify(t.Context(), encoded, password)
		if err != nil && !errors.Is(err, ErrFormat) && err != ErrTooLong {
			t.Errorf("Verify(%q, %q): %v", encoded, password, err)
		}
	})
}

// dear tells whether a hash of the class takes more than a millisecond or so.
func dear(class string) bool {
	var memory, time, threads, cost, rounds int
	_, err := fmt.Sscanf(class[strings.LastIndexByte(class, '$')+1:], "m=%d,t=%d,p=%d", &memory, &time, &threads)
	if err == nil {
		return memory*time > 512
	}
	_, err = fmt.Sscanf(class, "$pbkdf2-sha512$%d", &rounds)
	if err == nil {
		return rounds > 1000
	}
	_, err = fmt.Sscanf(class[4:], "%d", &cost)

	return err != nil || cost > 4
}

func BenchmarkHash(b *testing.B) {
	h := newHasher(b, Config{})
	for b.Loop() {
		hash(b, h, "correct horse battery staple")
	}
}

func BenchmarkVerify(b *testing.B) {
	h := newHasher(b, Config{})
	for _, known := range []struct{ name, class string }{
		{"argon2id", h.Class()}, {"pbkdf2", "$pbkdf2-sha512$25000"}, {"bcrypt", "$2b$10"},
	} {
		b.Run(known.name, func(b *testing.B) {
			for b.Loop() {
				if err := h.VerifyDecoy(b.Context(), known.class, "correct horse battery staple"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

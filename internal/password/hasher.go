package password

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The longest password that is taken; a longer one is refused and never cut.
const (
	MaxRunes = 256  // code points after NFC
	MaxBytes = 1024 // octets after NFC
)

// maxTyped is where a password, in octets as typed, need not be normalised to
// be too long: a code point has at most 4 octets, and stands for at most 4 that
// NFC can put together.
const maxTyped = 4 * 4 * MaxRunes

// ErrTooLong says that a password has more than MaxRunes code points or
// MaxBytes octets after NFC. Nothing was hashed.
var ErrTooLong = fmt.Errorf("the password is longer than %d characters", MaxRunes)

// Sizes of what Hash makes (NIST SP 800-63B-4, 3.1.1.2, asks for 32 bits of
// salt; RFC 9106, section 4, recommends these).
const (
	saltSize   = 16 // octets
	digestSize = 32 // octets
)

// A Hasher makes hashes of passwords and verifies them, a bounded number at
// once. It is safe for use by many goroutines.
type Hasher struct {
	worker Worker
	class  string
	gate   *gate
}

// Verdict is what Verify found.
type Verdict struct {
	OK       bool // the password is the hash's
	Outdated bool // it is, and the hash is of another format or cost than Hash makes today
}

// New returns a Hasher. It refuses parameters that argon2 does not have or
// that ClassOf would not accept, and negative numbers.
func New(cfg Config) (*Hasher, error) {
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("password hasher: %w", err)
	}

	if cfg.Worker == nil {
		cfg.Worker, _ = NewWorker(cfg) // it was checked
	}

	return &Hasher{worker: cfg.Worker, class: cfg.class(), gate: newGate(cfg.Slots, cfg.Queue, cfg.Wait)}, nil
}

// Hash returns the argon2id hash of the password's NFC form, as a PHC string
// with a fresh salt. Its errors are ErrTooLong, ErrBusy, the context's, and
// what the system's random source has to say.
func (h *Hasher) Hash(ctx context.Context, password string) (encoded string, err error) {
	nfc, err := normalize(password)
	if err != nil {
		return "", err
	}
	err = h.gate.run(ctx, func() (err error) {
		encoded, err = h.worker.Hash(nfc)
		return err
	})

	return encoded, err
}

// Verify tells whether the encoded hash is the password's. Hashes of argon2id
// are taken for our own and compare the NFC form; those of the other formats
// were made by programs that did not normalise, and compare the octets as
// typed, of which bcrypt reads the first 72. Its errors are ErrFormat (wrapped),
// ErrTooLong, ErrBusy and the context's.
func (h *Hasher) Verify(ctx context.Context, encoded, password string) (Verdict, error) {
	hash, err := parse(encoded)
	if err != nil {
		return Verdict{}, err
	}
	nfc, err := normalize(password)
	if err != nil {
		return Verdict{}, err
	}
	typed := password
	if hash.format == formatArgon2id {
		typed = nfc
	}

	var verdict Verdict
	err = h.gate.run(ctx, func() (err error) {
		verdict, err = h.worker.Verify(encoded, typed)
		return err
	})
	switch {
	case err != nil:
		return Verdict{}, err
	case hash.format == formatArgon2id:
		return verdict, nil
	case strings.ContainsRune(typed, 0):
		// bcrypt repeats its NUL-terminated key, and HMAC fills its key up with
		// NULs, so that "a" and "a\x00a", or "a" and "a\x00", share a hash.
		return Verdict{}, nil
	default:
		return Verdict{OK: verdict.OK, Outdated: verdict.OK}, nil
	}
}

// VerifyDecoy does what Verify does against a hash of the class, at the same
// cost, and never succeeds: a caller who has no hash to verify does this
// instead, so that time does not tell. The class is one that ClassOf or Class
// returned. Its errors are those of Verify; nil means that the work is done.
func (h *Hasher) VerifyDecoy(ctx context.Context, class, password string) error {
	encoded, err := decoyOf(class)
	if err != nil {
		return err
	}
	_, err = h.Verify(ctx, encoded, password)

	return err
}

// Reserve is for callers who would spend something before they hash. It returns
// ErrBusy when a hash on behalf of whom [From] names would be refused now; else a
// context that keeps a place until something is hashed under it, or until done is
// called, which must happen.
func (h *Hasher) Reserve(ctx context.Context) (reserved context.Context, done func(), err error) {
	return h.gate.reserve(ctx)
}

// Class returns the class, as ClassOf has it, of the hashes that Hash makes.
func (h *Hasher) Class() string {
	return h.class
}

// Stats returns what the Hasher's gate is doing and has done.
func (h *Hasher) Stats() Stats {
	return h.gate.snapshot()
}

// normalize returns the NFC form of a password within the limits.
func normalize(password string) (string, error) {
	if len(password) > maxTyped {
		return "", ErrTooLong
	}
	nfc := norm.NFC.String(password)
	if len(nfc) > MaxBytes || utf8.RuneCountInString(nfc) > MaxRunes {
		return "", ErrTooLong
	}

	return nfc, nil
}

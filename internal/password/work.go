package password

import (
	"github.com/zitadel/passwap/argon2"
	"github.com/zitadel/passwap/bcrypt"
	"github.com/zitadel/passwap/pbkdf2"
	"github.com/zitadel/passwap/verifier"
)

// A Worker does the work of a Hasher, which takes a core and much memory. It is called
// by as many goroutines at once as the Hasher has slots, with what the Hasher has
// looked at: hashes of a format and cost within bounds, and passwords that are not too
// long. It returns ErrBusy, wrapped, when it can't work now.
type Worker interface {
	// Hash returns the argon2id hash of a password with a fresh salt.
	Hash(password string) (encoded string, err error)
	// Verify tells whether the encoded hash is the password's, as its octets stand; and
	// whether it is an argon2id hash of another cost than Hash makes.
	Verify(encoded, password string) (Verdict, error)
}

// worker works in this process.
type worker struct {
	own    *argon2.Hasher
	argon2 *argon2.Verifier
	pbkdf2 *pbkdf2.Verifier
	bcrypt *bcrypt.Verifier
}

// NewWorker returns a Worker of this process for hashes of the cost that cfg says. It
// refuses what New refuses.
func NewWorker(cfg Config) (Worker, error) {
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	return &worker{
		own: argon2.NewArgon2id(argon2.Params{
			Time:    cfg.Time,
			Memory:  cfg.Memory,
			Threads: cfg.Threads,
			KeyLen:  digestSize,
			SaltLen: saltSize,
		}, nil),
		argon2: argon2.NewVerifier(nil),
		pbkdf2: pbkdf2.NewVerifier(nil),
		bcrypt: bcrypt.NewVerifier(nil),
	}, nil
}

// Hash implements Worker. Its errors are those of the system's random source.
func (w *worker) Hash(password string) (string, error) { return w.own.Hash(password) }

// Verify implements Worker.
func (w *worker) Verify(encoded, password string) (Verdict, error) {
	hash, err := parse(encoded)
	if err != nil {
		return Verdict{}, err
	}
	result, err := w.verifier(hash.format).Verify(encoded, password)
	if err != nil {
		return Verdict{}, malformed("%w", err)
	}
	return Verdict{
		OK:       result == verifier.OK || result == verifier.NeedUpdate,
		Outdated: result == verifier.NeedUpdate,
	}, nil
}

func (w *worker) verifier(f format) verifier.Verifier {
	switch f {
	case formatArgon2id:
		return w.own
	case formatArgon2i:
		return w.argon2
	case formatPBKDF2:
		return w.pbkdf2
	default:
		return w.bcrypt
	}
}

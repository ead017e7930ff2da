package password

import (
	"errors"
	"strings"
	"testing"
)

func TestClassOf(t *testing.T) {
	for _, test := range []struct{ encoded, want string }{
		{"$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$1rWuvJDRmzvo1D6grbX52MQOPxNMdimgwNxB0QY/Jn0", "$argon2id$v=19$m=19456,t=2,p=1"},
		{"$argon2i$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$iJyFKQen/uKlhbo3E1mCLFahpRSjucBNu82Jmd1dvgk", "$argon2i$v=19$m=19456,t=2,p=1"},
		{"$argon2id$v=19$m=262144,t=4,p=16$MDEyMzQ1Njc4OWFiY2RlZg$1rWuvJDRmzvo1D6grbX52MQOPxNMdimgwNxB0QY/Jn0", "$argon2id$v=19$m=262144,t=4,p=16"},
		{"$pbkdf2-sha512$25000$bWF0cmljdWxhLXNhbHQtMQ$HaAa27rKS82V.GM1iCFiAb7riQbou7Tb8KKKvYQvT2YbsBYxzR6lKjhg1OGi82TC99sRcvnzwWnLniYk1BIrDQ", "$pbkdf2-sha512$25000"},
		{"$2b$10$abcdefghijklmnopqrstuu23JPZtHcGhwXSF41f93o/7vBdDut3Xu", "$2b$10"},
		{"$2a$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e", "$2a$04"},
		{"$2y$14$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e", "$2y$14"},
	} {
		got, err := ClassOf(test.encoded)
		if err != nil || got != test.want {
			t.Errorf("ClassOf(%q) = %q, %v, want %q", test.encoded, got, err, test.want)
		}
	}
}

func TestClassOfRefuses(t *testing.T) {
	const (
		phcTail    = "$MDEyMzQ1Njc4OWFiY2RlZg$1rWuvJDRmzvo1D6grbX52MQOPxNMdimgwNxB0QY/Jn0"
		pbkdf2Tail = "$bWF0cmljdWxhLXNhbHQtMQ$HaAa27rKS82V.GM1iCFiAb7riQbou7Tb8KKKvYQvT2YbsBYxzR6lKjhg1OGi82TC99sRcvnzwWnLniYk1BIrDQ"
		bcryptTail = "$abcdefghijklmnopqrstuu23JPZtHcGhwXSF41f93o/7vBdDut3Xu"
	)
	h := newHasher(t, cheap)
	for name, encoded := range map[string]string{
		"empty":                   "",
		"plain text":              "hunter2hunter2",
		"dollars":                 "$$$$$$$",
		"endless":                 "$2b$10$" + strings.Repeat("a", 1<<20),
		"md5crypt":                "$1$abcdefgh$aaaaaaaaaaaaaaaaaaaaaa",
		"argon2d":                 "$argon2d$v=19$m=19456,t=2,p=1" + phcTail,
		"argon2 of version 16":    "$argon2id$v=16$m=19456,t=2,p=1" + phcTail,
		"argon2 without version":  "$argon2id$m=19456,t=2,p=1" + phcTail,
		"argon2 of 4 GiB":         "$argon2id$v=19$m=4194304,t=1,p=1" + phcTail,
		"argon2 over 32 bits":     "$argon2id$v=19$m=4294967312,t=1,p=1" + phcTail,
		"argon2 of many passes":   "$argon2id$v=19$m=8,t=4294967295,p=1" + phcTail,
		"argon2 of much work":     "$argon2id$v=19$m=262144,t=5,p=1" + phcTail,
		"argon2 of 2^32 times":    "$argon2id$v=19$m=262144,t=16384,p=1" + phcTail,
		"argon2 of many threads":  "$argon2id$v=19$m=19456,t=2,p=17" + phcTail,
		"argon2 of no memory":     "$argon2id$v=19$m=15,t=2,p=2" + phcTail,
		"argon2 of no pass":       "$argon2id$v=19$m=19456,t=0,p=1" + phcTail,
		"argon2 of no thread":     "$argon2id$v=19$m=19456,t=2,p=0" + phcTail,
		"argon2, signed":          "$argon2id$v=19$m=+19456,t=2,p=1" + phcTail,
		"argon2, leading zero":    "$argon2id$v=19$m=019456,t=2,p=1" + phcTail,
		"argon2, spaced":          "$argon2id$v=19$m=19456,t=2,p=1 " + phcTail,
		"argon2 with keyid":       "$argon2id$v=19$m=19456,t=2,p=1,keyid=AA" + phcTail,
		"argon2 with a sixth":     "$argon2id$v=19$m=19456,t=2,p=1" + phcTail + "$AAAA",
		"argon2 without digest":   "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg",
		"argon2, empty digest":    "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$",
		"argon2, short salt":      "$argon2id$v=19$m=19456,t=2,p=1$MDEy$1rWuvJDRmzvo1D6grbX52MQOPxNMdimgwNxB0QY/Jn0",
		"argon2, padded":          "$argon2id$v=19$m=19456,t=2,p=1" + phcTail + "=",
		"argon2, line in it":      "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1\nNjc4OWFiY2RlZg$1rWuvJDRmzvo1D6grbX52MQOPxNMdimgwNxB0QY/Jn0",
		"pbkdf2 of sha1":          "$pbkdf2$25000" + pbkdf2Tail,
		"pbkdf2 of no rounds":     "$pbkdf2-sha512$0" + pbkdf2Tail,
		"pbkdf2, negative":        "$pbkdf2-sha512$-1" + pbkdf2Tail,
		"pbkdf2 of endless work":  "$pbkdf2-sha512$1000001" + pbkdf2Tail,
		"pbkdf2, leading zero":    "$pbkdf2-sha512$025000" + pbkdf2Tail,
		"pbkdf2, plain base64":    "$pbkdf2-sha512$25000" + strings.ReplaceAll(pbkdf2Tail, ".", "+"),
		"pbkdf2, short digest":    "$pbkdf2-sha512$25000$bWF0cmljdWxhLXNhbHQtMQ$HaAa27rKS82V.GM1iCFiAQ",
		"pbkdf2, long digest":     "$pbkdf2-sha512$25000" + pbkdf2Tail + "AA",
		"pbkdf2, short salt":      "$pbkdf2-sha512$25000$bWF0" + pbkdf2Tail[23:],
		"pbkdf2 without digest":   "$pbkdf2-sha512$25000$bWF0cmljdWxhLXNhbHQtMQ",
		"bcrypt 2x":               "$2x$10" + bcryptTail,
		"bcrypt 2":                "$2$10" + bcryptTail,
		"bcrypt of cost 3":        "$2b$03" + bcryptTail,
		"bcrypt of cost 15":       "$2b$15" + bcryptTail,
		"bcrypt of cost 31":       "$2b$31" + bcryptTail,
		"bcrypt, one digit":       "$2b$9" + bcryptTail,
		"bcrypt, signed":          "$2b$+9" + bcryptTail,
		"bcrypt, short":           "$2b$10" + bcryptTail[:52],
		"bcrypt, long":            "$2b$10" + bcryptTail + "u",
		"bcrypt, other character": "$2b$10" + strings.Replace(bcryptTail, "c", "=", 1),
	} {
		if class, err := ClassOf(encoded); !errors.Is(err, ErrFormat) || class != "" {
			t.Errorf("%s: ClassOf = %q, %v, want %v", name, class, err, ErrFormat)
		}
		if _, err := h.Verify(t.Context(), encoded, "password"); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: Verify = %v, want %v", name, err, ErrFormat)
		}
	}
	if served := h.Stats().Served; served != 0 {
		t.Errorf("%d of them were hashed, want none", served)
	}
}

// Errors end up in logs, where a salt or a digest has no business.
func TestErrFormatQuotesNoSecret(t *testing.T) {
	const secret = "MDEyMzQ1Njc4OWFiY2RlZg"
	for _, encoded := range []string{
		secret,
		"$argon2id$v=19$m=1,t=2,p=1$" + secret + "$" + secret + "==",
		"$argon2id$v=19$m=64,t=2,p=1$" + secret + "$" + secret + "==",
		"$pbkdf2-sha512$x$" + secret + "$" + secret,
		"$2b$10$" + secret,
	} {
		_, err := ClassOf(encoded)
		if err == nil || strings.Contains(err.Error(), secret[:8]) {
			t.Errorf("ClassOf(%q): %v", encoded, err)
		}
	}
}

func FuzzClassOf(f *testing.F) {
	for _, known := range knownAnswers {
		f.Add(known.encoded)
	}
	f.Add("$argon2id$v=19$m=4194304,t=4294967295,p=255$$")
	f.Add("$2b$99$")

	f.Fuzz(func(t *testing.T, encoded string) {
		class, err := ClassOf(encoded)
		if err != nil {
			if !errors.Is(err, ErrFormat) || class != "" {
				t.Errorf("ClassOf(%q) = %q, %v, want %v", encoded, class, err, ErrFormat)
			}
			return
		}
		if !strings.HasPrefix(encoded, class+"$") {
			t.Errorf("ClassOf(%q) = %q, which it does not start with", encoded, class)
		}
		decoy, err := decoyOf(class)
		if err != nil {
			t.Errorf("decoyOf(%q): %v", class, err)
		}
		if got, err := ClassOf(decoy); err != nil || got != class {
			t.Errorf("ClassOf(%q) = %q, %v, want %q", decoy, got, err, class)
		}
	})
}

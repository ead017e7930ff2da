package password

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"testing"

	"github.com/c2sp/wycheproof"
)

// Vectors that others have published, beside knownAnswers: the same password, salt
// and cost over and over, so that each parameter is seen to count.
var publishedAnswers = []struct {
	source, encoded, password string
}{
	// test.c of the reference implementation, P-H-C/phc-winner-argon2: the rest of
	// its vectors of version 19 within our bounds.
	{"argon2 reference", "$argon2id$v=19$m=65536,t=1,p=1$c29tZXNhbHQ$9qWtwbpyPd3vm1rB1GThgPzZ3/ydHL92zKL+15XZypg", "password"},
	{"argon2 reference", "$argon2id$v=19$m=65536,t=4,p=1$c29tZXNhbHQ$kCXUjmjvc5XMqQedpMTsOv+zyJEf5PhtGiUghW9jFyw", "password"},
	{"argon2 reference", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$C4TWUs9rDEvq7w3+J4umqA32aWKB1+DSiRuBfYxFj94", "differentpassword"},
	{"argon2 reference", "$argon2id$v=19$m=65536,t=2,p=1$ZGlmZnNhbHQ$vfMrBczELrFdWP0ZsfhWsRPaHppYdP3MVEMIVlqoFBw", "password"},
	{"argon2 reference", "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8", "password"},
	{"argon2 reference", "$argon2i$v=19$m=65536,t=1,p=1$c29tZXNhbHQ$0WgHXE2YXhPr6uVgz4uUw7XYoWxRkWtvSsLaOsEbvs8", "password"},
	{"argon2 reference", "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$FK6NoBr+qHAMI1jc73xTWNkCEoK9iGY6RWL1n7dNIu4", "differentpassword"},
	{"argon2 reference", "$argon2i$v=19$m=65536,t=2,p=1$ZGlmZnNhbHQ$sDV8zPvvkfOGCw26RHsjSMvv7K2vmQq/6cxAcmxSEnE", "password"},

	// RFC 6070's inputs with HMAC-SHA512, as the list known by its place, Stack
	// Overflow 15593184, has them. Its other salts have fewer than 8 octets, and no
	// hash with such a one is taken.
	{"RFC 6070's with SHA-512", passlibs(4096, "saltSALTsaltSALTsaltSALTsaltSALTsalt", "8c0511f4c6e597c6ac6315d8f0362e225f3c501495ba23b868c005174dc4ee71115b59f9e60cd9532fa33e0f75aefe30225c583a186cd82bd4daea9724a3d3b8"), "passwordPASSWORDpassword"},
	{"PBKDF2-Test-Vectors", passlibs(1, "saltKEYbcTcXHCBxtjD", "cbe6088ad4359af42e603c2a33760ef9d4017a7b2aad10af46f992c660a0b461ecb0dc2a79c2570941bea6a08d15d6887e79f32b132e1c134e9525eeddd744fa"), "passDATAb00AB7YxDTT"},
	{"PBKDF2-Test-Vectors", passlibs(1, "saltKEYbcTcXHCBxtjD2", "8e5074a9513c1f1512c9b1df1d8bffa9d8b4ef9105dfc16681222839560fb63264bed6aabf761f180e912a66e0b53d65ec88f6a1519e14804eba6dc9df137007"), "passDATAb00AB7YxDTTl"},
	{"PBKDF2-Test-Vectors", passlibs(100_000, "saltKEYbcTcXHCBxtjD", "accdcd8798ae5cd85804739015ef2a11e32591b7b7d16f76819b30b0d49d80e1abea6c9822b80a1fdfe421e26f5603eca8a47a64c9a004fb5af8229f762ff41f"), "passDATAb00AB7YxDTT"},

	// Made by passlib, published in the tests of Elixir's comeonin.
	{"passlib, comeonin's tests", "$pbkdf2-sha512$19000$JMT4nzOmVKrV.p/TmlMKwQ$jKbZHoPwUWBT08pjb/CnUZmFcB9JW4dsOzVkfi9X6Pdn5NXWeY.mhL1Bm4V9rjYL5ZfA32uh7Gl2gt5YQa/JCA", "password"},
	{"passlib, comeonin's tests", "$pbkdf2-sha512$19000$/J9TyllrjRFCyHnvHaMUIg$AJ3Dr926ltK1sOZMZAAoT7EoR7R/Hp.G6Bt.4DFENiYayhVM/ZBPuqjFNhcE9NjTmceTmLnSqzfEQ8mafy49sw", "p@$$w0rd"},
	{"passlib, comeonin's tests", "$pbkdf2-sha512$19000$AWCMEaJUKqVUKqX0PkeIsQ$F0xkzJUOKaH8pwAfEwLeZK2/li6CF3iEcpfoJ1XoExQUTStXCNVxE1sd1k0aeQlSFK6JnxJOjM18kZIdzNYkcQ", "oh this is hard 2 guess"},

	// TestBCrypt.java of Damien Miller's jBCrypt.
	{"jBCrypt", "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.", ""},
	{"jBCrypt", "$2a$08$HqWuK6/Ng6sg9gQzbLrgb.Tl.ZHfXLhvt/SgVyWhQqgqcZ7ZuUtye", ""},
	{"jBCrypt", "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe", "a"},
	{"jBCrypt", "$2a$08$cfcvVd2aQ8CMvoMpP2EBfeodLEkkFJ9umNEfPD18.hUF62qqlC/V.", "a"},
	{"jBCrypt", "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i", "abc"},
	{"jBCrypt", "$2a$08$Ro0CUfOqk6cXEKf3dyaM7OhSCvnwM9s4wIX9JeLapehKK5YdLxKcm", "abc"},
	{"jBCrypt", "$2a$10$WvvTPHKwdBJ3uk0Z37EMR.hLA2W6N9AEBhEgrAOljy2Ae5MtaSIUi", "abc"},
	{"jBCrypt", "$2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC", "abcdefghijklmnopqrstuvwxyz"},
	{"jBCrypt", "$2a$08$aTsUwsyowQuzRrDqFflhgekJ8d9/7Z3GV3UcgvzQW3J5zMyrTvlz.", "abcdefghijklmnopqrstuvwxyz"},
	// Stack Overflow 12761326.
	{"bcrypt in UTF-8", "$2a$10$.TtQJ4Jr6isd4Hp.mVfZeuh6Gws4rOQ/vdBczhDx.19NFK0Y84Dle", "ππππππππ"},
}

// passlibs writes a digest of PBKDF2-HMAC-SHA512 as passlib stores it; the digest
// is in hexadecimal.
func passlibs(rounds int, salt, digest string) string {
	octets, err := hex.DecodeString(digest)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("$pbkdf2-sha512$%d$%s$%s", rounds, ab64.EncodeToString([]byte(salt)), ab64.EncodeToString(octets))
}

func TestVerifyPublishedAnswers(t *testing.T) {
	h := newHasher(t, Config{})
	for _, known := range publishedAnswers {
		if got := verify(t, h, known.encoded, known.password); got != (Verdict{OK: true, Outdated: true}) {
			t.Errorf("%s: Verify(%q, %q) = %+v, want OK and outdated", known.source, known.encoded, known.password, got)
		}
		if got := verify(t, h, known.encoded, known.password+"x"); got != (Verdict{}) {
			t.Errorf("%s: Verify(%q) of a wrong password = %+v, want none", known.source, known.encoded, got)
		}
	}
}

// TestVerifyWycheproofPBKDF2 writes Wycheproof's derived keys as passlib stores
// them. passlib stores the first 64 octets, so shorter keys are no hash of its.
func TestVerifyWycheproofPBKDF2(t *testing.T) {
	h := newHasher(t, cheap)
	verified := 0
	for _, v := range pbkdf2Vectors(t) {
		salt, err := hex.DecodeString(v.Salt)
		if err != nil {
			t.Fatal(err)
		}
		password, err := hex.DecodeString(v.Password)
		if err != nil {
			t.Fatal(err)
		}
		if v.Length < sha512Size || len(salt) < minSalt {
			continue
		}
		verified++
		encoded := passlibs(v.Rounds, string(salt), v.Key[:2*sha512Size])
		good := v.Result == "valid" && !bytes.Contains(password, []byte{0}) // see TestNULNeverVerifiesAnOldHash
		want := Verdict{OK: good, Outdated: good}
		if got := verify(t, h, encoded, string(password)); got != want {
			t.Errorf("%d: Verify(%q, %q) = %+v, want %+v", v.ID, encoded, password, got, want)
		}
		password[0] ^= 1
		if got := verify(t, h, encoded, string(password)); got != (Verdict{}) {
			t.Errorf("%d: Verify(%q) of a wrong password = %+v, want none", v.ID, encoded, got)
		}
	}
	if want := 16; verified != want {
		t.Errorf("%d vectors are of passlib's form, want %d", verified, want)
	}
}

// pbkdf2Vector is a vector as Wycheproof writes it, octets in hexadecimal.
type pbkdf2Vector struct {
	ID       int    `json:"tcId"`
	Password string `json:"password"`
	Salt     string `json:"salt"`
	Rounds   int    `json:"iterationCount"`
	Length   int    `json:"dkLen"`
	Key      string `json:"dk"`
	Result   string `json:"result"`
}

func pbkdf2Vectors(t *testing.T) []pbkdf2Vector {
	t.Helper()
	text, err := fs.ReadFile(wycheproof.TestVectors, "pbkdf2_hmacsha512_test.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		TestGroups []struct {
			Tests []pbkdf2Vector `json:"tests"`
		} `json:"testGroups"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	var vectors []pbkdf2Vector
	for _, group := range file.TestGroups {
		vectors = append(vectors, group.Tests...)
	}
	return vectors
}

package password

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrFormat says that an encoded hash is of no format this package verifies,
// or asks for a cost that no honest hash has.
var ErrFormat = errors.New("unsupported password hash")

// Bounds of what a stored hash may cost, so that one slipped into an import
// cannot eat the machine: each allows about a second of one core, sixteen or
// more times what the hashes of the contracts and today's default cost.
const (
	maxEncoded = 512 // octets; the longest honest one has 190

	argon2Version = 19 // of RFC 9106

	maxArgon2Memory  = 256 << 10 // KiB, for one hash
	maxArgon2Work    = 1 << 20   // KiB times passes
	maxArgon2Threads = 16
	argon2PerThread  = 8 // KiB, the least that RFC 9106, section 3.1, allows a lane

	minBcryptCost = 4
	maxBcryptCost = 14

	maxPBKDF2Rounds = 1_000_000

	minSalt, maxSalt     = 8, 64  // octets
	minDigest, maxDigest = 16, 64 // octets
	sha512Size           = 64     // passlib always stores the whole digest
)

// ab64 is passlib's adapted base64: "." for "+", no padding
// (passlib.utils.binary.ab64_encode).
var ab64 = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./").
	WithPadding(base64.NoPadding).Strict()

var phcBase64 = base64.RawStdEncoding.Strict()

// format is an algorithm together with the way its hashes are written.
type format int

const (
	formatArgon2id format = iota // ours, whatever its parameters
	formatArgon2i
	formatPBKDF2
	formatBcrypt
)

// decoyTails complete a class to a hash with the sizes of salt and digest that
// each format's own programs make. Nobody knows a password for any of them.
var decoyTails = [...]string{
	"$cGVybWFuZW50LWRlY295cw$bm9ib2R5LWtub3dzLWEtcGFzc3dvcmQtZm9yLXRoaXM",
	"$cGVybWFuZW50LWRlY295cw$bm9ib2R5LWtub3dzLWEtcGFzc3dvcmQtZm9yLXRoaXMsbm9ib2R5LWtub3dzLWEtcGFzc3dvcmQtZm9yLXRoaQ",
	"$permanentdecoyspermaeOnobodyknowsapasswordforthisone.",
}

// parsed is a well-formed encoded hash of a cost within bounds.
type parsed struct {
	format format
	class  string // format and cost, as they stand at the start of the hash
}

// ClassOf returns the format and cost of an encoded hash, which is the hash
// without salt and digest: "$argon2id$v=19$m=19456,t=2,p=1", "$2b$10",
// "$pbkdf2-sha512$25000". The error wraps ErrFormat and says what is wrong
// with the hash, without quoting its salt or digest.
func ClassOf(encoded string) (string, error) {
	p, err := parse(encoded)
	return p.class, err
}

func parse(encoded string) (parsed, error) {
	if len(encoded) > maxEncoded {
		return parsed{}, malformed("longer than %d octets", maxEncoded)
	}
	if strings.ContainsAny(encoded, "\r\n") { // which the base64 of Go would skip
		return parsed{}, malformed("more than one line")
	}
	fields := strings.Split(encoded, "$")
	if len(fields) < 4 || fields[0] != "" {
		return parsed{}, malformed("not of the form $format$cost$…")
	}

	switch fields[1] {
	case "argon2id":
		return parseArgon2(formatArgon2id, fields)
	case "argon2i":
		return parseArgon2(formatArgon2i, fields)
	case "pbkdf2-sha512":
		return parsePBKDF2(fields)
	case "2a", "2b", "2y":
		return parseBcrypt(fields)
	default:
		return parsed{}, malformed("none of argon2id, argon2i, pbkdf2-sha512, 2a, 2b and 2y")
	}
}

// parseArgon2 reads $argon2id$v=19$m=19456,t=2,p=1$salt$digest, as the PHC
// string format has it, without its optional parts.
func parseArgon2(f format, fields []string) (parsed, error) {
	if len(fields) != 6 {
		return parsed{}, malformed("argon2 has five parts")
	}
	if fields[2] != "v="+strconv.Itoa(argon2Version) {
		return parsed{}, malformed("argon2 of another version than %d", argon2Version)
	}

	var memory, time uint32
	var threads uint8
	const cost = "m=%d,t=%d,p=%d"
	_, err := fmt.Sscanf(fields[3], cost, &memory, &time, &threads)
	if err != nil || fmt.Sprintf(cost, memory, time, threads) != fields[3] {
		return parsed{}, malformed("argon2 parameters not of the form m=19456,t=2,p=1")
	}
	if err := checkArgon2(memory, time, threads); err != nil {
		return parsed{}, malformed("%w", err)
	}

	salt, err := phcBase64.DecodeString(fields[4])
	if err != nil || len(salt) < minSalt || len(salt) > maxSalt {
		return parsed{}, malformed("argon2 salt not %d to %d octets in base64", minSalt, maxSalt)
	}
	digest, err := phcBase64.DecodeString(fields[5])
	if err != nil || len(digest) < minDigest || len(digest) > maxDigest {
		return parsed{}, malformed("argon2 digest not %d to %d octets in base64", minDigest, maxDigest)
	}

	return parsed{format: f, class: strings.Join(fields[:4], "$")}, nil
}

// checkArgon2 refuses parameters that argon2 does not have, or that are out of
// bounds.
func checkArgon2(memory, time uint32, threads uint8) error {
	switch {
	case time < 1 || threads < 1:
		return errors.New("argon2 needs at least t=1 and p=1")
	case threads > maxArgon2Threads:
		return fmt.Errorf("argon2 with p=%d is out of bounds: at most %d", threads, maxArgon2Threads)
	case memory < argon2PerThread*uint32(threads):
		return fmt.Errorf("argon2 with p=%d needs at least m=%d", threads, argon2PerThread*uint32(threads))
	case memory > maxArgon2Memory:
		return fmt.Errorf("argon2 with m=%d is out of bounds: at most %d", memory, maxArgon2Memory)
	case uint64(memory)*uint64(time) > maxArgon2Work:
		return fmt.Errorf("argon2 with m=%d,t=%d is out of bounds: m times t is at most %d", memory, time, maxArgon2Work)
	}

	return nil
}

// parsePBKDF2 reads $pbkdf2-sha512$25000$salt$digest, as passlib writes it.
func parsePBKDF2(fields []string) (parsed, error) {
	if len(fields) != 5 {
		return parsed{}, malformed("pbkdf2 has four parts")
	}
	rounds, err := strconv.Atoi(fields[2])
	if err != nil || strconv.Itoa(rounds) != fields[2] || rounds < 1 || rounds > maxPBKDF2Rounds {
		return parsed{}, malformed("pbkdf2 rounds not a number from 1 to %d", maxPBKDF2Rounds)
	}
	salt, err := ab64.DecodeString(fields[3])
	if err != nil || len(salt) < minSalt || len(salt) > maxSalt {
		return parsed{}, malformed("pbkdf2 salt not %d to %d octets in adapted base64", minSalt, maxSalt)
	}
	digest, err := ab64.DecodeString(fields[4])
	if err != nil || len(digest) != sha512Size {
		return parsed{}, malformed("pbkdf2 digest not %d octets in adapted base64", sha512Size)
	}

	return parsed{format: formatPBKDF2, class: strings.Join(fields[:3], "$")}, nil
}

// parseBcrypt reads $2b$10$, then 22 characters of salt and 31 of digest.
func parseBcrypt(fields []string) (parsed, error) {
	if len(fields) != 4 {
		return parsed{}, malformed("bcrypt has three parts")
	}
	cost, err := strconv.Atoi(fields[2])
	if err != nil || fmt.Sprintf("%02d", cost) != fields[2] || cost < minBcryptCost || cost > maxBcryptCost {
		return parsed{}, malformed("bcrypt cost not a number from %02d to %d", minBcryptCost, maxBcryptCost)
	}
	const alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	if len(fields[3]) != 22+31 || strings.Trim(fields[3], alphabet) != "" {
		return parsed{}, malformed("bcrypt salt and digest not 53 characters of its base64")
	}

	return parsed{format: formatBcrypt, class: strings.Join(fields[:3], "$")}, nil
}

// decoyOf returns a hash of the class that no known password has.
func decoyOf(class string) (string, error) {
	for _, tail := range decoyTails {
		if p, err := parse(class + tail); err == nil && p.class == class {
			return class + tail, nil
		}
	}

	return "", malformed("no class of hashes")
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrFormat}, args...)...)
}

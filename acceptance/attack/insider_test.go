package attack

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	_ "modernc.org/sqlite" // the engine that the keys lie in
)

// insider holds an installation's keys, taken from its secret and its database.
// Nobody else can sign what these attacks sign: they ask whether a sound signature is
// all that the server looks at.
type insider struct {
	kid     string
	access  *ecdsa.PrivateKey
	refresh []byte
}

// insider takes the keys of the target: those that sign now.
func (a *attacker) insider() insider {
	a.t.Helper()
	a.wantSide()
	secret, err := os.ReadFile(filepath.Join(a.data, "secret"))
	if os.IsNotExist(err) {
		a.skip("needs the installation's secret in -data")
	}
	if err != nil {
		a.t.Fatal(err)
	}
	master, err := hkdf.Extract(sha256.New, []byte(strings.TrimSpace(string(secret))), nil)
	if err != nil {
		a.t.Fatal(err)
	}
	in := insider{refresh: derived(a.t, master, "refresh tokens")}
	var sealed []byte
	in.kid, sealed = a.newestKey()
	in.access = unseal(a.t, derived(a.t, master, "seal: signing keys"), in.kid, sealed)
	return in
}

func derived(t *testing.T, master []byte, purpose string) []byte {
	t.Helper()
	key, err := hkdf.Expand(sha256.New, master, purpose, sha256.Size)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// newestKey reads the row of the key that signs now.
func (a *attacker) newestKey() (kid string, sealed []byte) {
	a.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(a.data, "matricula.db")+"?mode=ro&_pragma=busy_timeout(10000)")
	if err != nil {
		a.t.Fatal(err)
	}
	defer db.Close()
	row := db.QueryRow("SELECT id, sealed FROM signing_keys WHERE created_at <= $1 ORDER BY created_at DESC, id DESC LIMIT 1", time.Now().UnixMicro())
	if err := row.Scan(&kid, &sealed); err != nil {
		a.t.Fatal(err)
	}
	return kid, sealed
}

// unseal opens a sealed signing key: an octet of version, then AES-256-GCM.
func unseal(t *testing.T, key []byte, kid string, sealed []byte) *ecdsa.PrivateKey {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		t.Fatal(err)
	}
	der, err := aead.Open(nil, nil, sealed[1:], []byte(kid))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.(*ecdsa.PrivateKey)
}

// sound counts the tokens whose signature go-jose finds to be ours: what is refused
// of them is refused for another reason. There must be some, or nothing was tried.
func (in insider) sound(t *testing.T, forged map[string]string) (n int) {
	t.Helper()
	for _, token := range forged {
		jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256, jose.HS256})
		if err != nil {
			continue
		}
		key := any(&in.access.PublicKey)
		if jws.Signatures[0].Header.Algorithm == string(jose.HS256) {
			key = in.refresh
		}
		if _, err := jws.Verify(key); err == nil {
			n++
		}
	}
	if n == 0 {
		t.Errorf("go-jose takes none of %d tokens: the forger is no good", len(forged))
	}
	return n
}

// sign signs the parts of an access token.
func (in insider) sign(t *testing.T, p parts) string {
	t.Helper()
	return signES256(t, in.access, p)
}

// signRefresh signs the parts of a refresh token.
func (in insider) signRefresh(p parts) string { return signHS256(in.refresh, p) }

func signES256(t *testing.T, key *ecdsa.PrivateKey, p parts) string {
	t.Helper()
	digest := sha256.Sum256([]byte(p.signed()))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	p.signature = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	return p.token()
}

func signHS256(key []byte, p parts) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(p.signed()))
	p.signature = mac.Sum(nil)
	return p.token()
}

package outside

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
)

// TestASecretIsFound writes a secret down in every way that is searched for.
func TestASecretIsFound(t *testing.T) {
	var used Secrets
	const password = "correct horse+battery/staple?"
	token := base64.RawURLEncoding.EncodeToString([]byte("thirty-two octets of a token, no less"))
	used.Add(password)
	used.Add(token)
	used.Add("e30.e30." + token)
	for _, text := range []string{
		password, "correct+horse%2Bbattery%2Fstaple%3F", "correct%20horse+battery%2Fstaple%3F", hex.EncodeToString([]byte(password)),
		base64.StdEncoding.EncodeToString([]byte(password)), token, "thirty-two octets of a token, no less", strings.ToUpper(hex.EncodeToString([]byte("thirty-two octets of a token, no less"))),
	} {
		for _, around := range []string{"", "x", "\"", strings.Repeat("long ", 1000)} {
			if len(used.In([]byte(around+text+around))) == 0 {
				t.Errorf("%q within %.9q is not found", text, around)
			}
		}
	}
	if found := used.In([]byte(password[:20] + "|" + token[1:])); len(found) != 0 {
		t.Errorf("a part is taken for %q", found)
	}
}

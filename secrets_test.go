package matricula_test

import (
	"go/ast"
	"maps"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// plainSecrets are the fields that hold a secret as text, each with the reason. All
// others are token.Secret, or nothing that a log could show.
var plainSecrets = map[string]string{
	"internal/account.Account.PasswordHash": "a hash, which the rules compare",
	"internal/web/clubs.Access":             "an answer, on its way to whom it is for",
	"internal/web/clubs.Refresh":            "an answer, on its way to whom it is for",
	"cmd/matricula.demoAccount.Password":    "the demonstration tells its passwords to whoever started it",

	"internal/password/apart.question.Password": "a question, on its way to the process that hashes",
}

// secretName is how a field is called that holds a secret, and publicName how one is
// that only speaks of it.
var (
	secretName = regexp.MustCompile(`(?i)passw|secret|token|credential|cookie|^access$|^refresh$|^smtp$`)
	publicName = regexp.MustCompile(`(?i)(File|List|Policy|SameSite|Kind|At|TTL|Stdin)$|^Has|^Set`)
)

// TestSecretsHaveATypeOfTheirOwn finds fields of structs that hold a password, a token
// or a cookie as text: printing the struct would print it.
func TestSecretsHaveATypeOfTheirOwn(t *testing.T) {
	unused := maps.Clone(plainSecrets)
	eachGoFile(t, func(path string) {
		room := filepath.ToSlash(filepath.Dir(path))
		if strings.HasSuffix(path, "_test.go") || !strings.HasPrefix(room, "internal/") && !strings.HasPrefix(room, "cmd/") || strings.HasSuffix(room, "test") {
			return
		}
		for _, field := range plainFields(parse(t, path, 0)) {
			name := field[strings.LastIndex(field, ".")+1:]
			if !secretName.MatchString(name) || publicName.MatchString(name) {
				continue
			}
			key := room + "." + field
			delete(unused, key)
			if plainSecrets[key] == "" {
				t.Errorf("%s: %s is text: make it a token.Secret, or give the reason here", path, key)
			}
		}
	})
	for key := range unused {
		t.Errorf("%s needs no reason any more", key)
	}
}

// plainFields lists the fields of a file's structs that are text or octets, as
// Type.Field, or Field where the struct has no name.
func plainFields(file *ast.File) []string {
	var fields []string
	owner := map[*ast.StructType]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.TypeSpec:
			if s, ok := n.Type.(*ast.StructType); ok {
				owner[s] = n.Name.Name + "."
			}
		case *ast.StructType:
			for _, field := range n.Fields.List {
				for _, name := range field.Names {
					if isPlain(field.Type) {
						fields = append(fields, owner[n]+name.Name)
					}
				}
			}
		}
		return true
	})
	return fields
}

// isPlain reports whether a type is text or octets, or a pointer to them or a list.
func isPlain(kind ast.Expr) bool {
	switch k := kind.(type) {
	case *ast.Ident:
		return k.Name == "string" || k.Name == "byte"
	case *ast.StarExpr:
		return isPlain(k.X)
	case *ast.ArrayType:
		return isPlain(k.Elt)
	}
	return false
}

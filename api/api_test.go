package api_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"matricula/api"
)

// madeFrom is what the collection is made of, in the order of make.mjs.
var madeFrom = []string{"openapi.yaml", "postman/make.mjs", "postman/stories.mjs", "postman/mail.mjs", "postman/package-lock.json"}

// collection is as much of a Postman collection as is looked at here.
type collection struct {
	Info struct{ Version string }
	Item []struct {
		Name string
		Item []struct {
			Name    string
			Request struct {
				Method string
				URL    struct{ Path []string }
			}
			Event []struct{ Listen string }
		}
	}
}

func readCollection(t *testing.T) collection {
	t.Helper()
	var c collection
	if err := json.Unmarshal(api.Collection, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestTheCollectionIsMadeFromTheDescription compares the checksum that the
// collection was made with. What makes it needs Node; this doesn't.
func TestTheCollectionIsMadeFromTheDescription(t *testing.T) {
	sum := sha256.New()
	for _, name := range madeFrom {
		text, err := os.ReadFile(filepath.FromSlash(name))
		if err != nil {
			t.Fatal(err)
		}
		sum.Write(text)
	}
	_, got, _ := strings.Cut(readCollection(t).Info.Version, "+")
	if want := hex.EncodeToString(sum.Sum(nil)); got != want {
		t.Errorf("postman_collection.json is behind openapi.yaml: run make postman")
	}
}

// TestTheCollectionPlaysEveryCall wants each call of the description in the
// folder of its tag, and a check of each answer.
func TestTheCollectionPlaysEveryCall(t *testing.T) {
	played := map[string]bool{}
	for _, folder := range readCollection(t).Item {
		for _, step := range folder.Item {
			path := "/" + strings.Join(step.Request.URL.Path, "/")
			played[folder.Name+" "+step.Request.Method+" "+path] = true
			if len(step.Event) == 0 || step.Event[len(step.Event)-1].Listen != "test" {
				t.Errorf("%s: %s: the answer is not looked at", folder.Name, step.Name)
			}
		}
	}
	want := map[string]bool{}
	for pattern, item := range read(t).Paths.Map() {
		path := strings.NewReplacer("{", ":", "}", "").Replace(pattern)
		for method, operation := range item.Operations() {
			want[operation.Tags[0]+" "+method+" "+path] = true
		}
	}
	if got, want := slices.Sorted(maps.Keys(played)), slices.Sorted(maps.Keys(want)); !slices.Equal(got, want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func read(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.Description)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestEveryCallIsExplained wants of each call what a reader needs: a name, a
// summary, who may call it, and an example of what is sent and of every body that
// comes back.
func TestEveryCallIsExplained(t *testing.T) {
	names := map[string]string{}
	for path, item := range read(t).Paths.Map() {
		for method, operation := range item.Operations() {
			call := method + " " + path
			if other := names[operation.OperationID]; other != "" || operation.OperationID == "" {
				t.Errorf("%s: the name %q is that of %q", call, operation.OperationID, other)
			}
			names[operation.OperationID] = call
			if operation.Summary == "" || len(operation.Tags) != 1 || operation.Security == nil {
				t.Errorf("%s: want a summary, one tag and security", call)
			}
			if operation.RequestBody != nil {
				checkShown(t, call, operation.RequestBody.Value.Content)
			}
			for status, response := range operation.Responses.Map() {
				checkShown(t, call+" "+status, response.Value.Content)
			}
		}
	}
}

func checkShown(t *testing.T, what string, content openapi3.Content) {
	t.Helper()
	for kind, media := range content {
		if media.Example == nil && len(media.Examples) == 0 {
			t.Errorf("%s: there is no example of %s", what, kind)
		}
	}
}

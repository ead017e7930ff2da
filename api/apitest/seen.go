package apitest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"
)

// seen is what has come.
type seen struct {
	answers map[key]bool
	headers map[headerKey]bool
	members map[member]bool
	bodies  map[string]bool // by tag and JSON
}

type headerKey struct {
	answer key
	name   string
}

// member is a member of a described object.
type member struct {
	of   *openapi3.Schema
	name string
}

func newSeen() seen {
	return seen{map[key]bool{}, map[headerKey]bool{}, map[member]bool{}, map[string]bool{}}
}

// members notes the members of a value, and says which the schema doesn't
// describe: a schema that leaves the door open for more does so for the years to
// come, not for today's answers.
func (b *Book) members(schema *openapi3.Schema, value any, at string) (wrong []string) {
	switch value := value.(type) {
	case []any:
		for i, item := range value {
			if schema.Items != nil {
				wrong = append(wrong, b.members(schema.Items.Value, item, at+"/"+strconv.Itoa(i))...)
			}
		}
	case map[string]any:
		properties := membersOf(schema)
		if len(properties) == 0 {
			return nil // described as whatever it is
		}
		for _, name := range slices.Sorted(maps.Keys(value)) {
			found, ok := properties[name]
			if !ok {
				wrong = append(wrong, at+"/"+name+" is not described")
				continue
			}
			b.seen.members[found.member] = true
			wrong = append(wrong, b.members(found.schema, value[name], at+"/"+name)...)
		}
	}
	return wrong
}

// property is a member and its schema.
type property struct {
	member
	schema *openapi3.Schema
}

// membersOf are the members of an object, those of its allOf too.
func membersOf(schema *openapi3.Schema) map[string]property {
	all := map[string]property{}
	for _, part := range schema.AllOf {
		maps.Copy(all, membersOf(part.Value))
	}
	for name, own := range schema.Properties {
		all[name] = property{member{schema, name}, own.Value}
	}
	return all
}

// missing lists what is described for the book's tags and has not come.
func (b *Book) missing() (all []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for e := range b.everything {
		if !slices.Contains(b.tags, e.door.Tag) {
			continue
		}
		name := fmt.Sprintf("%s: %d", e.key.where, e.key.status)
		if !b.seen.answers[e.key] {
			all = append(all, name)
			continue
		}
		for header := range e.response.Headers {
			if !b.seen.headers[headerKey{e.key, http.CanonicalHeaderKey(header)}] {
				all = append(all, name+" with "+header)
			}
		}
		for _, content := range e.response.Content {
			all = append(all, b.unseenMembers(content.Schema.Value, name)...)
			if e.key.status >= 400 {
				all = append(all, b.unseenExamples(content, e.door.Tag, name)...)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// everything yields the description of every answer that there is.
func (b *Book) everything(yield func(expected) bool) {
	for pattern, item := range b.doc.Paths.Map() {
		for method, op := range item.Operations() {
			for status, response := range op.Responses.Map() {
				d, _ := b.door(pattern)
				code, _ := strconv.Atoi(status)
				if !yield(expected{key: key{method + " " + pattern, code}, door: d, response: response.Value, op: op}) {
					return
				}
			}
		}
	}
	for _, d := range b.doors {
		for name, status := range d.beside() {
			if !yield(expected{key: key{name, status}, door: d, response: b.doc.Components.Responses[name].Value}) {
				return
			}
		}
	}
}

// unseenMembers lists the members that no answer had. A schema that several
// answers share is seen in any of them.
func (b *Book) unseenMembers(schema *openapi3.Schema, at string) (all []string) {
	if schema.Items != nil {
		return b.unseenMembers(schema.Items.Value, at)
	}
	for name, found := range membersOf(schema) {
		if !b.seen.members[found.member] {
			all = append(all, at+" with "+name)
			continue
		}
		all = append(all, b.unseenMembers(found.schema, at+" "+name)...)
	}
	return all
}

// unseenExamples lists the examples of a refusal that came from no call with the
// tag, word for word.
func (b *Book) unseenExamples(content *openapi3.MediaType, tag, at string) (all []string) {
	for name, example := range content.Examples {
		if !b.seen.bodies[tag+" "+canonical(example.Value.Value)] {
			all = append(all, at+" in the words of its example "+name)
		}
	}
	return all
}

// canonical writes a value so that equal values are equal texts.
func canonical(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return err.Error() // no value that came from JSON or YAML
	}
	return string(text)
}

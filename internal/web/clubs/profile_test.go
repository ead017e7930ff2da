package clubs_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"matricula/internal/account"
)

// TestProfileNamesTheContractsMembers reads the members off the wire, in order.
func TestProfileNamesTheContractsMembers(t *testing.T) {
	d := open(t)
	access := "Bearer " + d.officer(t, "chess@x.test", "Chess").Access.Reveal()
	w := d.call("GET", "/api/admin/profile", "", "Authorization", access)
	want := []string{
		"name", "link_name", "tags", "app_required", "new_members", "num_users", "about_us", "get_involved", "apply_link",
		"apply_deadline_start", "apply_deadline_end", "recruiting_start", "recruiting_end", "social_media_links",
		"logo_url", "banner_url", "resources", "events", "recruiting_events", "gallery_media", "faq", "reactivated",
		"owner", "confirmed", "last_updated",
	}
	if got := members(t, w.Body.Bytes()); !slices.Equal(got, want) {
		t.Errorf("profile: got %v, want %v", got, want)
	}
	var profile struct {
		Links json.RawMessage `json:"social_media_links"`
	}
	must(t, json.Unmarshal(w.Body.Bytes(), &profile))
	want = []string{
		"contact_email", "website", "facebook", "instagram", "linkedin", "twitter", "youtube", "github", "behance",
		"medium", "gcalendar", "discord",
	}
	if got := members(t, profile.Links); !slices.Equal(got, want) {
		t.Errorf("social_media_links: got %v, want %v", got, want)
	}
}

// members answers the names in an object, in their order.
func members(t *testing.T, text []byte) []string {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(string(text)))
	_, err := dec.Token()
	must(t, err)
	var names []string
	for dec.More() {
		name, err := dec.Token()
		must(t, err)
		var value json.RawMessage
		must(t, dec.Decode(&value))
		names = append(names, name.(string))
	}
	return names
}

// TestTextsHaveLimits counts characters, not octets.
func TestTextsHaveLimits(t *testing.T) {
	d := open(t)
	access := "Bearer " + d.officer(t, "chess@x.test", "Chess").Access.Reveal()
	tests := []struct {
		member string
		most   int
	}{
		{"about_us", 750}, {"get_involved", 500}, {"name", 70},
	}
	for _, tt := range tests {
		for more, status := range []int{http.StatusOK, http.StatusBadRequest} {
			body, err := json.Marshal(map[string]string{tt.member: strings.Repeat("é", tt.most+more)})
			must(t, err)
			w := d.call("POST", "/api/admin/profile", string(body), "Authorization", access)
			if w.Code != status {
				t.Errorf("%s of %d characters: got %d %s, want %d", tt.member, tt.most+more, w.Code, w.Body, status)
			}
			if status == http.StatusOK {
				continue
			}
			if _, fields := refused(t, string(body), w); !slices.Equal(fields, []string{tt.member}) {
				t.Errorf("%s of %d characters: got %s, want that member", tt.member, tt.most+more, w.Body)
			}
		}
	}
}

// TestEveryProfileGoesBack sends back what came, for clubs of every make, and
// wants nothing changed but the time.
func TestEveryProfileGoesBack(t *testing.T) {
	d := open(t)
	access := "Bearer " + d.officer(t, "chess@x.test", "Chess").Access.Reveal()
	edits := []string{
		`{}`,
		`{"apply_link":"x.test?a=<b>&c=\"d\"","about_us":"<b>&amp;\u2028\n\t"}`,
		`{"apply_deadline_start":"2026-09-01T10:00:00.123456+05:30","recruiting_end":"9999-12-31T23:59:59Z"}`,
		`{"social_media_links":{"contact_email":"A.B+c@X.test","website":"X.test/%20?q=a%26b","discord":"http://[::1]:8080/"}}`,
		`{"tags":[2,1,0],"num_users":1,"name":"<script>"}`,
	}
	for _, edit := range edits {
		if w := d.call("POST", "/api/admin/profile", edit, "Authorization", access); w.Code != http.StatusOK {
			t.Fatalf("%s: got %d %s", edit, w.Code, w.Body)
		}
		before := d.call("GET", "/api/admin/profile", "", "Authorization", access).Body.String()
		if w := d.call("POST", "/api/admin/profile", before, "Authorization", access); w.Code != http.StatusOK {
			t.Errorf("%s: it does not go back: %d %s", before, w.Code, w.Body)
		}
		if after := d.call("GET", "/api/admin/profile", "", "Authorization", access).Body.String(); after != before {
			t.Errorf("got %s, want %s", after, before)
		}
	}
}

// TestCatalogIsDense wants ids from 0 without a gap: the front end indexes the
// lists by them.
func TestCatalogIsDense(t *testing.T) {
	d := open(t)
	for path, member := range map[string]string{"/api/catalog/tags": "name", "/api/catalog/num-user-tags": "value"} {
		var list []map[string]any
		w := d.call("GET", path, "")
		must(t, json.Unmarshal(w.Body.Bytes(), &list))
		if len(list) == 0 {
			t.Errorf("%s: got no items", path)
		}
		for i, item := range list {
			label, _ := item[member].(string)
			if len(item) != 2 || item["id"] != float64(i) || label == "" {
				t.Errorf("%s: item %d: got %v, want id %d and a %s", path, i, item, i, member)
			}
		}
	}
	// By id, in whatever order they were set.
	err := d.SetTags(t.Context(), account.Caller{}, []account.ListItem{{ID: 1, Text: "Go"}, {ID: 0, Text: "Chess"}})
	must(t, err)
	if got, want := d.call("GET", "/api/catalog/tags", "").Body.String(), `[{"id":0,"name":"Chess"},{"id":1,"name":"Go"}]`; got != want {
		t.Errorf("tags: got %s, want %s", got, want)
	}
}

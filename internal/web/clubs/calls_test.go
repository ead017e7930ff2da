package clubs_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"matricula/internal/account"
	"matricula/internal/web/clubs"
)

// calls are the paths of the contract, with the methods of each.
var calls = map[string][]string{
	"/api/user/email-exists":      {"POST"},
	"/api/user/password-strength": {"POST"},
	"/api/user/register":          {"POST"},
	"/api/user/resend-confirm":    {"POST"},
	"/api/user/confirm/token":     {"GET"},
	"/api/user/login":             {"POST"},
	"/api/user/request-reset":     {"POST"},
	"/api/user/confirm-reset":     {"POST"},
	"/api/user/refresh":           {"POST"},
	"/api/user/revoke-access":     {"DELETE"},
	"/api/user/revoke-refresh":    {"DELETE"},
	"/api/admin/profile":          {"GET", "POST"},
	"/api/admin/change-password":  {"POST"},
	"/api/catalog/tags":           {"GET"},
	"/api/catalog/num-user-tags":  {"GET"},
	"/.well-known/jwks.json":      {"GET"},
}

// Kinds of JSON values, as a set.
const (
	null = 1 << iota
	boolean
	number
	text
	list
	object

	anything = null | boolean | number | text | list | object
)

// values are some of each kind, none of which is refused for its type.
var values = map[int][]string{
	null:    {"null"},
	boolean: {"true", "false"},
	number:  {"1", "0"},
	text:    {`"1"`, `""`, `"2026-09-01T18:00:00Z"`},
	list:    {`[]`, `["x"]`, `[{}]`},
	object:  {`{}`, `{"gte":0}`, `{"email":"a@x.test"}`},
}

// bodies are the calls with a body, and of which kinds each member may be.
var bodies = map[string]map[string]int{
	"/api/user/email-exists":      {"email": text},
	"/api/user/password-strength": {"password": text},
	"/api/user/register": {
		"name": text, "email": text, "password": text, "tags": list, "app_required": boolean, "new_members": boolean,
		"num_users": number, "apply_deadline_start": null | text, "apply_deadline_end": null | text,
		"recruiting_start": null | text, "recruiting_end": null | text, "role": anything,
	},
	"/api/user/resend-confirm":   {"email": text, "id": anything},
	"/api/user/login":            {"email": text, "password": text, "confirmed": anything},
	"/api/user/request-reset":    {"email": text},
	"/api/user/confirm-reset":    {"token": text, "password": text},
	"/api/admin/change-password": {"old_password": text, "new_password": text},
	"/api/admin/profile": {
		"name": text, "tags": list, "app_required": boolean, "new_members": boolean, "num_users": number, "about_us": text,
		"get_involved": text, "apply_link": null | text, "apply_deadline_start": null | text, "apply_deadline_end": null | text,
		"recruiting_start": null | text, "recruiting_end": null | text, "social_media_links": object,
		"is_reactivating": boolean, "reactivated": boolean,
		// What the core fills in, or an import has brought, is ignored whatever it is.
		"link_name": anything, "owner": anything, "confirmed": anything, "last_updated": anything,
		"logo_url": anything, "banner_url": anything, "resources": anything, "events": anything,
		"recruiting_events": anything, "gallery_media": anything, "faq": anything, "id": anything,
	},
}

// good are bodies that validate, in which one member at a time is replaced.
var good = map[string]string{
	"/api/user/email-exists":      `{"email":"chess@x.test"}`,
	"/api/user/password-strength": `{"password":"x"}`,
	"/api/user/register":          `{"name":"Go","email":"go@x.test","password":"four small green hats","tags":[0],"app_required":false,"new_members":false,"num_users":0}`,
	"/api/user/resend-confirm":    `{"email":"chess@x.test"}`,
	"/api/user/login":             `{"email":"chess@x.test","password":"x"}`,
	"/api/user/request-reset":     `{"email":"chess@x.test"}`,
	"/api/user/confirm-reset":     `{"token":"x","password":"x"}`,
	"/api/admin/change-password":  `{"old_password":"x","new_password":"x"}`,
	"/api/admin/profile":          `{}`,
}

func noLimits(c *account.Config) { c.Limits.Off = true }

// TestWrongTypesAreRefused puts every kind of value into every member of every
// call. One of another kind than the member's is refused by the member's name; no
// value at all makes the server fail.
func TestWrongTypesAreRefused(t *testing.T) {
	d := open(t, noLimits)
	access := "Bearer " + d.officer(t, "chess@x.test", "Chess").Access.Reveal()
	for path, members := range bodies {
		for member, allowed := range members {
			for kind, some := range values {
				for _, value := range some {
					body := with(t, good[path], member, value)
					w := d.call("POST", path, body, "Authorization", access)
					checkType(t, path+" "+body, w, member, kind&allowed != 0)
				}
			}
		}
	}
	for _, name := range account.SocialLinks {
		for kind, some := range values {
			for _, value := range some {
				body := fmt.Sprintf(`{"social_media_links":{%q:%s}}`, name, value)
				w := d.call("POST", "/api/admin/profile", body, "Authorization", access)
				checkType(t, body, w, "social_media_links."+name, kind&(null|text) != 0)
			}
		}
	}
}

func checkType(t *testing.T, sent string, w *httptest.ResponseRecorder, member string, allowed bool) {
	t.Helper()
	if w.Code >= 500 {
		t.Errorf("%s: got %d %s", sent, w.Code, w.Body)
	}
	if allowed {
		return
	}
	reason, fields := refused(t, sent, w)
	if w.Code != http.StatusBadRequest || reason == "" || !slices.Contains(fields, member) {
		t.Errorf("%s: got %d %s, want 400 that names %s", sent, w.Code, w.Body, member)
	}
}

// refused reads an error body strictly: its reason, and the fields in its data.
func refused(t *testing.T, sent string, w *httptest.ResponseRecorder) (reason string, fields []string) {
	t.Helper()
	var body struct {
		Status, Reason string
		Data           []struct {
			Field  string
			Errors []string
		}
	}
	dec := json.NewDecoder(strings.NewReader(w.Body.String()))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&body); err != nil || body.Status != "error" {
		t.Errorf("%s: got %d %s, want an error of the contract's shape", sent, w.Code, w.Body)
	}
	for _, f := range body.Data {
		if len(f.Errors) == 0 {
			t.Errorf("%s: %s is at fault, and nothing says why", sent, f.Field)
		}
		fields = append(fields, f.Field)
	}
	return body.Reason, fields
}

// with answers an object with one member set to a value.
func with(t *testing.T, text, member, value string) string {
	t.Helper()
	var body map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		t.Fatal(err)
	}
	body[member] = json.RawMessage(value)
	out, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestUnreadableBodies sends what is no body to every call that wants one.
func TestUnreadableBodies(t *testing.T) {
	d := open(t, noLimits)
	access := "Bearer " + d.officer(t, "chess@x.test", "Chess").Access.Reveal()
	unreadable := []struct {
		name, contentType, body string
		status                  int
	}{
		{"empty", "application/json", " ", 400},
		{"list", "application/json", `[{"email":"a@x.test"}]`, 400},
		{"text", "application/json", `"a@x.test"`, 400},
		{"number", "application/json", `1e400`, 400},
		{"null", "application/json", `null`, 400},
		{"cut off", "application/json", `{"email":"a@x.te`, 400},
		{"twice", "application/json", `{"email":"a@x.test","\u0065mail":"b@x.test"}`, 400},
		{"trailing comma", "application/json", `{"email":"a@x.test",}`, 400},
		{"something after it", "application/json", `{}x`, 400},
		{"not UTF-8", "application/json", "{\"email\":\"\xff\"}", 400},
		{"NUL", "application/json", `{"a":"\u0000"}`, 400},
		{"deep", "application/json", `{"a":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, 400},
		{"form", "application/x-www-form-urlencoded", "email=a%40x.test", 415},
		{"text/plain", "text/plain", `{"email":"a@x.test"}`, 415},
		{"latin-1", "application/json; charset=iso-8859-1", `{}`, 415},
		{"large", "application/json", `{"a":"` + strings.Repeat("a", 64<<10) + `"}`, 413},
	}
	for path := range bodies {
		for _, tt := range unreadable {
			r := httptest.NewRequest("POST", path, strings.NewReader(tt.body))
			r.Header.Set("Content-Type", tt.contentType)
			r.Header.Set("Authorization", access)
			w := httptest.NewRecorder()
			d.ServeHTTP(w, r)
			reason, _ := refused(t, path+" "+tt.name, w)
			if w.Code != tt.status || reason == "" {
				t.Errorf("%s %s: got %d %s, want %d", path, tt.name, w.Code, w.Body, tt.status)
			}
		}
	}
}

// TestMethods asks every path for every method that it does not have.
func TestMethods(t *testing.T) {
	d := open(t)
	for path, have := range calls {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"} {
			if slices.Contains(have, method) {
				continue
			}
			w := d.call(method, path, `{}`)
			if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != strings.Join(have, ", ") {
				t.Errorf("%s %s: got %d, Allow %q, want 405, %q", method, path, w.Code, w.Header().Get("Allow"), have)
			}
		}
	}
}

// TestPrefixesCoverEveryCall holds the list for web.Split to the paths.
func TestPrefixesCoverEveryCall(t *testing.T) {
	used := map[string]bool{}
	for path := range calls {
		for _, prefix := range clubs.Prefixes {
			if path == prefix || strings.HasPrefix(path, prefix+"/") {
				used[prefix] = true
				path = ""
			}
		}
		if path != "" {
			t.Errorf("no prefix covers %s", path)
		}
	}
	if got, want := slices.Sorted(maps.Keys(used)), slices.Sorted(slices.Values(clubs.Prefixes)); !slices.Equal(got, want) {
		t.Errorf("prefixes in use: got %v, want %v", got, want)
	}
}

// TestTokensAreAskedFor calls what needs a token without one, and with some that
// are none, whatever the body is.
func TestTokensAreAskedFor(t *testing.T) {
	d := open(t)
	pair := d.officer(t, "chess@x.test", "Chess")
	access, refresh := pair.Access.Reveal(), pair.Refresh.Reveal()
	guarded := map[string]string{ // and the other token, which is none
		"POST /api/user/refresh":          access,
		"DELETE /api/user/revoke-access":  refresh,
		"DELETE /api/user/revoke-refresh": access,
		"GET /api/admin/profile":          refresh,
		"POST /api/admin/profile":         refresh,
		"POST /api/admin/change-password": refresh,
	}
	for call, other := range guarded {
		method, path, _ := strings.Cut(call, " ")
		for _, header := range []string{"", "Bearer", "Bearer ", "Basic " + access, "Bearer " + other, "Bearer " + access + " " + access, access, "Bearer a.b.c"} {
			for _, body := range []string{"", `{}`, `{`, `{"name":7,"old_password":7}`} {
				w := d.call(method, path, body, "Authorization", header)
				if w.Code != http.StatusUnauthorized || w.Header().Get("WWW-Authenticate") != "Bearer" {
					t.Errorf("%s, Authorization %q, body %q: got %d %s, want 401", call, header, body, w.Code, w.Body)
				}
			}
		}
	}
}

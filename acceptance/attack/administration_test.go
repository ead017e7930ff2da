package attack

import (
	"bytes"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func TestADM01(t *testing.T) {
	a := attack(t, "calls under /api/admin by nobody, a member's cookie, an administrator's cookie, a refresh token, an officer without a club any more; and who is told to be administrator")
	officer, member, administrator, former := a.officer(), a.member(), a.member(), a.officer()
	a.run(t, "", "role", "grant", administrator.email, "administrator", "--start", "2020-01-01", "--end", "2099-01-01")
	tokens, ended := a.login(officer), a.login(former)
	a.run(t, "", "club", "delete", former.email)
	cookies := map[string]string{"member": a.signIn(member), "administrator": a.signIn(administrator), "officer": a.signIn(officer)}
	credentials := map[string][]string{
		"nobody": nil, "an officer's refresh token": {bearer(tokens.refresh)}, "an officer without a club": {bearer(ended.access)},
		"a member's cookie": {cookies["member"]}, "an administrator's cookie": {cookies["administrator"]}, "an officer's cookie": {cookies["officer"]},
		"a cookie for a token": {bearer(strings.SplitN(cookies["administrator"], "=", 2)[1])}, "words": {"Authorization: Basic YWRtaW46YWRtaW4=", "X-Admin: true", "X-Role: administrator"},
	}
	for name, headers := range credentials {
		for _, got := range []answer{
			a.call("GET", "/api/admin/profile", nil, headers...), a.call("POST", "/api/admin/profile", object{"name": "Taken"}, headers...),
			a.call("POST", "/api/admin/change-password", object{"old_password": officer.password, "new_password": fresh}, headers...),
		} {
			if got.status != 401 {
				t.Errorf("%s by %s: got %d %.200s, want 401", got.call, name, got.status, got.body)
			}
		}
	}
	for who, cookie := range cookies {
		info := a.info(cookie).want(t, 200).members(t)
		if _, told := info["administrator"]; told != (who == "administrator") {
			t.Errorf("the %s's info has an administrator's role: %v", who, told)
		}
	}
	a.profile(tokens.access).want(t, 200)
	a.login(officer)
	a.did("401 to each of %d; only who was granted the role has it, and it opens nothing here: operators have the command line", 3*len(credentials))
}

func TestADM03(t *testing.T) {
	a := attack(t, "SQL, negative numbers, objects and forged cursors as sort, filter, limit, page, cursor and fields, on every list and look-up")
	p := a.officer()
	tokens, cookie := a.login(p), a.signIn(p)
	hostile := []string{"1;DROP TABLE accounts--", "' OR '1'='1", "-1", "1e309", "999999999999999999999", "eyJpZCI6MH0", "../..", "\x00", "{\"$gt\":\"\"}", "id,(SELECT password_hash FROM accounts)"}
	names := []string{"sort", "order", "order_by", "filter", "q", "limit", "offset", "page", "per_page", "cursor", "page_token", "fields", "select", "where", "id", "email", "year"}
	for path, header := range map[string]string{
		"/api/catalog/tags": "", "/api/catalog/num-user-tags": "", "/api/cohorts": "", "/api/cohorts/current": "", "/api/admin/profile": bearer(tokens.access), "/api/auth/info": cookie, "/.well-known/jwks.json": "",
	} {
		var headers []string
		if header != "" {
			headers = []string{header}
		}
		plain := a.call("GET", path, nil, headers...)
		for _, value := range hostile {
			query := url.Values{}
			for _, name := range names {
				query.Set(name, value)
				query.Set(name+"[$gt]", value)
			}
			a.same("plain", map[string]answer{"plain": plain, "hostile " + value: a.call("GET", path+"?"+query.Encode(), nil, headers...)})
		}
	}
	for _, path := range []string{"/api/cohorts/", "/api/cohorts/1%20OR%201=1", "/api/cohorts/2026", "/api/user/confirm/%27%20OR%201=1--"} {
		a.call("GET", path, nil).want(t, 404)
	}
	a.login(p)
	a.did("the same octets as without: no call takes a parameter")
}

// active answers the tags of a page that a browser would run, or load something for.
func active(page []byte) (found []string) {
	for tags := html.NewTokenizer(bytes.NewReader(page)); ; {
		switch tags.Next() {
		case html.ErrorToken: // the end
			return found
		case html.StartTagToken, html.SelfClosingTagToken:
		default:
			continue
		}
		tag := tags.Token()
		runs := slices.Contains([]string{"script", "img", "svg", "iframe", "object", "embed", "base", "style"}, tag.Data)
		for _, attribute := range tag.Attr {
			runs = runs || strings.HasPrefix(attribute.Key, "on") || attribute.Key == "style" || strings.Contains(strings.ToLower(attribute.Val), "javascript:")
		}
		if runs {
			found = append(found, tag.String())
		}
	}
}

func TestADM04(t *testing.T) {
	a := attack(t, "a club's name, texts and links with scripts, and hostile addresses, in the pages that people and operators look at: club, account, development's mails").alone("--dev-mail")
	const script = `"><script>alert(1)</script><img src=x onerror=alert(1)>`
	if len(active([]byte("<p title=\""+script))) != 2 {
		t.Fatal("what would run is not found")
	}
	p := a.stranger()
	p.email, p.club = `x'onload='alert(1)+`+p.email, script
	p.email = strings.NewReplacer("(", "{", ")", "}").Replace(p.email)
	a.roster(p.email)
	a.call("POST", "/api/user/register", p.registration()).want(t, 200)
	a.call("GET", a.confirmLink(p), nil).want(t, 303)
	tokens, cookie := a.login(p), a.signIn(p)
	a.call("POST", "/api/admin/profile", object{"about_us": script, "get_involved": script}, bearer(tokens.access)).want(t, 200)
	for _, link := range []string{"javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,<script>alert(1)</script>", " javascript:alert(1)", "vbscript:x", "https://x.test/\"onmouseover=\"alert(1)"} {
		got := a.call("POST", "/api/admin/profile", object{"apply_link": link, "social_media_links": object{"website": link}}, bearer(tokens.access))
		if got.status == 200 && strings.Contains(strings.ToLower(a.profile(tokens.access).text("apply_link")), "script:") {
			t.Errorf("the link %q is kept", link)
		}
	}
	b := a.from("") // the mails are for this machine alone
	pages := []answer{a.call("GET", "/club", nil, cookie), a.call("GET", "/account", nil, cookie), b.call("GET", "/dev/mail", nil)}
	for _, path := range regexp.MustCompile(`/dev/mail/[^"]+`).FindAllString(string(pages[2].body), -1) {
		pages = append(pages, b.call("GET", path, nil))
	}
	pages = append(pages, a.form("/sign-in", url.Values{"email": {script}, "password": {wrong}}), a.form("/forgot", url.Values{"email": {script}}), a.form("/resend", url.Values{"email": {script}}))
	for _, page := range pages {
		policy := page.header.Get("Content-Security-Policy")
		if page.status >= 500 || page.header.Get("Content-Type") != "text/html; charset=utf-8" || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src 'none'") {
			t.Errorf("%s: got %d, %q, the policy %q", page.call, page.status, page.header.Get("Content-Type"), policy)
		}
		if found := active(page.body); found != nil {
			t.Errorf("%s: the page has %q", page.call, found)
		}
	}
	if len(pages) < 7 {
		t.Errorf("%d pages were looked at: the mails are not shown", len(pages))
	}
	a.did("text, in each of %d pages, under a policy that runs nothing; links are http and https", len(pages))
}

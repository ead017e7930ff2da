package acceptance

import (
	"strings"
	"testing"
)

// tryOut opens some calls of the page, tries one out as a reader would, and answers
// the status that the page shows.
const tryOut = `(async () => {
	const until = async find => {
		for (let i = 0; i < 300; i++) {
			const found = find()
			if (found) return found
			await new Promise(done => setTimeout(done, 100))
		}
		throw new Error("it never came: " + find)
	}
	await until(() => document.querySelector("#operations-health-readyz"))
	for (const name of ["clubs-emailExists", "clubs-getProfile", "cohorts-signIn", "health-readyz"])
		document.querySelector("#operations-" + name + " .opblock-summary-control").click()
	const call = document.querySelector("#operations-clubs-emailExists")
	const press = async name => (await until(() => call.querySelector(name))).click()
	await press(".try-out__btn")
	await press(".execute")
	return (await until(() => call.querySelector(".live-responses-table tr.response td.response-col_status"))).textContent
})()`

// TestBrowserReadsTheDescription reads /docs in a real browser, which keeps to the
// page's policy, and calls the server from there.
func TestBrowserReadsTheDescription(t *testing.T) {
	t.Parallel()
	in := install(t)
	b := openBrowser(t, in.secrets)
	s := in.serve(t)
	b.open(t, s.base+"/docs?url=https://evil.example/openapi.yaml")
	if status := evaluate[string](t, b, tryOut); !strings.HasPrefix(status, "200") {
		t.Errorf("trying a call out is answered %s, want 200", status)
	}
	b.at(t, "/docs", "matricula", "email-exists", "/api/auth/sign-in", "/healthz")
	for _, address := range evaluate[[]string](t, b, `performance.getEntriesByType("resource").map(each => each.name)`) {
		if !strings.HasPrefix(address, s.base+"/") && !strings.HasPrefix(address, "data:") {
			t.Errorf("the page loads %s", address)
		}
	}
	if refused := b.complaints(""); len(refused) > 0 {
		t.Errorf("the browser complains: %v", refused)
	}
}

package webtest

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// teller is a small door.
func teller() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /sign-in", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Add("Set-Cookie", "color="+r.Header.Get("X-Color"))
		w.Header().Add("Set-Cookie", "session=s3cret; Path=/; HttpOnly")
		body, _ := io.ReadAll(r.Body)
		sent, err := decode(string(body))
		if err != nil {
			panic(err)
		}
		m := sent.(map[string]any)
		fmt.Fprintf(w, `{"who": %q, "costs": %q, "token": "key-t%%2F1", "id": -12, "number": 7, "list": [1, {"x": 1}, true, null]}`, m["who"], m["costs"])
	})
	mux.HandleFunc("/echo/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "host=%s path=%s cookie=%s type=%s", r.Host, r.RequestURI, r.Header.Get("Cookie"), r.Header.Get("Content-Type"))
		if body, _ := io.ReadAll(r.Body); len(body) > 0 {
			fmt.Fprintf(w, " body=%s\n", body)
		}
	})
	mux.HandleFunc("DELETE /nothing", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
	return mux
}

func TestPlayTellsAStory(t *testing.T) {
	vars := map[string]string{"who": "chess", "color": "blue"}
	Play(t, teller(), "testdata/story.txt", vars, Hooks{
		"remember": func(_ *testing.T, args []string, vars map[string]string) {
			vars["again"] = strings.Join(args, ",")
		},
	})
	for name, want := range map[string]string{"session": "s3cret", "number": "7", "token": "t%2F1"} {
		if vars[name] != want {
			t.Errorf("$%s: got %q, want %q", name, vars[name], want)
		}
	}
}

func TestPlayFindsWhatDiffers(t *testing.T) {
	const request = "POST /sign-in\n{\"who\": \"a\", \"costs\": \"b\"}\n--\n"
	const rest = `"costs":"b","id":-12,"number":7,"token":"key-t%2F1","who":"a"}`
	tests := []struct {
		name, transcript, want string
	}{
		{"as it is", request + "200\n" + `{"list":[1,{"x":1},true,null],` + rest, ""},
		{"status", request + "201\n<any>", "got status 200, want 201"},
		{"no body", request + "200", "the body differs"},
		{"not JSON", request + "200\n{", "the body as written"},
		{"trailing", request + "200\n{} {}", "the body as written"},
		{"a member less", request + "200\n" + `{` + rest, "the body differs"},
		{"a member more", request + "200\n" + `{"more":1,"list":"<any>",` + rest, "the body differs"},
		{"another name", request + "200\n" + `{"lisp":"<any>",` + rest, "the body differs"},
		{"shorter list", request + "200\n" + `{"list":[1,{"x":1},true],` + rest, "the body differs"},
		{"other item", request + "200\n" + `{"list":[1,{"x":2},true,null],` + rest, "the body differs"},
		{"1.0 is not 1", request + "200\n" + `{"list":[1.0,{"x":1},true,null],` + rest, "the body differs"},
		{"a text is no number", request + "200\n" + `{"list":["1",{"x":1},true,null],` + rest, "the body differs"},
		{"no integer", request + "200\n" + `{"list":[1,{"x":1},"<int>",null],` + rest, "the body differs"},
		{"text for a list", request + "200\n" + `{"list":"x{{y}}",` + rest, "the body differs"},
		{"object for a list", request + "200\n" + `{"list":{},` + rest, "the body differs"},
		{"header", request + "200\nX-More: 1\n<any>", `got header X-More [], want "1"`},
		{"header there", request + "200\nSet-Cookie:\n<any>", "got header Set-Cookie"},
		{"header differs", request + "200\nContent-Type: application/jsonx\n<any>", "got header Content-Type"},
		{"variable in request", "GET /echo/$gone\n--\n200\n<any>", "the variable $gone is not set"},
		{"variable in header", "GET /echo/x\nCookie: ${gone}\n--\n200\n<any>", "the variable $gone is not set"},
		{"variable in body", "POST /echo/x\n$gone\n--\n200\n<any>", "the variable $gone is not set"},
		{"variable in answer", "GET /echo/x\n--\n200\n$gone", "the variable $gone is not set"},
		{"variable in answer's header", request + "200\nContent-Type: $gone\n<any>", "the variable $gone is not set"},
		{"no path", "GET\n--\n200\n<any>", "is not a method and a path"},
		{"bad target", "GET echo x y\n--\n200\n<any>", "GET echo x y"},
		{"no answer", "GET /echo/x", "want a request, a line -- and an answer"},
		{"no request", "# nobody\n--\n200", "want a request, a line -- and an answer"},
		{"unknown hook", "! jump", `there is no hook "jump"`},
		{"text", "GET /echo/x\n--\n200\nhost=<any> path=/echo/y cookie= type=", "the body differs"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tell(t, tt.transcript, false)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("got %v, want no error", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

// tell plays a transcript and returns what Play would fail with.
func tell(t *testing.T, transcript string, rewrite bool) error {
	t.Helper()
	list, err := parse(transcript)
	if err != nil {
		return err
	}
	vars := map[string]string{}
	for _, e := range list {
		if err := runHooks(t, e, vars, nil); err != nil {
			return err
		}
		if err := play(teller(), e, vars, rewrite); err != nil {
			return err
		}
	}
	return nil
}

func TestUpdateKeepsWhatStandsForSomething(t *testing.T) {
	const was = `# One.
POST /sign-in
{"who": "a", "costs": "$$5"}

--
# Two.

500
X-Color: red
Set-Cookie: session={{session}}; Path=/; HttpOnly
Content-Type: text/html
{"token":"key-{{token}}","id":"<int>","who":"b","list":[1,"<any>"],"number":"<any>"}
==

GET /echo/$token
--
200
<any>
==
GET /echo/$$
--
==
GET /echo/y
--
200
host=<any> path=/echo/<any> cookie= type=
`
	const want = `# One.
POST /sign-in
{"who": "a", "costs": "$$5"}

--
# Two.
200
X-Color:
Set-Cookie: session={{session}}; Path=/; HttpOnly
Content-Type: application/json
{"costs":"$$5","id":"<int>","list":[1,"<any>",true,null],"number":"<any>","token":"key-{{token}}","who":"a"}
==

GET /echo/$token
--
200
<any>
==
GET /echo/$$
--
200
host=example.com path=/echo/$$ cookie= type=
==
GET /echo/y
--
200
host=<any> path=/echo/<any> cookie= type=
`
	list, err := parse(was)
	if err != nil {
		t.Fatal(err)
	}
	vars := map[string]string{}
	for _, e := range list {
		if err := play(teller(), e, vars, true); err != nil {
			t.Fatal(err)
		}
	}
	now := render(list)
	if now != want {
		t.Errorf("got\n%s\nwant\n%s", now, want)
	}
	if err := tell(t, now, false); err != nil {
		t.Errorf("what was written does not hold: %v", err)
	}

	file := filepath.Join(t.TempDir(), "story.txt")
	rewrite(t, file, was, now)
	if text, err := os.ReadFile(file); err != nil || string(text) != want {
		t.Errorf("got %q, %v, want the new text", text, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("0\n--\n== ")
	f.Add("# c\n! hook a\nPOST /x\nA: b\n{}\n--\n# n\n200\nB:\n{}\n==\nGET /\n--\n200")
	f.Fuzz(func(t *testing.T, transcript string) {
		list, err := parse(transcript)
		if err != nil {
			return
		}
		once := render(list)
		again, err := parse(once)
		if err != nil {
			t.Fatalf("%q became %q: %v", transcript, once, err)
		}
		if twice := render(again); twice != once {
			t.Errorf("got %q, want %q", twice, once)
		}
	})
}

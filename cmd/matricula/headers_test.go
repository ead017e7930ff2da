package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// pattern is the path of a route as the doors write it: with its method, or by itself
// where one function adds every method that reads.
var pattern = regexp.MustCompile(`^(?:[A-Z]+ )?(/[a-z./{}_-]*)$`)

// routes lists the paths of every route of every door: each text in their code that
// is one, so that a new page can't be forgotten here.
func routes(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../internal/web/*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || strings.Contains(file, "/webtest/") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			if match := pattern.FindStringSubmatch(text); err == nil && match != nil {
				paths = append(paths, strings.NewReplacer("{", "", "}", "").Replace(match[1]))
			}
			return true
		})
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// TestEveryAnswerHasItsHeaders asks for every path there is, and beside each, by every
// method. Whatever answers, a page, a call, a file or a refusal, has the headers that
// keep browsers from being used against their owners.
func TestEveryAnswerHasItsHeaders(t *testing.T) {
	paths := routes(t)
	for _, known := range []string{"/", "/sign-in", "/link-ended", "/dev/mail", "/docs", "/api/user/login", "/api/auth/info", "/healthz", "/openapi.yaml"} {
		if !slices.Contains(paths, known) {
			t.Errorf("%s is not among the paths that were found", known)
		}
	}
	for name, set := range map[string][]string{
		"https": {"public-url=https://accounts.example.edu", "smtp=smtp://127.0.0.1:1"},
		"http":  {"dev-mail=yes"},
	} {
		t.Run(name, func(t *testing.T) {
			s := startServer(t, nil, set...)
			pages := 0
			for _, path := range paths {
				for _, method := range []string{"GET", "POST", "DELETE", "OPTIONS"} {
					for _, at := range []string{path, path + "?token=x&id=1", path + "/beside"} {
						w := httptest.NewRecorder()
						s.handlers.public.ServeHTTP(w, httptest.NewRequest(method, at, nil))
						pages += headed(t, method+" "+at, w, name == "https")
					}
				}
			}
			if pages < 100 {
				t.Errorf("only %d answers were pages", pages)
			}
			s.stop()
			if err := <-s.ended; err != nil {
				t.Error(err)
			}
		})
	}
}

// headed holds an answer to its headers, and answers 1 if it is a page.
func headed(t *testing.T, call string, w *httptest.ResponseRecorder, https bool) int {
	t.Helper()
	h := w.Header()
	owes := func(name, want string) {
		t.Helper()
		if got := strings.Join(h.Values(name), " | "); got != want {
			t.Errorf("%s (%d): %s is %q, want %q", call, w.Code, name, got, want)
		}
	}
	owes("X-Content-Type-Options", "nosniff")
	owes("Server", "")
	if strict := h.Get("Strict-Transport-Security"); (strict != "") != https {
		t.Errorf("%s: Strict-Transport-Security is %q", call, strict)
	}
	kind := h.Get("Content-Type")
	if strings.Contains(call, " /api/") {
		owes("Cache-Control", "no-store")
		if w.Body.Len() > 0 {
			owes("Content-Type", "application/json; charset=utf-8")
		}
	}
	if strings.HasPrefix(kind, "text/") && !strings.HasSuffix(kind, "; charset=utf-8") || kind == "" && w.Body.Len() > 0 {
		t.Errorf("%s: its type is %q", call, kind)
	}
	if !strings.HasPrefix(kind, "text/html") {
		return 0
	}
	if !strings.Contains(call, " /docs") {
		owes("Cache-Control", "no-store")
	}
	owes("X-Frame-Options", "DENY")
	owes("Referrer-Policy", "same-origin")
	owes("Cross-Origin-Opener-Policy", "same-origin")
	owes("Cross-Origin-Resource-Policy", "same-origin")
	if !strings.Contains(h.Get("Permissions-Policy"), "camera=()") {
		t.Errorf("%s: Permissions-Policy is %q", call, h.Get("Permissions-Policy"))
	}
	allowed := h.Get("Content-Security-Policy")
	for _, rule := range []string{"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} {
		if !strings.Contains(allowed, rule) {
			t.Errorf("%s: the policy lacks %s: %q", call, rule, allowed)
		}
	}
	if strings.Contains(allowed, "unsafe") || strings.Contains(allowed, "*") || strings.Contains(allowed, "http") {
		t.Errorf("%s: the policy lets too much in: %q", call, allowed)
	}
	return 1
}

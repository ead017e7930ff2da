package main

import (
	"strings"
	"testing"
)

// TestPlainTextDrivesNoTerminal: names come from strangers, and operators read them.
func TestPlainTextDrivesNoTerminal(t *testing.T) {
	for in, want := range map[string]string{
		"Chess Club":             "Chess Club",
		"Zoë 陳大文 שלום 🎲 e\u0301": "Zoë 陳大文 שלום 🎲 e\u0301",
		"a\x1b[31mred":           "a\uFFFD[31mred",
		"one\ntwo\ttabbed\rx":    "one\uFFFDtwo\uFFFDtabbed\uFFFDx",
		"csi \u009b31m":          "csi \uFFFD31m",
		"nul\x00 del\x7f":        "nul\uFFFD del\uFFFD",
		"right\u202eto left":     "right\uFFFDto left",
		"isolate\u2066d\u2069":   "isolate\uFFFDd\uFFFD",
		"line\u2028par\u2029":    "line\uFFFDpar\uFFFD",
		"ad\u200bmin \u200fx":    "ad\uFFFDmin \uFFFDx",
		"bom\ufeff shy\u00ad":    "bom\uFFFD shy\uFFFD",
		"tag\U000e0041 \ue000x":  "tag\uFFFD \uFFFDx",
		"bad\xff":                "bad\uFFFD",
	} {
		if got := plain(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// TestAFailureIsOneLineWhateverWasTyped: arguments come back in errors.
func TestAFailureIsOneLineWhateverWasTyped(t *testing.T) {
	for _, args := range [][]string{
		{"club\x1b[2J"}, {"club", "show", "a\x1b[31m\nb\u202e\u2028c\u200b"}, {"serve", "--addr", "\x1b]0;x\x07"},
		{"account", "show", "\u009b31m@x.test"}, {"cohort", "create", "20\x1b26"},
	} {
		var out, errs strings.Builder
		c := &console{ctx: t.Context(), env: environment{"data": t.TempDir()}, now: clock(), out: &out, errs: &errs}
		if status := c.run(args); status != 1 {
			t.Errorf("%q: got status %d, want 1", args, status)
		}
		line := strings.TrimSuffix(errs.String(), "\n")
		if line != plain(line) || out.Len() > 0 || !strings.HasPrefix(line, "matricula: ") {
			t.Errorf("%q: said %q and printed %q", args, &errs, &out)
		}
	}
}

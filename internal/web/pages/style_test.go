package pages

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestColoursCanBeRead holds the two palettes to WCAG 2.2, level AA: 4.5 to 1 for
// text (1.4.3), 3 to 1 for edges and outlines (1.4.11).
func TestColoursCanBeRead(t *testing.T) {
	light, dark, found := strings.Cut(string(styleSheet), "prefers-color-scheme: dark")
	if !found {
		t.Fatal("the style sheet has no dark palette")
	}
	const text, edge = 4.5, 3
	for name, css := range map[string]string{"light": light, "dark": dark} {
		colours := palette(t, css)
		for _, c := range []struct {
			front, back string
			want        float64
		}{
			{"ink", "sheet", text}, {"ink", "paper", text}, {"ink", "field", text}, {"ink", "good", text},
			{"soft", "sheet", text}, {"accent", "sheet", text}, {"accent-ink", "accent", text},
			{"bad-ink", "bad", text}, {"bad-ink", "sheet", text},
			{"edge", "sheet", edge}, {"edge", "field", edge}, {"accent", "paper", edge}, {"accent", "field", edge},
		} {
			front, ok := colours[c.front]
			back, too := colours[c.back]
			if got := contrast(front, back); !ok || !too || got < c.want {
				t.Errorf("%s: %s on %s: got %.2f to 1, want %v", name, c.front, c.back, got, c.want)
			}
		}
	}
}

var colour = regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6});`)

// palette are the luminances of the colours that a style sheet first defines.
func palette(t *testing.T, css string) map[string]float64 {
	t.Helper()
	colours := map[string]float64{}
	for _, match := range colour.FindAllStringSubmatch(css, -1) {
		rgb, err := strconv.ParseUint(match[2], 16, 32)
		must(t, err)
		if _, defined := colours[match[1]]; !defined {
			colours[match[1]] = 0.2126*linear(rgb>>16) + 0.7152*linear(rgb>>8) + 0.0722*linear(rgb)
		}
	}
	return colours
}

// linear is a channel of sRGB, in its low eight bits, as light (WCAG, "relative luminance").
func linear(channel uint64) float64 {
	c := float64(channel&0xff) / 255
	if c <= 0.04045 {
		return c / 12.92
	}
	return math.Pow((c+0.055)/1.055, 2.4)
}

func contrast(a, b float64) float64 { return (max(a, b) + 0.05) / (min(a, b) + 0.05) }

//go:build !race

// The race detector makes everything ten times slower, and finds nothing here.

package password

import (
	"strings"
	"testing"
	"time"
)

// slow are shapes that cost the most: what zxcvbn tries out grows with the kinds
// of leet in a password and with its length, and NFC with marks out of order.
var slow = map[string]string{
	"long":           "correct horse battery staple",
	"short":          "kestrel92maple",
	"leet":           "p@55w0rd4dm1n!",
	"all leet":       "4@({[<691!|7$5",
	"years":          "19911991199119",
	"dates":          "1.1.91-2.2.92/",
	"unicode":        "日本語東京大阪名古屋神戸",
	"repeated":       "abababababababab"[:14],
	"256 repeated":   strings.Repeat("ab", MaxRunes/2),
	"256 leet":       strings.Repeat("4@({[<691!|7$5+%", MaxRunes/16),
	"256 digits":     strings.Repeat("19910101", MaxRunes/8),
	"256 keys":       strings.Repeat("qwertyuiop[]asdf", MaxRunes/16),
	"256 of 4":       strings.Repeat("😀", MaxRunes),
	"256 capitals":   strings.Repeat("İẞΣΩ", MaxRunes/4),
	"marks":          strings.Repeat("\u0301\u0316\u0315", maxTyped/6),
	"a mark further": "a" + strings.Repeat("\u0316\u0301", maxTyped/4-1),
	"64 KiB":         strings.Repeat("e\u0301\u0323", 64<<10/5),
}

// TestNoShapeIsSlow guards the core: whoever registers chooses what is judged.
func TestNoShapeIsSlow(t *testing.T) {
	const most = 10 * time.Millisecond
	for name, password := range slow {
		least := time.Hour
		for range 10 { // others use the machine too
			start := time.Now()
			Rules{}.Judge(password, "someone@example.test", "Chess Club")
			least = min(least, time.Since(start))
		}
		if least > most {
			t.Errorf("%s: %v, want %v at most", name, least, most)
		}
	}
}

func BenchmarkJudge(b *testing.B) {
	for name, password := range slow {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				Rules{}.Judge(password, "someone@example.test", "Chess Club")
			}
		})
	}
}

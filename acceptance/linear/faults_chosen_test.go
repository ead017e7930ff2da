package linear

import (
	"strings"
	"testing"
)

// TestFaultsAreChosen reads what the flag may say.
func TestFaultsAreChosen(t *testing.T) {
	for _, c := range []struct {
		text, database, want string
		refused              bool
	}{
		{"none", "postgres", "", false},
		{"", "sqlite", "", false},
		{"all", "postgres", "kill stop clock cut slow database failover", false},
		{"all", "sqlite", "kill stop clock", false},
		{"database,kill", "postgres", "kill database", false},
		{"cut", "sqlite", "", true},
		{"kill,flood", "postgres", "", true},
		{"kill,", "postgres", "", true},
	} {
		chosen, err := chosenFaults(c.text, c.database)
		if got := strings.Join(chosen, " "); (err != nil) != c.refused || err == nil && got != c.want {
			t.Errorf("%q on %s: got %q, %v, want %q, refused: %v", c.text, c.database, got, err, c.want, c.refused)
		}
	}
}

package clubs

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"matricula/internal/account"
)

// TestTimesAreInUTC gives the shape times of another zone.
func TestTimesAreInUTC(t *testing.T) {
	at := time.Date(2026, time.September, 1, 10, 0, 0, 5e8, time.FixedZone("east", 2*60*60))
	out, err := json.Marshal(profileOf(account.Account{}, account.Club{
		ApplyDeadlineStart: at, ApplyDeadlineEnd: at, RecruitingStart: at, RecruitingEnd: at, LastUpdated: at,
	}))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(out), `"2026-09-01T08:00:00.5Z"`); got != 5 {
		t.Errorf("got %d times in UTC, want 5:\n%s", got, out)
	}
}

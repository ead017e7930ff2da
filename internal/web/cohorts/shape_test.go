package cohorts

import (
	"encoding/json"
	"testing"
	"time"
)

func TestInstantsAreInUTCWithMilliseconds(t *testing.T) {
	singapore := time.FixedZone("SGT", 8*60*60)
	tests := []struct {
		at   time.Time
		want string
	}{
		{time.Date(2026, time.August, 1, 0, 0, 0, 0, time.UTC), `"2026-08-01T00:00:00.000Z"`},
		{time.Date(2026, time.August, 1, 0, 0, 0, 0, singapore), `"2026-07-31T16:00:00.000Z"`},
		{time.Date(2027, time.June, 30, 23, 59, 59, 999_000_000, time.UTC), `"2027-06-30T23:59:59.999Z"`},
	}
	for _, test := range tests {
		got, err := json.Marshal(instant(test.at))
		if err != nil || string(got) != test.want {
			t.Errorf("%v: got %s, %v, want %s", test.at, got, err, test.want)
		}
	}
}

package linear

import (
	"testing"
	"time"
)

// shortRuns are what every change passes.
func shortRuns() []plan {
	return []plan{
		{database: "sqlite", instances: 1, ops: 3000, clients: 12, seed: *seedFlag},
		{database: "postgres", instances: 2, ops: 2000, clients: 12, faults: []string{"kill"}, seed: *seedFlag},
	}
}

// TestWhatIsRevokedIsRefused lets a crowd at the program and judges all that it was
// told: some short runs, or with -ops the one that the flags describe.
func TestWhatIsRevokedIsRefused(t *testing.T) {
	plans := shortRuns()
	if *opsFlag > 0 {
		chosen, err := chosenFaults(*faultsFlag, *databaseFlag)
		if err != nil {
			t.Fatal(err)
		}
		plans = []plan{{*databaseFlag, *instancesFlag, *opsFlag, *clientsFlag, chosen, *seedFlag}}
	}
	for _, p := range plans {
		t.Run(p.database, func(t *testing.T) {
			if p.database == "sqlite" && p.instances != 1 {
				t.Fatal("a SQLite file is locked for one server: -instances 1")
			}
			begun := time.Now()
			r, b := play(t, p)
			took := time.Since(begun)
			broken := judgeAll(r.users)
			t.Logf("%s  judged in %.0f seconds", r.report(b, took), (time.Since(begun) - took).Seconds())
			fail(t, broken)
		})
	}
}

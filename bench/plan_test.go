package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPlan(t *testing.T) {
	full, err := parsePlan(nil)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(full.accounts, []int{1000, 1_000_000}) || full.rounds != 5 || full.time != 2*time.Second || full.starting != 100_000 {
		t.Errorf("without flags: %+v", full)
	}
	if !slices.Equal(full.parts, partsOn(onSQLite)) || full.measures(instancesPart) || !full.measures("start") {
		t.Errorf("without flags: parts %v", full.parts)
	}
	postgres, err := parsePlan([]string{"-database", "postgres", "-rounds", "1"})
	if err != nil {
		t.Fatal(err)
	}
	if !postgres.measures(instancesPart) || postgres.measures("start") || postgres.storms != 1 || !slices.Equal(postgres.accounts, []int{1000, 100_000}) {
		t.Errorf("on PostgreSQL: %+v", postgres)
	}
	short, err := parsePlan([]string{"-short", "-rounds", "7", "-clients", "64, 1,64", "-env", "GOGC=200", "-env", "A=b=c", "-parts", "info,size"})
	if err != nil {
		t.Fatal(err)
	}
	if short.rounds != 7 || short.time != time.Second || !slices.Equal(short.accounts, []int{1000, 20_000}) {
		t.Errorf("with -short and -rounds 7: %+v", short)
	}
	if !slices.Equal(short.clients, []int{1, 64}) {
		t.Errorf("clients: got %v, want them sorted and each once", short.clients)
	}
	if !slices.Equal(short.env, []string{"GOGC=200", "A=b=c"}) {
		t.Errorf("environment: got %v", short.env)
	}
	if !short.measures("size") || short.measures("login") {
		t.Errorf("parts: got %v", short.parts)
	}
}

// TestAWrongArgumentIsOneLine holds what people see to one line that names the
// flag, with nothing on standard output.
func TestAWrongArgumentIsOneLine(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"-accounts 10", `-accounts "10": "10" is not a number from 100 to 10000000`},
		{"-clients 1,many", `"many" is not a number`},
		{"-rounds -1", "measure nothing"},
		{"-time 5ms", "measure nothing"},
		{"-parts info,sleep", `there is no "sleep"`},
		{"-parts info,instances", "instances need -database postgres"},
		{"-database mysql", `"mysql" is neither sqlite nor postgres`},
		{"-env GOGC", "want NAME=VALUE"},
		{"-fast", "-fast"},
		{"info", `"info" is no flag`},
		{"-compare old.json", "wants two files"},
		{"-compare testdata/none.json testdata/none.json", "testdata/none.json"},
	} {
		var out, errs bytes.Buffer
		code := run(strings.Fields(c.args), &out, &errs)
		if code != 1 || out.Len() > 0 {
			t.Errorf("%s: status %d and %q on standard output, want 1 and nothing", c.args, code, out.String())
		}
		said := errs.String()
		if !strings.HasPrefix(said, "bench: ") || strings.Count(said, "\n") != 1 || !strings.Contains(said, c.want) {
			t.Errorf("%s: said %q, want one line with %q", c.args, said, c.want)
		}
	}
}

func TestHelpNamesEveryPart(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run([]string{"-h"}, &out, &errs); code != 0 || errs.Len() > 0 {
		t.Fatalf("-h: status %d, said %q", code, errs.String())
	}
	for _, part := range everyPart {
		if !strings.Contains(out.String(), part) {
			t.Errorf("-h doesn't name %s", part)
		}
	}
}

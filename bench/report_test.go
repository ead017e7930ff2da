package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

// someReport is a run whose login is good, whose info is reached and whose profile
// is missed.
func someReport() report {
	p := plan{database: onSQLite, accounts: []int{1000, 1_000_000}, clients: []int{16, 64}, starting: 100_000}
	var r results
	r.value("stripped binary", "MB", 23.6)
	r.value(idleName(1000), "MB", 96)
	for i := range 3 {
		wobble := float64(100 + i)
		r.value(startName(100_000), "s", 0.2+float64(i)/100)
		r.cell(key{Work: bareWork, Clients: 64}, sample{PerSecond: 400 * wobble, P50: 1.3, P99: 7.84, Peak: 34.3, CPU: 16})
		r.cell(key{Work: "info", Accounts: 1000, Clients: 64}, sample{PerSecond: 140 * wobble, P50: 6.1, P99: 56.9, Peak: 54.7, CPU: 99.9})
		r.cell(key{Work: "info", Accounts: 1_000_000, Clients: 64}, sample{PerSecond: 112 * wobble, P50: 6.1, P99: 56.9, Peak: 154.7 + float64(i), CPU: 99.9})
		r.cell(key{Work: "profile", Accounts: 1000, Clients: 64}, sample{PerSecond: 90 * wobble, P50: 6.1, P99: 56.9, Peak: 60, CPU: 101})
		r.cell(key{Work: hashWork, Clients: 16}, sample{PerSecond: wobble, P50: 20, P99: 25})
		r.cell(key{Work: "login", Accounts: 1000, Clients: 16}, sample{PerSecond: 0.96 * wobble, P50: 300, P99: 400, Refused: 0.016, Peak: 188, CPU: 26203})
	}
	return report{
		Program: "matricula v1", Machine: "linux/amd64, 2 × a processor", Go: "go1.26.8",
		Begun: time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC), Rounds: 3, Seconds: 2, Cells: r.cells, Figures: figures(p, &r),
	}
}

func TestReport(t *testing.T) {
	var out bytes.Buffer
	if err := someReport().print(&out); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.txt", out.String())
}

func TestComparison(t *testing.T) {
	before, after := someReport(), someReport()
	after.Begun = after.Begun.Add(time.Hour)
	var r results
	for _, c := range after.Cells {
		for i := range c.Rounds {
			if c.Work == "info" {
				c.Rounds[i].PerSecond *= 1.5 // beyond every round of before
			}
			if c.Work == "profile" {
				c.Rounds[i].PerSecond *= 1.005 // among them
			}
			r.cell(c.key, c.Rounds[i])
		}
	}
	after.Cells = r.cells[1:]
	golden(t, "comparison.txt", comparison(before, after))
	after.Machine = "another"
	if text := comparison(before, after); !bytes.Contains([]byte(text), []byte("two machines")) {
		t.Error("results of two machines are compared without a word")
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

func TestAReportComesBackFromItsFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.json")
	r := someReport()
	if err := r.save(file); err != nil {
		t.Fatal(err)
	}
	again, err := loadReport(file)
	if err != nil {
		t.Fatal(err)
	}
	var one, two bytes.Buffer
	if err := r.print(&one); err != nil {
		t.Fatal(err)
	}
	if err := again.print(&two); err != nil {
		t.Fatal(err)
	}
	if one.String() != two.String() {
		t.Errorf("got\n%s\nwant\n%s", two.String(), one.String())
	}
	for _, text := range []string{"", "[]", "{}", "null"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := loadReport(file); err == nil {
			t.Errorf("%q is taken for a result", text)
		}
	}
}

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		f    figure
		want string
	}{
		{figure{Value: 0.95, AtLeast: 0.90, Good: 0.95}, "good"},
		{figure{Value: 0.94, AtLeast: 0.90, Good: 0.95}, "reached"},
		{figure{Value: 0.89, AtLeast: 0.90, Good: 0.95}, "missed"},
		{figure{Value: 0.2, AtLeast: 0.12}, "reached"},
		{figure{Value: 0.5, Good: 1}, ""},
		{figure{Value: 0.5}, ""},
		{figure{Unit: "MB", Value: 29, AtLeast: 45, Good: 30}, "good"},
		{figure{Unit: "MB", Value: 30, AtLeast: 45, Good: 30}, "reached"},
		{figure{Unit: "MB", Value: 45, AtLeast: 45, Good: 30}, "missed"},
	} {
		if got := c.f.verdict(); got != c.want {
			t.Errorf("%+v: got %q, want %q", c.f, got, c.want)
		}
	}
}

func TestNumbersAreReadable(t *testing.T) {
	for n, want := range map[int]string{0: "", 7: "7", 999: "999", 1000: "1,000", 1_234_567: "1,234,567"} {
		if got := grouped(n); got != want {
			t.Errorf("grouped(%d): got %q, want %q", n, got, want)
		}
	}
	for v, want := range map[float64]string{0: "", 0.0123: "0.012", 1.234: "1.23", 12.34: "12.3", 1234.5: "1234"} {
		if got := short(v); got != want {
			t.Errorf("short(%v): got %q, want %q", v, got, want)
		}
	}
}

package attack

import (
	"bufio"
	"net/http"
	"strconv"
	"strings"
)

// metric answers the sum of a metric's lines at the target's /metrics.
func (a *attacker) metric(name string) float64 {
	a.t.Helper()
	a.wantOps()
	response, err := http.Get(a.ops + "/metrics")
	if err != nil {
		a.t.Fatal(err)
	}
	defer response.Body.Close()
	sum, found := 0.0, false
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		rest, ours := strings.CutPrefix(lines.Text(), name)
		if !ours || rest == "" || rest[0] != ' ' && rest[0] != '{' {
			continue
		}
		_, value, _ := strings.Cut(rest[strings.LastIndexByte(rest, '}')+1:], " ")
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			a.t.Fatalf("%s: %v", lines.Text(), err)
		}
		sum, found = sum+n, true
	}
	if !found {
		a.t.Fatalf("there is no metric %s", name)
	}
	return sum
}

// memory answers how much the target has in memory, in MiB.
func (a *attacker) memory() float64 {
	a.t.Helper()
	return a.metric("process_resident_memory_bytes") / (1 << 20)
}

// requests answers how many requests a route has taken.
func (a *attacker) requests(route string) int {
	a.t.Helper()
	a.wantOps()
	response, err := http.Get(a.ops + "/metrics")
	if err != nil {
		a.t.Fatal(err)
	}
	defer response.Body.Close()
	sum := 0.0
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		line := lines.Text()
		if !strings.HasPrefix(line, "matricula_http_requests_total{") || !strings.Contains(line, `route="`+route+`"`) {
			continue
		}
		n, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
		if err != nil {
			a.t.Fatalf("%s: %v", line, err)
		}
		sum += n
	}
	return int(sum)
}

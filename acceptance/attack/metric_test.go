package attack

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"matricula/acceptance/outside"
)

// metric answers the sum of a metric's lines at the target's /metrics.
func (a *attacker) metric(name string) float64 {
	a.t.Helper()
	sum, found := a.sum(name+" ", name+"{")
	if !found {
		a.t.Fatalf("there is no metric %s", name)
	}
	return sum
}

// requests answers how many requests a route has taken.
func (a *attacker) requests(route string) int {
	a.t.Helper()
	sum := 0.0
	for line := range strings.Lines(a.metrics()) {
		if strings.HasPrefix(line, "matricula_http_requests_total{") && strings.Contains(line, `route="`+route+`"`) {
			sum += a.value(line)
		}
	}
	return int(sum)
}

// sum adds up the lines that begin in one of these ways.
func (a *attacker) sum(beginnings ...string) (sum float64, found bool) {
	a.t.Helper()
	for line := range strings.Lines(a.metrics()) {
		if slices.ContainsFunc(beginnings, func(begin string) bool { return strings.HasPrefix(line, begin) }) {
			sum, found = sum+a.value(line), true
		}
	}
	return sum, found
}

// value answers the number at the end of a line.
func (a *attacker) value(line string) float64 {
	a.t.Helper()
	line = strings.TrimSpace(line)
	n, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
	if err != nil {
		a.t.Fatalf("%s: %v", line, err)
	}
	return n
}

// metrics answers all that the target shows at /metrics. A server that is asked by
// many at once sends some of them away.
func (a *attacker) metrics() string {
	a.t.Helper()
	a.wantOps()
	var text []byte
	if !outside.Poll(10*time.Second, func() bool {
		response, err := http.Get(a.ops + "/metrics")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		text, err = io.ReadAll(response.Body)
		return err == nil && response.StatusCode == http.StatusOK
	}) {
		a.t.Fatalf("%s/metrics shows nothing: %.100s", a.ops, text)
	}
	return string(text)
}

// memory answers how much the target has in memory, in MiB, with the processes
// that hash.
func (a *attacker) memory() float64 {
	a.t.Helper()
	return (a.metric("process_resident_memory_bytes") + a.metric("matricula_hash_processes_resident_memory_bytes")) / (1 << 20)
}

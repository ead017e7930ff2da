package main

import (
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// TestDemoWorksAsItSays starts the demonstration and runs the lines that it says
// to try first, as they stand.
func TestDemoWorksAsItSays(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl to try the lines with")
	}
	temp := t.TempDir()
	cmd := exec.Command("matricula", "demo", "--addr", "127.0.0.1:0", "--json")
	cmd.Env = append(os.Environ(), "TMPDIR="+temp, "MATRICULA_TYPO=1") // it reads no variable
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	errs := &buffer{}
	cmd.Stderr = errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said demoShape
	if err := json.NewDecoder(out).Decode(&said); err != nil {
		t.Errorf("%v\n%s", err, errs)
	}
	var roles []string
	for _, a := range said.Accounts {
		roles = append(roles, a.Role)
	}
	for _, role := range []string{"student", "adviser", "mentor", "administrator", "officer of", "not confirmed"} {
		if !strings.Contains(strings.Join(roles, "\n"), role) {
			t.Errorf("there is no %s among %q", role, roles)
		}
	}
	want := []string{`{"exists":true}`, `{"access":"`, `{"user":{`}
	for i, line := range said.Try {
		answer, err := exec.Command("sh", "-c", line).Output()
		if err != nil || !strings.HasPrefix(string(answer), want[i]) {
			t.Errorf("%s\nanswers %q (%v), want %s", line, answer, err, want[i])
		}
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, errs)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("%v is left behind (%v)", left, err)
	}
	if errs.String() != "" {
		t.Errorf("the demonstration logs what nobody asked for: %s", errs)
	}
}

// TestDemoSaysHowToServeElsewhere: whoever typed make demo has no flag to give.
func TestDemoSaysHowToServeElsewhere(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	cmd := exec.Command("matricula", "demo", "--addr", taken.Addr().String())
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	said, err := cmd.CombinedOutput()
	want := "matricula: another program serves at " + taken.Addr().String() + "; choose another address with --addr (make demo ADDR=127.0.0.1:8081)\n"
	if err == nil || string(said) != want {
		t.Errorf("got %q (%v), want %q", said, err, want)
	}
}

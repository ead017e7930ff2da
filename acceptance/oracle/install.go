package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// installation is a server of the oracle's own.
type installation struct {
	url    string
	people *people
	cmd    *exec.Cmd
	ended  chan struct{}
}

// install builds the program, fills an installation and serves it.
func (p plan) install(ctx context.Context, temp string, errs io.Writer) (*installation, error) {
	binary := p.program
	if binary == "" {
		binary = filepath.Join(temp, "matricula")
		fmt.Fprintln(errs, "oracle: building the program")
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "matricula/cmd/matricula").CombinedOutput(); err != nil {
			line, _, _ := strings.Cut(string(out), "\n")
			return nil, fmt.Errorf("the program doesn't build here (%w): %s; name a built one with -program", err, line)
		}
	}
	data := filepath.Join(temp, "data")
	begun := time.Now()
	found, err := fill(ctx, data, p.people())
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(errs, "oracle: filled an installation in %v\n", time.Since(begun).Round(100*time.Millisecond))
	in := &installation{people: found}
	return in, in.start(ctx, binary, data, p.settings(data))
}

// settings are the program's defaults, and that we are a proxy: so each call can be
// somebody else's.
func (p plan) settings(data string) []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(),
		"MATRICULA_DATA=" + data, "MATRICULA_ADDR=127.0.0.1:0", "MATRICULA_TRUSTED_PROXIES=127.0.0.1", "MATRICULA_LIMITS=" + p.limits,
	}
	if p.cheap {
		env = append(env, "MATRICULA_HASH="+cheapArgon2id)
	}
	return append(env, p.env...)
}

// start starts the program and waits for the port that it has chosen.
func (in *installation) start(ctx context.Context, binary, data string, env []string) error {
	ports := data + ".port"
	log, err := os.Create(data + ".log")
	if err != nil {
		return err
	}
	defer log.Close()
	in.cmd = exec.Command(binary, "serve", "--port-file", ports)
	in.cmd.Env, in.cmd.Stderr = env, log
	if err := in.cmd.Start(); err != nil {
		return err
	}
	in.ended = make(chan struct{})
	go func() {
		defer close(in.ended)
		_ = in.cmd.Wait() // who stops it needs no reason
	}()
	deadline := time.After(patience)
	for {
		text, err := os.ReadFile(ports)
		if _, port, found := strings.Cut(strings.TrimSpace(string(text)), ":"); err == nil && found {
			in.url = "http://localhost:" + port
			return nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
			continue
		case <-ctx.Done():
			err = ctx.Err()
		case <-deadline:
			err = errors.New("the program isn't there after " + patience.String())
		case <-in.ended:
			err = fmt.Errorf("the program ended: %s", lastLine(log.Name()))
		}
		in.stop()
		return err
	}
}

func lastLine(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1]
}

// stop ends the server as an operator does, and by force when that takes long.
func (in *installation) stop() {
	_ = in.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-in.ended:
	case <-time.After(20 * time.Second):
		_ = in.cmd.Process.Kill()
		<-in.ended
	}
}

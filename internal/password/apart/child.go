package apart

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// child is one of them, asked by one goroutine at a time.
type child struct {
	command   *exec.Cmd
	pipe      io.Closer // the one that questions go through
	questions *json.Encoder
	answers   *json.Decoder
	patience  *time.Timer // runs while it is idle
	kept      error       // why it has kept our priority
	longest   time.Duration
	asked     bool
}

// start starts a child.
func start(cost string, threads uint8) (*child, error) {
	program, err := itself()
	if err != nil {
		return nil, err
	}
	command := exec.Command(program, argument, cost) //gosec:disable G204 -- this very program, and a setting that was parsed
	command.Args[0] = os.Args[0]
	command.Env = environment(threads)
	command.Dir = "/"
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // a terminal's Ctrl-C doesn't reach it
	command.Stderr = os.Stderr                               // why it ended, if it must
	questions, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	answers, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c := &child{command: command, pipe: questions, questions: json.NewEncoder(questions), answers: json.NewDecoder(answers)}
	if err := command.Start(); err != nil {
		return nil, err
	}
	c.kept = lower(command.Process.Pid)
	return c, nil
}

// standsBack is how much nicer a child is than the server (setpriority(2)). Where both
// want a core, it gets a fourth of it. With the most, 19, it would get a seventieth, and
// nobody could sign in while anything else keeps the machine busy; and the server gains
// nothing more by it.
const standsBack = 5

// niceness is that of a child.
func niceness() int {
	n, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0) // our own
	if err != nil {
		return standsBack
	}
	return min(19, niceOf(n)+standsBack)
}

// setpriority is replaced by tests.
var setpriority = syscall.Setpriority

// lower gives a process, which leads a session of its own, and all its threads the
// lower priority.
func lower(pid int) error { return setpriority(syscall.PRIO_PGRP, pid, niceness()) }

// tuning are the variables of the environment that a child gets.
var tuning = []string{"GODEBUG", "GOTRACEBACK", "GORACE", "GOCOVERDIR"}

// environment is what a child gets of ours. It has no use for more processors than a
// hash has threads.
func environment(threads uint8) []string {
	kept := []string{fmt.Sprint("GOMAXPROCS=", threads)}
	for _, name := range tuning {
		if value, set := os.LookupEnv(name); set {
			kept = append(kept, name+"="+value)
		}
	}
	return kept
}

// A hash takes a second at most where there is a core for it. A child that takes much
// longer stands still, and is killed; and so is one that doesn't end when it is told to.
const (
	longestHash = 30 * time.Second
	longestEnd  = 5 * time.Second
)

// ask asks a question and waits for its answer.
func (c *child) ask(q question) (a answer, err error) {
	defer time.AfterFunc(c.longest, c.kill).Stop()
	if err := c.questions.Encode(q); err != nil { //gosec:disable G117 -- to our own child, which hashes it
		return answer{}, err
	}
	err = c.answers.Decode(&a)
	if !c.asked {
		c.asked = true
		_ = lower(c.command.Process.Pid) // once more, for threads that were just being made when it began; kept tells the error
	}
	return a, err
}

// end ends a child, and answers how it has ended.
func (c *child) end() error {
	_ = c.pipe.Close() // that tells it
	defer time.AfterFunc(longestEnd, c.kill).Stop()
	return c.command.Wait()
}

func (c *child) kill() { _ = c.command.Process.Kill() }

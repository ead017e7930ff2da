package apart

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
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
}

// start starts a child.
func start(cost string, threads uint8) (*child, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := exec.Command(itself(program), argument, cost)
	command.Args[0] = os.Args[0]
	command.Env = environment(threads)
	command.Dir = "/"
	command.Stderr = os.Stderr // why it ended, if it must
	questions, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	answers, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c := &child{command: command, pipe: questions, questions: json.NewEncoder(questions), answers: json.NewDecoder(answers)}
	c.kept, err = startLow(command)
	return c, err
}

// environment is what a child gets of ours: what tunes Go, and no secret. It has no use
// for more processors than a hash has threads.
func environment(threads uint8) []string {
	kept := []string{}
	for _, entry := range os.Environ() {
		if strings.HasPrefix(entry, "GO") {
			kept = append(kept, entry)
		}
	}
	return append(kept, fmt.Sprint("GOMAXPROCS=", threads))
}

// ask asks a question and waits for its answer.
func (c *child) ask(q question) (a answer, err error) {
	if err := c.questions.Encode(q); err != nil {
		return answer{}, err
	}
	err = c.answers.Decode(&a)
	return a, err
}

// endPatience is how long a child may take to end.
const endPatience = 5 * time.Second

// end ends a child, by force when it takes long, and answers how it has ended.
func (c *child) end() error {
	_ = c.pipe.Close() // that tells it
	force := time.AfterFunc(endPatience, func() { _ = c.command.Process.Kill() })
	defer force.Stop()
	return c.command.Wait()
}

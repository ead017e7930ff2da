package apart

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"matricula/internal/password"
)

// argument is the first argument of a program that is to be a child; the cost of new
// hashes follows.
const argument = "hash-passwords"

// Is reports whether a program with these arguments was started as a child.
func Is(args []string) bool { return len(args) == 2 && args[0] == argument }

// Serve is the child: it answers one question after the other until there are no more.
// The arguments are those of the program.
func Serve(args []string, in io.Reader, out io.Writer) error {
	// Its end is the end of in. What stops the parent, too, leaves it time to answer.
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	cfg, err := password.ParseParams(args[1])
	if err != nil {
		return err
	}
	worker, err := password.NewWorker(cfg)
	if err != nil {
		return err
	}
	go lowerSession()
	debug.SetGCPercent(-1)
	questions, answers := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var q question
		if err := questions.Decode(&q); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := answers.Encode(work(worker, q)); err != nil {
			return err
		}
		// The memory of the last hash becomes that of the next: never two of them, and
		// none that the system has to clear. Beside a hash, collecting takes as long as it.
		runtime.GC()
	}
}

func work(worker password.Worker, q question) answer {
	if q.Encoded == nil {
		encoded, err := worker.Hash(string(q.Password))
		return answer{Encoded: []byte(encoded), Error: words(err)}
	}
	v, err := worker.Verify(string(q.Encoded), string(q.Password))
	return answer{OK: v.OK, Outdated: v.Outdated, Error: words(err)}
}

func words(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
)

// bareArgument makes this program the bare handler, in a process of its own like
// the program that is held against it.
const bareArgument = "bare-handler"

// person has the members that a student's "info" has, so that the bare handler
// writes about as much.
type person struct {
	ID      int64  `json:"id"`
	Name    string `json:"name"`
	Email   string `json:"email"`
	Student struct {
		ID         int64  `json:"id"`
		UserID     int64  `json:"userId"`
		CohortYear int64  `json:"cohortYear"`
		ProjectID  *int64 `json:"projectId"`
		NusnetID   string `json:"nusnetId"`
		MatricNo   string `json:"matricNo"`
	} `json:"student"`
}

// bareHandler answers each request with a little JSON that it knows already:
// what net/http and encoding/json cost, and nothing else.
func bareHandler() http.Handler {
	p := person{ID: 6, Name: "Edsger Dijkstra", Email: "student@campus.example"}
	p.Student.ID, p.Student.UserID, p.Student.CohortYear = 1, 6, 2026
	p.Student.NusnetID, p.Student.MatricNo = "e0123456", "A0123456X"
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_ = json.NewEncoder(w).Encode(struct { // an error says that the client is gone
			User person `json:"user"`
			person
		}{p, p})
	})
}

// serveBare serves the bare handler and prints its address, until ctx ends.
func serveBare(ctx context.Context, out io.Writer) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out, ln.Addr()); err != nil {
		return err
	}
	srv := &http.Server{Handler: bareHandler()}
	defer context.AfterFunc(ctx, func() { _ = srv.Close() })()
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// startBare starts this program as the bare handler.
func startBare(ctx context.Context) (*running, error) {
	own, err := os.Executable()
	if err != nil {
		return nil, err
	}
	r, line, err := start(exec.CommandContext(ctx, own, bareArgument))
	if err != nil {
		return nil, fmt.Errorf("the bare handler: %w", err)
	}
	r.addr = strings.TrimSpace(line)
	return r, nil
}

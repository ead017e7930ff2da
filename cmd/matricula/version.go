package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

// version is set by the build of a release; else the build's own record tells.
var version = ""

// versionCommand tells which build this is.
type versionCommand struct {
	jsonFlag
}

// Help shows how it is used.
func (versionCommand) Help() string {
	return "Example:\n\n    matricula version --json"
}

// build is what a binary knows of its making.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Go       string `json:"go"`
}

// Run prints the version.
func (cmd *versionCommand) Run(c *console) error {
	b := thisBuild()
	return cmd.print(c.out, b, func(w io.Writer) {
		fmt.Fprintf(w, "matricula %s %s\n", b.Version, b.Go)
	})
}

func thisBuild() build {
	b := build{Version: version, Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if b.Version == "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.Revision = s.Value
		}
	}
	return b
}

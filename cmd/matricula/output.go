package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"matricula/internal/account"
)

// jsonFlag is the choice between an output for people and one for programs.
type jsonFlag struct {
	JSON bool `name:"json" help:"Answer with JSON."`
}

// print writes v as one JSON value, or has people write what they read.
func (j jsonFlag) print(out io.Writer, v any, people func(io.Writer)) error {
	if !j.JSON {
		people(out)
		return nil
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// table writes rows in columns under a header.
func table(out io.Writer, header []string, rows [][]string) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(header, "\t"))
	for _, row := range rows {
		for i := range row {
			row[i] = orDash(plain(row[i]))
		}
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	_ = w.Flush() // a closed standard output has nobody to be told
}

// oneLine is plain of a text that may have several lines.
func oneLine(text string) string { return plain(strings.Join(strings.Fields(text), " ")) }

// plain takes out of a text what would move a terminal's cursor or colour it, end the
// line, turn the direction of what follows or not be seen at all: names are whatever
// people typed. The joiners inside some emoji go with them; --json tells all as it is.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return utf8.RuneError
		}
		return r
	}, text)
}

// orDash shows that a cell is empty on purpose.
func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// are counts things and says the verb with them: "1 project is", "2 projects are".
func are[N int | int64](n N, thing string) string {
	if n == 1 {
		return "1 " + thing + " is"
	}
	return fmt.Sprintf("%d %ss are", n, thing)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// stamp is an instant in JSON, null where it is zero.
func stamp(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// byFlag names, of what the rules find wrong with an edit, each flag at fault.
func byFlag(err error) error {
	refusal, ok := errors.AsType[*account.Error](err)
	if !ok || refusal.Code != account.Invalid || len(refusal.Fields) == 0 {
		return err
	}
	var parts []string
	for _, field := range refusal.Fields {
		parts = append(parts, flagOf.Replace(field.Field)+": "+strings.TrimSuffix(field.Why, "."))
	}
	return errors.New(strings.Join(parts, "; "))
}

// flagOf makes a flag's name of a member's.
var flagOf = strings.NewReplacer("social_media_links.", "social ", "_", "-")

// named says of what a refusal is, and which command helps: of a loop over a class the
// sentence alone would tell nothing. Any other error is as it was.
func named(what string, err error) error {
	refusal, ok := errors.AsType[*account.Error](err)
	if !ok || len(refusal.Fields) == 0 {
		return err
	}
	said := what + ": " + strings.TrimSuffix(explain(err), ".")
	hint := wayOut[refused{refusal.Code, refusal.Fields[0].Field}]
	if hint == "" {
		return errors.New(said)
	}
	return errors.New(said + "; " + strings.ReplaceAll(hint, "WHAT", what))
}

// refused is what a refusal is about.
type refused struct {
	code  account.Code
	field string
}

// wayOut names the command that helps.
var wayOut = map[refused]string{
	{account.Taken, "email"}:      "matricula account show WHAT shows it",
	{account.Taken, "account"}:    "matricula role list WHAT shows what it holds",
	{account.Taken, "year"}:       "matricula cohort set moves its days",
	{account.Taken, "project"}:    "matricula project list shows whose they are",
	{account.NotFound, "project"}: "matricula project list shows all",
	{account.NotFound, "cohort"}:  "matricula cohort list shows all",
}

// explain words an error for an operator. What the rules refuse has sentences;
// any other error speaks for itself.
func explain(err error) string {
	refusal, ok := errors.AsType[*account.Error](err)
	if ok && len(refusal.Fields) > 0 {
		var sentences []string
		for _, field := range refusal.Fields {
			sentences = append(sentences, field.Why)
		}
		return strings.Join(sentences, " ")
	}
	switch account.CodeOf(err) {
	case account.Busy:
		return "the database or the machine is busy; try again in a moment"
	case account.NotFound: // each command has asked for it just before
		return "what the command is about is not there any more"
	}
	return err.Error()
}

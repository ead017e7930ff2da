package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"matricula/internal/password"
)

// passwordsCommand is what an operator does about passwords that nobody should have.
type passwordsCommand struct {
	Check passwordsCheck `cmd:"" help:"Say whether a password would be taken, and why not."`
	List  passwordsList  `cmd:"" help:"List the lists of passwords that are refused."`
	Build passwordsBuild `cmd:"" help:"Make a list of passwords from a breach corpus, for the setting password-list."`
}

// Help shows how they are used.
func (passwordsCommand) Help() string {
	return "Example:\n\n    matricula passwords check < password.txt"
}

// openList opens the list that the settings name, nil where they name none. The
// caller closes it.
func (c config) openList() (*password.List, error) {
	if c.PasswordList == "" {
		return nil, nil
	}
	list, err := password.OpenList(c.PasswordList)
	return list, c.listError(err)
}

// checkList reads all of that list, and says whether it is whole.
func (c config) checkList() error {
	list, err := c.openList()
	if err != nil || list == nil {
		return err
	}
	return c.listError(errors.Join(list.Verify(), list.Close()))
}

// listError says what to do about a list.
func (c config) listError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, password.ErrNotList), errors.Is(err, password.ErrDamaged):
		return fmt.Errorf("password-list: %s: %w; matricula passwords build makes one", c.PasswordList, err)
	default:
		return fmt.Errorf("password-list: %s can't be read: %w; name a list that matricula passwords build made, or leave the setting out", c.PasswordList, cause(err))
	}
}

// closeList lets go of a list, if there is one.
func closeList(list *password.List) error {
	if list == nil {
		return nil
	}
	return list.Close()
}

type passwordsCheck struct{ jsonFlag }

// Help shows how it is used.
func (passwordsCheck) Help() string {
	return `The password is the first line of standard input. It is judged by the settings password-policy and password-list, as at a registration, but for the address and the club's name. With a refusal the exit status is 1.

Example:

    matricula passwords check < password.txt`
}

// judged is a verdict as programs read it.
type judged struct {
	Strong  bool           `json:"strong"`
	Reasons []judgedReason `json:"reasons"`
}

type judgedReason struct {
	Code     string `json:"code"`
	Sentence string `json:"sentence"`
}

// Run judges.
func (cmd *passwordsCheck) Run(c *console) error {
	cfg, err := c.settings()
	if err != nil {
		return err
	}
	secret, err := passwordFrom(c, true)
	if err != nil {
		return err
	}
	list, err := cfg.openList()
	if err != nil {
		return err
	}
	verdict := judged{Reasons: []judgedReason{}}
	for _, reason := range (password.Rules{Policy: cfg.policy, List: list}).Judge(secret) {
		verdict.Reasons = append(verdict.Reasons, judgedReason{string(reason), reason.Sentence()})
	}
	verdict.Strong = len(verdict.Reasons) == 0
	err = errors.Join(cmd.print(c.out, verdict, verdict.write), closeList(list))
	if err == nil && !verdict.Strong {
		return errors.New("the password would be refused")
	}
	return err
}

func (v judged) write(out io.Writer) {
	if v.Strong {
		fmt.Fprintln(out, "The password is good.")
	}
	for _, reason := range v.Reasons {
		fmt.Fprintln(out, reason.Sentence)
	}
}

type passwordsList struct{ jsonFlag }

// Help shows how it is used.
func (passwordsList) Help() string {
	return `The list built into the program counts under the policy modern, the one of the setting password-list under both.

Example:

    matricula passwords list`
}

// listShape is a list as programs read it.
type listShape struct {
	List    string `json:"list"` // "built in", or the file
	Entries int64  `json:"entries"`
	Bytes   int64  `json:"bytes"`
	Source  string `json:"source"`
}

// Run lists the lists.
func (cmd *passwordsList) Run(c *console) error {
	cfg, err := c.settings()
	if err != nil {
		return err
	}
	own, err := cfg.openList()
	if err != nil {
		return err
	}
	shapes := []listShape{shapeOfList("built in", password.Carried())}
	if own != nil {
		shapes = append(shapes, shapeOfList(cfg.PasswordList, own))
	}
	return errors.Join(cmd.print(c.out, shapes, func(out io.Writer) {
		rows := [][]string{}
		for _, s := range shapes {
			rows = append(rows, []string{s.List, strconv.FormatInt(s.Entries, 10), strconv.FormatInt(s.Bytes, 10), s.Source})
		}
		table(out, []string{"LIST", "ENTRIES", "BYTES", "SOURCE"}, rows)
	}), closeList(own))
}

func shapeOfList(name string, list *password.List) listShape {
	return listShape{List: name, Entries: list.Entries(), Bytes: list.Size(), Source: list.About()}
}

// settings is what is in force, for a command that needs no installation.
func (c *console) settings() (config, error) {
	set, err := c.env.settings()
	if err != nil {
		return config{}, err
	}
	return set.config(os.ReadFile)
}

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"matricula/internal/account"
)

type accountSetPassword struct {
	who
	PasswordStdin bool `name:"password-stdin" help:"Read the password from the first line of standard input. Without it, a mail to set one goes out."`
}

// Help shows how it is used.
func (accountSetPassword) Help() string {
	return `A password that is set here ends every session and every mailed link of the account. An invitation changes nothing until it is taken up.

Example:

    matricula account set-password ada@example.edu --password-stdin < password.txt`
}

// Run sets the password or invites to set one.
func (cmd *accountSetPassword) Run(c *console) error {
	secret, err := passwordFrom(c, cmd.PasswordStdin)
	if err != nil {
		return err
	}
	return cmd.about(c, func(d *desk, a account.Account) error {
		if cmd.PasswordStdin {
			if err := d.SetPassword(d.ctx, operator, a.ID, secret); err != nil {
				return err
			}
			return d.done(a.ID, "The password of account %d is set, and it is signed out everywhere.", a.ID)
		}
		if err := d.InviteToSetPassword(d.ctx, operator, a.ID); err != nil {
			return err
		}
		return d.done(a.ID, "A mail to set a password is queued for %s; a running server sends it.", a.Email.Text)
	})
}

// passwordFrom reads a password from the first line of standard input, where it
// leaves no trace: a flag would stand in the process list and the shell's history.
// Without the flag it is "".
func passwordFrom(c *console, asked bool) (string, error) {
	if !asked {
		return "", nil
	}
	const most = 64 << 10
	text, err := bufio.NewReader(io.LimitReader(c.in, most)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("the password can't be read from standard input: %w", err)
	}
	text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	if text == "" {
		return "", errors.New("the first line of standard input is empty; write the password there")
	}
	return text, nil
}

type accountSessions struct{ who }

// Help shows how it is used.
func (accountSessions) Help() string {
	return "Example:\n\n    matricula account sessions ada@example.edu"
}

// sessionShape is a session as programs read it; what names it is a credential or
// close to one, and stays out.
type sessionShape struct {
	Contract       string     `json:"contract"` // "clubs" or "cohorts"
	Client         string     `json:"client,omitempty"`
	CreatedAt      time.Time  `json:"created_at"`
	ExpiresAt      time.Time  `json:"expires_at"`
	RefreshEndedAt *time.Time `json:"refresh_ended_at"` // clubs: when the refresh token was revoked
}

// Run lists the sessions.
func (cmd *accountSessions) Run(c *console) error {
	return cmd.about(c, func(d *desk, a account.Account) error {
		sessions, err := d.Service.Sessions(d.ctx, a.ID)
		if err != nil {
			return err
		}
		shapes, rows := []sessionShape{}, [][]string{}
		for _, s := range sessions {
			shapes = append(shapes, sessionShape{string(s.Contract), s.Client, s.CreatedAt.UTC(), s.ExpiresAt.UTC(), stamp(s.RefreshEndedAt)})
			rows = append(rows, []string{string(s.Contract), s.Client, d.local(s.CreatedAt), d.local(s.ExpiresAt), d.local(s.RefreshEndedAt)})
		}
		return d.list(shapes, []string{"CONTRACT", "CLIENT", "SINCE", "UNTIL", "REFRESH ENDED"}, rows)
	})
}

type accountSignOut struct{ who }

// Help shows how it is used.
func (accountSignOut) Help() string {
	return "Example:\n\n    matricula account sign-out ada@example.edu"
}

// ended counts sessions.
type ended struct {
	Ended int64 `json:"ended"`
}

// Run ends the sessions.
func (cmd *accountSignOut) Run(c *console) error {
	return cmd.about(c, func(d *desk, a account.Account) error {
		n, err := d.EndSessions(d.ctx, operator, a.ID)
		if err != nil {
			return err
		}
		return d.show(ended{n}, "Account %d: %s ended.", a.ID, are(n, "session"))
	})
}

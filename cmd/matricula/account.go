package main

import (
	"fmt"
	"strconv"
	"strings"

	"matricula/internal/account"
	"matricula/internal/token"
)

// accountCommand is what an operator does to accounts.
type accountCommand struct {
	Create      accountCreate      `cmd:"" help:"Make a confirmed account."`
	Show        accountShow        `cmd:"" help:"Show one account."`
	List        accountList        `cmd:"" help:"List the accounts."`
	Set         accountSet         `cmd:"" help:"Set name, links and text of an account."`
	SetEmail    accountSetEmail    `cmd:"" help:"Give an account another address; both addresses are told."`
	Disable     accountDisable     `cmd:"" help:"Disable an account and sign it out everywhere."`
	Enable      accountEnable      `cmd:"" help:"Enable a disabled account."`
	Unlock      accountUnlock      `cmd:"" help:"Forget the wrong passwords that an account has met."`
	Delete      accountDelete      `cmd:"" help:"Delete an account with its club, roles and credentials."`
	SetPassword accountSetPassword `cmd:"" help:"Set a password, or mail an invitation to set one."`
	Sessions    accountSessions    `cmd:"" help:"List the sessions of an account."`
	SignOut     accountSignOut     `cmd:"" help:"End every session of an account, on both contracts."`
}

// Help shows how they are used.
func (accountCommand) Help() string { return "Example:\n\n    matricula account show ada@example.edu" }

// who names an account.
type who struct {
	place
	Account string `arg:"" help:"E-mail address or id."`
}

// about opens the installation and finds the account.
func (w who) about(c *console, work func(*desk, account.Account) error) error {
	return w.look(c, func(d *desk) error {
		a, err := d.find(w.Account)
		if err != nil {
			return err
		}
		return work(d, a)
	})
}

type accountCreate struct {
	place
	Email         string `arg:"" help:"E-mail address."`
	Name          string `name:"name" required:"" placeholder:"NAME" help:"Name of the person."`
	PasswordStdin bool   `name:"password-stdin" help:"Read the password from the first line of standard input. Without it, a mail to set one goes out."`
}

// Help shows how it is used.
func (accountCreate) Help() string {
	return `The account is confirmed. Without a password its owner is mailed a link to set one; a running server sends it.

Example:

    matricula account create ada@example.edu --name "Ada Lovelace"`
}

// madeShape is a new account as programs read it.
type madeShape struct {
	accountShape
	MailQueued bool `json:"mail_queued"` // a link to set a password is on its way
}

// Run makes the account.
func (cmd *accountCreate) Run(c *console) error {
	secret, err := passwordFrom(c, cmd.PasswordStdin)
	if err != nil {
		return err
	}
	return cmd.at(c, func(d *desk) error {
		made, err := d.CreateAccount(d.ctx, operator, account.NewAccount{Email: cmd.Email, Name: cmd.Name, Password: token.SecretOf(secret)})
		if err != nil {
			return named(cmd.Email, err)
		}
		shape := madeShape{shapeOf(made), secret == ""}
		if shape.MailQueued {
			return d.show(shape, "Account %d, %s, is made. A mail to set a password is queued; a running server sends it.", made.ID, made.Email.Text)
		}
		return d.show(shape, "Account %d, %s, is made.", made.ID, made.Email.Text)
	})
}

type accountShow struct{ who }

// Help shows how it is used.
func (accountShow) Help() string { return "Example:\n\n    matricula account show ada@example.edu" }

// Run shows the account.
func (cmd *accountShow) Run(c *console) error {
	return cmd.about(c, func(d *desk, a account.Account) error {
		shape, err := d.detail(a)
		if err != nil {
			return err
		}
		return d.print(d.out, shape, shape.write(d))
	})
}

type accountList struct{ place }

// Help shows how it is used.
func (accountList) Help() string { return "Example:\n\n    matricula account list --json" }

// Run lists the accounts.
func (cmd *accountList) Run(c *console) error {
	return cmd.look(c, func(d *desk) error {
		shapes, rows := []accountShape{}, [][]string{}
		for after := int64(0); ; {
			accounts, err := d.Accounts(d.ctx, after, pageSize)
			if err != nil {
				return err
			}
			for _, a := range accounts {
				shape := shapeOf(a)
				shapes = append(shapes, shape)
				rows = append(rows, []string{
					strconv.FormatInt(a.ID, 10), a.Email.Text, a.Name, shape.State,
					yesNo(shape.HasPassword), yesNo(a.ClubID != 0), d.local(a.CreatedAt),
				})
				after = a.ID
			}
			if len(accounts) < pageSize {
				return d.list(shapes, []string{"ID", "EMAIL", "NAME", "STATE", "PASSWORD", "CLUB", "CREATED"}, rows)
			}
		}
	})
}

type accountSet struct {
	who
	Name            *string `name:"name" placeholder:"NAME" help:"Name of the person."`
	ProfilePicURL   *string `name:"profile-pic-url" placeholder:"URL" help:"Picture; an empty text unsets this and the next."`
	GithubURL       *string `name:"github-url" placeholder:"URL" help:"GitHub page."`
	LinkedinURL     *string `name:"linkedin-url" placeholder:"URL" help:"LinkedIn page."`
	PersonalSiteURL *string `name:"personal-site-url" placeholder:"URL" help:"Page of their own."`
	SelfIntro       *string `name:"self-intro" placeholder:"TEXT" help:"What the person says of itself."`
}

// Help shows how it is used.
func (accountSet) Help() string {
	return `Example:

    matricula account set ada@example.edu --name "Ada King" --github-url ""`
}

// Run edits the account.
func (cmd *accountSet) Run(c *console) error {
	edit := account.AccountEdit{
		Name: cmd.Name, ProfilePicURL: cmd.ProfilePicURL, GithubURL: cmd.GithubURL,
		LinkedinURL: cmd.LinkedinURL, PersonalSiteURL: cmd.PersonalSiteURL, SelfIntro: cmd.SelfIntro,
	}
	if edit == (account.AccountEdit{}) {
		return fmt.Errorf("there is nothing to set; name what, such as --name")
	}
	return cmd.about(c, func(d *desk, a account.Account) error {
		if err := d.EditAccount(d.ctx, operator, a.ID, edit); err != nil {
			return byFlag(err)
		}
		return d.done(a.ID, "Account %d is changed.", a.ID)
	})
}

// done answers the account as it is now to programs, and a line to people.
func (d *desk) done(id int64, format string, args ...any) error {
	a, err := d.Account(d.ctx, id)
	if err != nil {
		return err
	}
	return d.show(shapeOf(a), format, args...)
}

type accountSetEmail struct {
	who
	Email string `arg:"" help:"New e-mail address."`
}

// Help shows how it is used.
func (accountSetEmail) Help() string {
	return `Links mailed to the old address end.

Example:

    matricula account set-email ada@example.edu ada.king@example.edu`
}

// Run changes the address.
func (cmd *accountSetEmail) Run(c *console) error {
	return cmd.about(c, func(d *desk, a account.Account) error {
		if err := d.SetEmail(d.ctx, operator, a.ID, cmd.Email); err != nil {
			return named(cmd.Email, err)
		}
		invite := ""
		if a.PasswordHash == "" {
			invite = " It has no password, and its invitation has ended: matricula account set-password sends another."
		}
		return d.done(a.ID, "Account %d has the address %s now. Mails to both addresses are queued; a running server sends them.%s",
			a.ID, strings.TrimSpace(cmd.Email), invite)
	})
}

type accountDisable struct{ who }

// Help shows how it is used.
func (accountDisable) Help() string {
	return "Example:\n\n    matricula account disable ada@example.edu"
}

// Run disables the account.
func (cmd *accountDisable) Run(c *console) error {
	return cmd.about(c, func(d *desk, a account.Account) error {
		if err := d.SetDisabled(d.ctx, operator, a.ID, true); err != nil {
			return err
		}
		return d.done(a.ID, "Account %d is disabled and signed out everywhere.", a.ID)
	})
}

type accountEnable struct{ who }

// Help shows how it is used.
func (accountEnable) Help() string { return "Example:\n\n    matricula account enable ada@example.edu" }

// Run enables the account.
func (cmd *accountEnable) Run(c *console) error {
	return cmd.about(c, func(d *desk, a account.Account) error {
		if err := d.SetDisabled(d.ctx, operator, a.ID, false); err != nil {
			return err
		}
		return d.done(a.ID, "Account %d is enabled.", a.ID)
	})
}

type accountUnlock struct{ who }

// Help shows how it is used.
func (accountUnlock) Help() string {
	return `The wrong passwords at its address are forgotten. A client network that failed at too many addresses waits on: that is matricula network unlock.

Example:

    matricula account unlock ada@example.edu`
}

// Run unlocks the account.
func (cmd *accountUnlock) Run(c *console) error {
	return cmd.about(c, func(d *desk, a account.Account) error {
		if err := d.Unlock(d.ctx, operator, a.ID); err != nil {
			return err
		}
		return d.done(a.ID, "The wrong passwords at account %d are forgotten. Whose network failed at too many addresses waits on: matricula events --kind %s names those, matricula network unlock frees one.",
			a.ID, account.AddressesUsedUp)
	})
}

type accountDelete struct{ who }

// Help shows how it is used.
func (accountDelete) Help() string {
	return `The audit log keeps the id, and the roster its address.

Example:

    matricula account delete ada@example.edu`
}

// Run deletes the account.
func (cmd *accountDelete) Run(c *console) error {
	return cmd.about(c, func(d *desk, a account.Account) error {
		if err := d.DeleteAccount(d.ctx, operator, a.ID); err != nil {
			return err
		}
		return d.show(removed{a.Email.Text}, "Account %d, %s, is deleted.", a.ID, a.Email.Text)
	})
}

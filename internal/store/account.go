package store

import (
	"time"

	"matricula/internal/account"
)

// accountColumns go with accountFields, over accounts LEFT JOIN clubs.
const accountColumns = `accounts.id, accounts.email, accounts.email_key, accounts.name, accounts.password_hash,
	accounts.confirmed_at, accounts.disabled_at, accounts.created_at, clubs.id,
	accounts.profile_pic_url, accounts.github_url, accounts.linkedin_url, accounts.personal_site_url, accounts.self_intro`

const fromAccounts = `
FROM accounts
LEFT JOIN clubs ON clubs.account_id = accounts.id`

func accountFields(a *account.Account) []any {
	return []any{
		&a.ID, &a.Email.Text, &a.Email.Key, &a.Name, orZero(&a.PasswordHash),
		instant{&a.ConfirmedAt}, instant{&a.DisabledAt}, instant{&a.CreatedAt}, orZero(&a.ClubID),
		&a.ProfilePicURL, &a.GithubURL, &a.LinkedinURL, &a.PersonalSiteURL, &a.SelfIntro,
	}
}

func scanAccount(row Row) (a account.Account, err error) {
	err = row.Scan(accountFields(&a)...)
	return a, err
}

// Account answers the account with this id.
func (r reader) Account(id int64) (account.Account, error) {
	return one(r, "account", scanAccount, `
SELECT `+accountColumns+fromAccounts+`
WHERE accounts.id = $1`, id)
}

// AccountByEmail answers the account with this canonical address.
func (r reader) AccountByEmail(key string) (account.Account, error) {
	return one(r, "account by address", scanAccount, `
SELECT `+accountColumns+fromAccounts+`
WHERE accounts.email_key = $1`, key)
}

// Accounts lists the accounts by id.
func (r reader) Accounts(after int64, limit int) ([]account.Account, error) {
	return list(r, "accounts", scanAccount, `
SELECT `+accountColumns+fromAccounts+`
WHERE accounts.id > $1
ORDER BY accounts.id
LIMIT $2`, after, limit)
}

// PasswordClasses counts the accounts by the class of their hash.
func (r reader) PasswordClasses() (map[string]int64, error) {
	classes := map[string]int64{}
	err := r.rows.Query(r.ctx, func(row Row) error {
		var class string
		var n int64
		err := row.Scan(&class, &n)
		classes[class] = n
		return err
	}, `
SELECT password_class, COUNT(*)
FROM accounts
WHERE password_class IS NOT NULL
GROUP BY password_class`)
	if err != nil {
		return nil, r.fault("password classes", err)
	}
	return classes, nil
}

// AddAccount makes an account.
func (t tx) AddAccount(a account.Account, class string) (int64, error) {
	hash, kind := password(a.PasswordHash, class)
	return t.add("add account", `
INSERT INTO accounts (email, email_key, name, password_hash, password_class, confirmed_at, disabled_at, created_at,
	profile_pic_url, github_url, linkedin_url, personal_site_url, self_intro)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
RETURNING id`,
		a.Email.Text, a.Email.Key, a.Name, hash, kind, micros(a.ConfirmedAt), micros(a.DisabledAt), micros(a.CreatedAt),
		a.ProfilePicURL, a.GithubURL, a.LinkedinURL, a.PersonalSiteURL, a.SelfIntro)
}

// password is a hash and its class as columns keep them: both or neither.
func password(hash, class string) (hashColumn, classColumn any) {
	if hash == "" {
		return nil, nil
	}
	return hash, class
}

// SetAccount writes the name and the cohorts contract's optional members.
func (t tx) SetAccount(a account.Account) error {
	return t.change("set account", `
UPDATE accounts
SET name = $2, profile_pic_url = $3, github_url = $4, linkedin_url = $5, personal_site_url = $6, self_intro = $7
WHERE id = $1`,
		a.ID, a.Name, a.ProfilePicURL, a.GithubURL, a.LinkedinURL, a.PersonalSiteURL, a.SelfIntro)
}

// SetEmail gives the account another address.
func (t tx) SetEmail(id int64, email account.Address) error {
	return t.change("set address", `
UPDATE accounts
SET email = $2, email_key = $3
WHERE id = $1`, id, email.Text, email.Key)
}

// SetConfirmed writes when the address was confirmed.
func (t tx) SetConfirmed(id int64, at time.Time) error {
	return t.change("set confirmed", `
UPDATE accounts
SET confirmed_at = $2
WHERE id = $1`, id, micros(at))
}

// SetDisabled writes when the account was disabled.
func (t tx) SetDisabled(id int64, at time.Time) error {
	return t.change("set disabled", `
UPDATE accounts
SET disabled_at = $2
WHERE id = $1`, id, micros(at))
}

// SetPassword replaces the hash whatever it was.
func (t tx) SetPassword(id int64, hash, class string) error {
	hashColumn, classColumn := password(hash, class)
	return t.change("set password", `
UPDATE accounts
SET password_hash = $2, password_class = $3
WHERE id = $1`, id, hashColumn, classColumn)
}

// Rehash replaces the hash only while it still is old.
func (t tx) Rehash(id int64, old, hash, class string) (bool, error) {
	return t.did("rehash", `
UPDATE accounts
SET password_hash = $3, password_class = $4
WHERE id = $1 AND password_hash = $2`, id, old, hash, class)
}

// DeleteAccount deletes the account; what belongs to it goes by the references.
func (t tx) DeleteAccount(id int64) error {
	return t.change("delete account", `
DELETE FROM accounts
WHERE id = $1`, id)
}

package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// shown is a setting in force.
type shown struct{ name, value string }

// hidden stands for a secret that is set.
const hidden = "(hidden)"

// print shows what is in force. A secret is never shown, a mail server without
// its user and password.
func (c config) print(out io.Writer, form jsonFlag) error {
	all := c.shown()
	members := map[string]string{}
	for _, s := range all {
		members[s.name] = s.value
	}
	return form.print(out, members, func(out io.Writer) {
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		for _, s := range all {
			fmt.Fprintf(w, "%s\t%s\n", s.name, s.value)
		}
		_ = w.Flush()
	})
}

// shown lists every setting in the order of the settings struct, with what the
// empty ones come to.
func (c config) shown() []shown {
	site, err := c.at(0)
	if err != nil {
		panic(err) // config has asked already
	}
	smtp := "none: each mail is a file in " + c.mailPath()
	if c.smtp != nil {
		smtp = c.smtp.String()
	}
	secret := c.secretPath()
	if c.secret != nil {
		secret = hidden
	}
	orElse := func(value, instead string) string {
		if value == "" {
			return instead
		}
		return value
	}
	return []shown{
		{"addr", c.Addr},
		{"ops-addr", orElse(c.OpsAddr, "off")},
		{"port-file", orElse(c.PortFile, "none")},
		{"public-url", site.publicURL},
		{"issuer", orElse(c.Issuer, "kept in the database; "+site.publicURL+" in a new one")},
		{"time-zone", c.zone.String()},
		{"log-level", c.LogLevel},
		{"data", c.Data},
		{"database", c.databaseName()},
		{"migrate", yesNo(c.Migrate)},
		{"secret", secret},
		{"secret-file", orElse(c.SecretFile, "none")},
		{"database-file", orElse(c.DatabaseFile, "none")},
		{"database-pool", strconv.FormatInt(c.DatabasePool, 10)},
		{"database-connect-timeout", c.DatabaseConnectTimeout.String()},
		{"database-statement-timeout", c.DatabaseStatementTimeout.String()},
		{"database-lock-timeout", c.DatabaseLockTimeout.String()},
		{"database-allow-loss", yesNo(c.DatabaseAllowLoss)},
		{"smtp", smtp},
		{"smtp-file", orElse(c.SMTPFile, "none")},
		{"mail-from", site.mailFrom},
		{"mail-templates", orElse(c.MailTemplates, "built in")},
		{"dev-mail", yesNo(c.DevMail)},
		{"origins", strings.Join(site.listed, ",")},
		{"cookie-same-site", c.CookieSameSite},
		{"club-page-url", site.clubPage},
		{"reset-page-url", site.resetPage},
		{"trusted-proxies", orElse(strings.Join(c.TrustedProxies, ","), "none")},
		{"access-ttl", c.AccessTTL.String()},
		{"refresh-ttl", c.RefreshTTL.String()},
		{"session-ttl", c.SessionTTL.String()},
		{"confirm-ttl", c.ConfirmTTL.String()},
		{"reset-ttl", c.ResetTTL.String()},
		{"password-policy", c.PasswordPolicy},
		{"password-list", orElse(c.PasswordList, "none")},
		{"hash", c.Hash},
		{"limits", c.Limits},
		{"limit-failures", strconv.FormatInt(c.LimitFailures, 10)},
		{"limit-known-failures", strconv.FormatInt(c.LimitKnownFailures, 10)},
		{"limit-failure-rest", c.LimitFailureRest.String()},
		{"limit-sprayed", strconv.FormatInt(c.LimitSprayed, 10)},
		{"limit-spray-window", c.LimitSprayWindow.String()},
		{"limit-mails", strconv.FormatInt(c.LimitMails, 10)},
		{"limit-mail-window", c.LimitMailWindow.String()},
		{"limit-lookups", strconv.FormatInt(c.LimitLookups, 10)},
		{"limit-lookup-window", c.LimitLookupWindow.String()},
		{"limit-requests", strconv.FormatInt(c.LimitRequests, 10)},
		{"limit-requests-burst", strconv.FormatInt(c.LimitRequestsBurst, 10)},
		{"email-exists", c.EmailExists},
	}
}

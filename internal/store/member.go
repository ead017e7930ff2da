package store

import (
	"time"

	"matricula/internal/account"
)

// latestYear is account.Latest in SQL: the first line finds what runs at $2, the
// second the next to start, the third the last.
const latestYear = `COALESCE(
	(SELECT year FROM cohorts WHERE start_at <= $2 AND end_at >= $2 ORDER BY year DESC LIMIT 1),
	(SELECT year FROM cohorts WHERE start_at > $2 ORDER BY start_at, year DESC LIMIT 1),
	(SELECT year FROM cohorts ORDER BY end_at DESC, year DESC LIMIT 1))`

// member is what Member scans. Who holds a role holds it with an id.
type member struct {
	ends          time.Time
	year          int64
	account       account.Account
	student       account.Student
	adviser       account.Adviser
	mentor        account.Mentor
	administrator account.Administrator
}

func scanMember(row Row) (m member, err error) {
	fields := append([]any{instant{&m.ends}, orZero(&m.year)}, accountFields(&m.account)...)
	err = row.Scan(append(fields,
		orZero(&m.student.ID), orZero(&m.student.Project), orZero(&m.student.NusnetID), orZero(&m.student.MatricNo),
		orZero(&m.adviser.ID), orZero(&m.adviser.NusnetID), orZero(&m.adviser.MatricNo), ids{&m.adviser.Projects},
		orZero(&m.mentor.ID), ids{&m.mentor.Projects},
		orZero(&m.administrator.ID), instant{&m.administrator.Start}, instant{&m.administrator.End},
	)...)
	return m, err
}

// Member answers what a cohorts session stands for. Every "info" asks this, so it
// is one statement that finds row after row: the account's roles by its id and the
// year, and of several grants as administrator the one that ends last. Projects are
// sorted, which takes a table of its own, for those alone who have some.
func (r reader) Member(session []byte, now time.Time) (account.Member, time.Time, error) {
	m, err := find(r, "member", scanMember, `
SELECT sessions.expires_at, latest.year, `+accountColumns+`,
	students.id, students.project_id, students.nusnet_id, students.matric_no,
	advisers.id, advisers.nusnet_id, advisers.matric_no,
	CASE WHEN advisers.id IS NOT NULL THEN
		(SELECT string_agg(CAST(projects.id AS TEXT), ',' ORDER BY projects.id) FROM projects WHERE projects.adviser_id = advisers.id) END,
	mentors.id,
	CASE WHEN mentors.id IS NOT NULL THEN
		(SELECT string_agg(CAST(projects.id AS TEXT), ',' ORDER BY projects.id) FROM projects WHERE projects.mentor_id = mentors.id) END,
	administrators.id, administrators.start_at, administrators.end_at
FROM sessions
JOIN accounts ON accounts.id = sessions.account_id
LEFT JOIN clubs ON clubs.account_id = accounts.id
LEFT JOIN cohorts AS latest ON latest.year = `+latestYear+`
LEFT JOIN students ON students.account_id = accounts.id AND students.year = latest.year
LEFT JOIN advisers ON advisers.account_id = accounts.id AND advisers.year = latest.year
LEFT JOIN mentors ON mentors.account_id = accounts.id AND mentors.year = latest.year
LEFT JOIN administrators ON administrators.id = (
	SELECT held.id FROM administrators AS held
	WHERE held.account_id = accounts.id AND held.start_at <= $2 AND held.end_at >= $2
	ORDER BY held.end_at DESC, held.id DESC LIMIT 1)
WHERE sessions.contract = 'cohorts' AND sessions.id = $1`, session, now.UnixMicro())
	return account.Member{Account: m.account, Roles: m.roles()}, m.ends, err
}

// roles are those that are held.
func (m *member) roles() (held account.Roles) {
	if m.student.ID != 0 {
		m.student.Account, m.student.Year = m.account.ID, m.year
		held.Student = &m.student
	}
	if m.adviser.ID != 0 {
		m.adviser.Account, m.adviser.Year = m.account.ID, m.year
		held.Adviser = &m.adviser
	}
	if m.mentor.ID != 0 {
		m.mentor.Account, m.mentor.Year = m.account.ID, m.year
		held.Mentor = &m.mentor
	}
	if m.administrator.ID != 0 {
		m.administrator.Account = m.account.ID
		held.Administrator = &m.administrator
	}
	return held
}

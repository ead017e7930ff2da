package account

import "sync/atomic"

// Stats counts what a Service has done since it was made.
type Stats struct {
	ClubSessions   uint64 // sign-ins that started a clubs session
	CohortSessions uint64 // sign-ins that started a cohorts session
	AccessTokens   uint64 // access tokens minted, by sign-ins and refreshes
	MailsSent      uint64 // mails that the mail server took
	MailsFailed    uint64 // tries to send that failed
}

// counts are the counters behind Stats.
type counts struct {
	clubSessions, cohortSessions, accessTokens, mailsSent, mailsFailed atomic.Uint64
}

// Stats answers what this Service has done since it was made.
func (s *Service) Stats() Stats {
	return Stats{
		ClubSessions:   s.count.clubSessions.Load(),
		CohortSessions: s.count.cohortSessions.Load(),
		AccessTokens:   s.count.accessTokens.Load(),
		MailsSent:      s.count.mailsSent.Load(),
		MailsFailed:    s.count.mailsFailed.Load(),
	}
}

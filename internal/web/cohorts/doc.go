// Package cohorts is the door at /api/auth and /api/cohorts: it puts the cohorts
// contract into words for the rules of package account. Students, advisers,
// mentors and administrators of a yearly programme come through it, with a
// session in an HttpOnly cookie.
//
// It decodes, makes one call of the core, and encodes. It knows no rule: who may
// sign in, what a link is good for and which cohort is the latest are questions to
// [account.Service]. It knows no SQL, no settings and no other door.
package cohorts

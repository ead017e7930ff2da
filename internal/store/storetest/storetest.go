// Package storetest says what every engine beneath package account owes: what the
// methods of account.Store promise, what holds when many change things at once,
// and what is still there after the database was opened again. An engine's own
// test calls [Run].
//
// It knows no engine: it sees account.Store alone.
package storetest

import (
	"testing"

	"matricula/internal/account"
)

// Open opens the database of a test. The first call within a test makes a new
// one, as it is before anything was put into it; each further call within the same
// test opens that one again, while the earlier Store is open (as a second instance
// does) or after it was closed. What is still open is closed with the test.
type Open func(t *testing.T) account.Store

// Run runs every test of the suite against an engine.
func Run(t *testing.T, open Open) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, open Open)
	}{
		{"Update/is whole", updateIsWhole},
		{"Update/answers the error of the change as it is", updateAnswersTheError},
		{"Update/turns a panic into an error", updateTurnsAPanic},
		{"Update/shows its own writes to itself alone", updateShowsItsWrites},
		{"Update/a refused write undoes itself alone", refusedWriteUndoesItself},
		{"Update/runs nothing for a caller who has gone", updateAfterTheCaller},
		{"Update/carries through what has begun", updateCarriesThrough},
		{"Update/a failing neighbour hurts nobody", failingNeighbours},
		{"Update/of two instances", twoInstances},
		{"Read/sees what was answered before", readSeesWhatWasAnswered},
		{"Read/what is not there", whatIsNotThere},
		{"Close/ends the store", closeEnds},

		{"Account/comes back as it was added", accountComesBack},
		{"Account/one for each address", oneAccountForEachAddress},
		{"Account/is changed member by member", accountChanges},
		{"Account/a setter finds nobody", accountSettersFindNobody},
		{"Account/lists by page", accountPages},
		{"Account/password classes", passwordClasses},
		{"Account/rehash", rehash},
		{"Account/takes what belongs to it", deleteAccount},
		{"Account/ids are never used again", idsAreNeverUsedAgain},

		{"Session/stands for its account", sessionStandsForItsAccount},
		{"Session/is of one contract", sessionIsOfOneContract},
		{"Session/an officer in one read", officerInOneRead},
		{"Session/ends", sessionEnds},
		{"Session/many end at once", sessionsEnd},
		{"Session/refresh ends once", refreshEndsOnce},
		{"Session/access is revoked once", accessIsRevokedOnce},

		{"MailToken/comes back and ends once", mailTokenEndsOnce},
		{"MailToken/ends by kind", mailTokensEndByKind},
		{"Outbox/is claimed oldest first", mailIsClaimedOldestFirst},
		{"Outbox/a lease holds until it ends", leaseHolds},
		{"Outbox/a stale lease ends nothing", staleLease},
		{"Outbox/a mail is deferred and given up", mailIsDeferred},
		{"Outbox/stats", outboxStats},

		{"Club/comes back as it was added", clubComesBack},
		{"Club/owner and link name are taken", clubIsTaken},
		{"Club/an edit leaves owner and link name", clubEdit},
		{"Club/refers to what there is", clubRefersToWhatThereIs},
		{"Club/link names", linkNames},
		{"Club/lists by page", clubPages},
		{"Club/is deleted", clubIsDeleted},
		{"List/a new database carries tags and sizes", defaultLists},
		{"List/is replaced whole", listIsReplaced},
		{"List/an item in use stays", itemInUse},

		{"Roster/add, ask, list and remove", roster},
		{"Cohort/newest first", cohorts},
		{"Cohort/changes and goes unless in use", cohortGoes},
		{"Project/comes back and changes", projects},
		{"Project/goes and leaves its people", projectGoes},
		{"Role/all of an account in one read", rolesInOneRead},
		{"Role/administrator by the calendar", administratorByTheCalendar},
		{"Member/through the years", memberThroughTheYears},
		{"Member/without roles", memberWithoutRoles},
		{"Role/is taken", roleIsTaken},
		{"Role/refers to what there is", roleRefersToWhatThereIs},
		{"Role/grants of everybody", grantsOfEverybody},
		{"Role/is removed", roleIsRemoved},

		{"Event/newest first, by page and account", events},
		{"Key/oldest first", signingKeys},
		{"Meta/is set once", meta},
		{"Failures/count and clear", failures},
		{"Failures/each lane has its own", lanes},
		{"Known/until it ends", known},
		{"Known/those seen last", knownAreFew},
		{"Tally/counts within its window", tallies},
		{"Lookup/counts different addresses", lookups},
		{"Purge/deletes what has ended", purge},
		{"Purge/a bounded number at once", purgeIsBounded},
		{"Trim/what matters least goes first", trim},

		{"Race/one address makes one account", raceOneAddress},
		{"Race/one mail token serves one", raceOneMailToken},
		{"Race/one rehash wins", raceOneRehash},
		{"Race/every club gets a link name of its own", raceLinkNames},
		{"Race/a mail goes to one worker", raceClaims},
		{"Race/every failure counts", raceFailures},
		{"Race/every tally counts", raceTallies},
		{"Race/lookups stay within the limit", raceLookups},
		{"Race/one value is kept", raceMeta},
		{"Race/everybody is told of themselves", raceReads},

		{"Durable/what was answered is there again", whatWasAnsweredIsThereAgain},
		{"Durable/ids go on", idsGoOn},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open) })
	}
}

package pages

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"matricula/internal/account"
	"matricula/internal/account/accounttest"
)

// TestYearsThatNoContractCanTell: RFC 3339 has four digits, and they count in UTC.
func TestYearsThatNoContractCanTell(t *testing.T) {
	west, east := time.FixedZone("west", -3600), time.FixedZone("east", 3600)
	for _, c := range []struct {
		typed string
		zone  *time.Location
		ok    bool
	}{
		{"9999-12-31T22:59", west, true}, {"9999-12-31T23:00", west, false}, {"0000-12-31T23:00", west, true},
		{"9999-12-31T23:59", east, true}, {"0001-01-01T00:59", east, false}, {"0000-12-31T00:00", west, false},
	} {
		p := &pages{Config: Config{Zone: c.zone}}
		if _, ok := p.readTime(c.typed, time.Time{}); ok != c.ok {
			t.Errorf("%s in the %s: got %v, want %v", c.typed, c.zone, ok, c.ok)
		}
	}
}

// FuzzClubForm sends any form: nothing panics, what is read is within bounds, and
// what it makes of a club is shown and read again as the same.
func FuzzClubForm(f *testing.F) {
	p := &pages{Config: Config{Zone: berlin}}
	f.Add(everything.Encode())
	f.Add("tags=&num_users=&apply_deadline_start=2026-10-25T02:30&recruiting_end=9999-12-31T23:59:59.9")
	f.Add("tags=9223372036854775808&num_users=-0&recruiting_start=0000-00-00T00:00")
	f.Fuzz(func(t *testing.T, body string) {
		form, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		kept := account.Club{ApplyDeadlineStart: accounttest.Start}
		edit, faults := p.readClub(form, kept)
		for _, fault := range faults {
			if _, ok := clubLabels[fault.Field]; !ok || fault.Why == "" {
				t.Errorf("the fault %v belongs to no field", fault)
			}
		}
		if len(faults) > 0 {
			return
		}
		club := applied(kept, edit)
		for _, at := range clubTimes {
			if year := at.of(&club).UTC().Year(); year < 1 || year > 9999 {
				t.Errorf("%s is in the year %d", at.name, year)
			}
		}
		again, faults := p.readClub(p.clubValues(club), club)
		if len(faults) > 0 {
			t.Fatalf("the club's own form is refused: %v", faults)
		}
		if diff := cmp.Diff(club, applied(club, again), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("a form that nobody touched changes the club (-before +after):\n%s", diff)
		}
	})
}

// applied is a club after an edit that the rules have nothing against.
func applied(c account.Club, e account.ClubEdit) account.Club {
	c.Name, c.AboutUs, c.GetInvolved, c.ApplyLink = *e.Name, *e.AboutUs, *e.GetInvolved, *e.ApplyLink
	c.AppRequired, c.NewMembers, c.NumUsers, c.Tags, c.Social = *e.AppRequired, *e.NewMembers, *e.NumUsers, e.Tags, e.Social
	for to, from := range map[*time.Time]*time.Time{
		&c.ApplyDeadlineStart: e.ApplyDeadlineStart, &c.ApplyDeadlineEnd: e.ApplyDeadlineEnd,
		&c.RecruitingStart: e.RecruitingStart, &c.RecruitingEnd: e.RecruitingEnd,
	} {
		if from != nil {
			*to = *from
		}
	}
	return c
}
